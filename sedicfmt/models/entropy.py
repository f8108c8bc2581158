"""How the latent's values are coded: without a context (model 1) or with one (spec clauses L-4, L-6, H-7 to H-10).

Encoder and decoder walk y's passes by the same function: what a value's distribution is depends on values already known,
and only `choose` differs, which quantises on one side and reads on the other.
"""

from __future__ import annotations

from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sedicfmt.bitcoding.cumulative_table import CumulativeTable
from sedicfmt.models import context
from sedicfmt.models.context import Choose
from sedicfmt.models.hyper_synthesis import Integers, hyper_synthesis
from sedicfmt.models.layers import Weights
from sedicfmt.segments import latent
from sedicfmt.segments.latent import Symbols


class Scan(Protocol):
    """y's distributions for one z, pass by pass."""

    masks: list[NDArray[np.bool_]]

    def steer(self, number: int, symbols: Symbols) -> tuple[Integers, Integers]:
        """Mean in 1/64 and index, (Cy, rows, columns), right where masks[number] is; `symbols`: of the passes before."""


class Entropy(Protocol):
    """The coding of one model."""

    def encode_z(self, z: Symbols) -> bytes:
        """z (Cz, rows, columns) -> payload."""

    def decode_z(self, payload: bytes, shape: tuple[int, int, int]) -> Symbols:
        """Payload -> z. Raises Malformed, LimitExceeded."""

    def scan(self, z: Symbols, rows: int, columns: int) -> Scan:
        """The passes over y's grid."""


def walk(scan: Scan, choose: Choose) -> tuple[Symbols, Integers]:
    """All values of y and their means in 1/64, (Cy, rows, columns); `choose` gives each pass's values."""
    symbols, mean = np.zeros((1, 1, 1), np.int32), np.zeros((1, 1, 1), np.int64)
    for number, mask in enumerate(scan.masks):
        here, index = scan.steer(number, symbols)
        symbols = np.where(mask, choose(here, np.where(mask, index, 0)), symbols)
        mean = np.where(mask, here, mean)
    return symbols.astype(np.int32), mean


class OnePass:
    """y's distributions from z alone."""

    def __init__(self, mean: Integers, index: Integers):
        self.mean, self.index = mean, index
        self.masks = [np.ones(mean.shape[1:], bool)]

    def steer(self, number: int, symbols: Symbols) -> tuple[Integers, Integers]:
        return self.mean, self.index


class PlainEntropy:
    """Model 1: a table for each channel of z, and the hyper-synthesis."""

    def __init__(self, weights: Weights):
        self.weights = weights

    @cached_property
    def z_tables(self) -> list[CumulativeTable]:
        """One frequency table a channel of z, from the weights file (L-4)."""
        return [CumulativeTable.from_frequencies(row.tolist()) for row in self.weights["z_frequencies"].astype(int)]

    def encode_z(self, z: Symbols) -> bytes:
        return latent.encode_z(z, self.z_tables)

    def decode_z(self, payload: bytes, shape: tuple[int, int, int]) -> Symbols:
        return latent.decode_z(payload, shape, self.z_tables)

    def scan(self, z: Symbols, rows: int, columns: int) -> Scan:
        mean, index = hyper_synthesis(z, self.weights)
        return OnePass(mean[:, :rows, :columns], index[:, :rows, :columns])


class ContextEntropy:
    """Models with a context for z and y."""

    def __init__(self, weights: Weights):
        self.weights = weights

    def encode_z(self, z: Symbols) -> bytes:
        return context.encode_z(z, self.weights)

    def decode_z(self, payload: bytes, shape: tuple[int, int, int]) -> Symbols:
        return context.decode_z(payload, shape, self.weights)

    def scan(self, z: Symbols, rows: int, columns: int) -> Scan:
        return context.TwoPasses(z, rows, columns, self.weights)
