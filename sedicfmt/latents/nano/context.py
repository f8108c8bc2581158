"""What is known of a latent value before it is decoded, in integers (spec clauses H-7 to H-10).

z is read position by position: a value's distribution follows from the z at the four touching positions read before. y is
read in two passes over a chequerboard: the even positions as the hyper-synthesis says, the odd ones from the even around
them as well. Every layer is a matrix on a row of integers, so that float64 sums are exact.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sedicfmt.errors import LimitExceeded
from sedicfmt.latents.nano.hyper_synthesis import LAST_INDEX, Integers, dense, grow
from sedicfmt.latents.nano.layers import Weights
from sedicfmt.segments.latent import LAST_SHIFTED, SymbolReader, Symbols, SymbolWriter

HIDDEN_MOST = 32767
LARGEST_SEEN = 127  # values of y around a position count up to this
SYMBOL_UNIT = 256  # they are in 1/256, as the hidden values are
BAND = 16  # rows worked on at a time: what is kept between the layers is far larger than what they give

Choose = Callable[[Integers, Integers], Symbols]  # mean in 1/64 and index of one pass -> its values, 0 where index is 0


# -- z ------------------------------------------------------------------------------------------------------------------------


def prior_of_z(before: NDArray[Any], weights: Weights) -> tuple[Integers, Integers]:
    """H-7: z above left, above, above right and left, (..., 4 Cz) -> mean in 1/64 and index 1..31, (..., Cz)."""
    hidden = dense(before, weights, "prior_z.look", 0, HIDDEN_MOST)
    mean, index = np.split(dense(hidden, weights, "prior_z.leave", -HIDDEN_MOST, HIDDEN_MOST), 2, axis=-1)
    return mean, np.clip(index, 1, LAST_SHIFTED)


def encode_z(z: Symbols, weights: Weights) -> bytes:
    """z (Cz, rows, columns) -> payload (H-7, H-8)."""
    padded = _padded(z)
    rows, columns = z.shape[1:]
    above = [padded[:rows, q : q + columns] for q in range(3)]
    mean, index = prior_of_z(np.concatenate([*above, padded[1:, :columns]], axis=2), weights)
    writer = SymbolWriter()
    writer.write_shifted(z.transpose(1, 2, 0).reshape(-1), mean.reshape(-1), index.reshape(-1))
    return writer.finish()


def decode_z(payload: bytes, shape: tuple[int, int, int], weights: Weights) -> Symbols:
    """Payload -> z, int32 of `shape`. Raises Malformed, LimitExceeded."""
    _, rows, columns = shape
    padded, reader = _padded(np.zeros(shape, np.int32)), SymbolReader(payload)
    for i in range(rows):
        for j in range(columns):
            before = np.concatenate([padded[i, j : j + 3].reshape(-1), padded[i + 1, j]])
            values = reader.read_shifted(*prior_of_z(before, weights))
            if np.abs(values).max() > HIDDEN_MOST:
                raise LimitExceeded(f"a value of z beyond {HIDDEN_MOST}")
            padded[i + 1, j + 1] = values
    reader.close()
    return padded[1:, 1:-1].transpose(2, 0, 1).astype(np.int32)


def _padded(z: Symbols) -> NDArray[np.int32]:
    """(Cz, rows, columns) -> (rows + 1, columns + 2, Cz) with zeros above, left and right."""
    return np.pad(z.transpose(1, 2, 0), ((1, 0), (1, 1), (0, 0)))


# -- y ------------------------------------------------------------------------------------------------------------------------


def walk(scan: TwoPasses, choose: Choose) -> tuple[Symbols, Integers]:
    """All values of y and their means in 1/64, (Cy, rows, columns); `choose` gives each pass's values.

    Encoder and decoder walk alike: only `choose` differs, which quantises on one side and reads on the other.
    """
    symbols, mean = np.zeros((1, 1, 1), np.int32), np.zeros((1, 1, 1), np.int64)
    for number, mask in enumerate(scan.masks):
        here, index = scan.steer(number, symbols)
        symbols = np.where(mask, choose(here, np.where(mask, index, 0)), symbols)
        mean = np.where(mask, here, mean)
    return symbols.astype(np.int32), mean


class TwoPasses:
    """y's distributions for one z: `masks` says which positions each pass codes, `steer` how."""

    def __init__(self, z: Symbols, rows: int, columns: int, weights: Weights):
        self.weights, self.hidden = weights, grow(z, weights)[:rows, :columns]
        self.channels = len(weights["h_s.leave.bias"]) // 2
        odd = np.add.outer(np.arange(rows), np.arange(columns)) % 2 == 1
        self.masks = [~odd, odd]

    def steer(self, number: int, symbols: Symbols) -> tuple[Integers, Integers]:
        """Mean in 1/64 and index of the pass, (Cy, rows, columns); `symbols`: what earlier passes gave, zeros elsewhere."""
        rows, columns, _ = self.hidden.shape
        if number:
            symbols = np.pad(np.clip(symbols, -LARGEST_SEEN, LARGEST_SEEN), ((0, 0), (1, 1), (1, 1)))
        values = np.empty((2 * self.channels, rows, columns), np.int64)
        for i in range(0, rows, BAND):
            hidden = self.hidden[i : i + BAND]
            band = self._odd(hidden, symbols[:, i : i + BAND + 2]) if number else self._leave("h_s.leave", hidden)
            values[:, i : i + BAND] = band.transpose(2, 0, 1)
        mean, index = np.split(values, 2)
        return mean, np.clip(index, 0, LAST_INDEX, out=index)

    def _odd(self, hidden: Integers, symbols: Symbols) -> Integers:
        """H-10: from hidden values (rows, columns, N) and even symbols (Cy, rows + 2, columns + 2), clamped."""
        around = neighbours(symbols.transpose(1, 2, 0)) * SYMBOL_UNIT
        seen = dense(np.concatenate([hidden, around], axis=2), self.weights, "h_s.look", 0, HIDDEN_MOST)
        return self._leave("h_s.leave_odd", np.concatenate([hidden, seen], axis=2))

    def _leave(self, name: str, x: Integers) -> Integers:
        return dense(x, self.weights, name, -HIDDEN_MOST, HIDDEN_MOST)


def neighbours(values: NDArray[Any]) -> NDArray[Any]:
    """(rows + 2, columns + 2, c) -> (rows, columns, 4c): the values above, left, right and below of all but the border."""
    rows, columns = values.shape[0] - 2, values.shape[1] - 2
    places = [(0, 1), (1, 0), (1, 2), (2, 1)]
    return np.concatenate([values[p : p + rows, q : q + columns] for p, q in places], axis=2)
