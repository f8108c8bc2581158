"""The latent's two segments: quantised integers <-> range-coded payloads (spec clauses L-1 to L-8).

z: every value by a Gaussian around a mean in 1/64. y: every value by the zero-mean Gaussian table that integers chose for it;
where they chose table 0 the value is 0 and nothing is coded.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray

from sedicfmt.bitcoding.cumulative_table import CumulativeTable
from sedicfmt.bitcoding.range_coder import RangeDecoder, RangeEncoder
from sedicfmt.bitcoding.spec_tables import read_lines
from sedicfmt.errors import EncodeError, Malformed

Symbols = NDArray[np.int32]


@cache
def gaussian_tables() -> tuple[CumulativeTable, ...]:
    """The frozen tables of spec/tables/gaussian_frequencies.txt, by scale index."""
    return _tables("gaussian_frequencies.txt")


class SymbolWriter:
    """Collects values with their tables; `finish` codes them."""

    def __init__(self) -> None:
        self.values, self.tables = list[int](), list[CumulativeTable]()

    def write(self, symbols: Symbols, index: NDArray[np.int64]) -> None:
        """Values of y, zero where index (same shape, 0..47) is 0. Raises EncodeError otherwise."""
        coded = index.ravel() > 0
        if np.any(symbols.ravel()[~coded]):
            raise EncodeError("a value of y is not zero although its scale index is", "y")
        tables = gaussian_tables()
        self.values += symbols.ravel()[coded].tolist()
        self.tables += [tables[i] for i in index.ravel()[coded].tolist()]

    def write_shifted(self, values: Symbols, mean: NDArray[np.int64], index: NDArray[np.int64]) -> None:
        """Values, (n,), under Gaussians around means in 1/64 at index 1..31 (H-8)."""
        for value, (base, sign, table) in zip(values.tolist(), shifted(mean, index), strict=True):
            self.values.append(sign * (value - base))
            self.tables.append(table)

    def finish(self) -> bytes:
        """The payload (L-5). Raises EncodeError for a value that is too large."""
        return encode_symbols(self.values, self.tables)


class SymbolReader:
    """Gives back what a `SymbolWriter` collected, if asked in the same order."""

    def __init__(self, payload: bytes):
        self.coder = RangeDecoder(payload)

    def read_with(self, tables: list[CumulativeTable]) -> list[int]:
        """One value for each table."""
        return [table.decode(self.coder) for table in tables]

    def read(self, index: NDArray[np.int64]) -> Symbols:
        """Values of y, int32 of index's shape."""
        tables, symbols = gaussian_tables(), np.zeros(index.size, np.int32)
        coded = np.flatnonzero(index.ravel())
        symbols[coded] = self.read_with([tables[i] for i in index.ravel()[coded].tolist()])
        return symbols.reshape(index.shape)

    def read_shifted(self, mean: NDArray[np.int64], index: NDArray[np.int64]) -> NDArray[np.int64]:
        """Values (n,) under Gaussians around means in 1/64 (H-8)."""
        return np.array(
            [base + sign * table.decode(self.coder) for base, sign, table in shifted(mean, index)], np.int64
        )

    def close(self) -> None:
        """Raises Malformed if the payload is not exactly what a writer makes of its values (L-5)."""
        if not self.coder.is_finished():
            raise Malformed("the range-coded data is not what a writer makes of its values", offset=0)


LAST_SHIFTED = 31


@cache
def shifted_tables() -> tuple[CumulativeTable, ...]:
    """The frozen tables of spec/tables/shifted_gaussian_frequencies.txt: entry 4 (index - 1) + f (H-8)."""
    return _tables("shifted_gaussian_frequencies.txt")


def _tables(name: str) -> tuple[CumulativeTable, ...]:
    lines = read_lines(name)
    return tuple(CumulativeTable.from_frequencies([int(f) for f in line.split()]) for line in lines)


def shifted(mean: NDArray[np.int64], index: NDArray[np.int64]) -> Iterator[tuple[int, int, CumulativeTable]]:
    """H-8: for each value what is taken off it, the sign that the rest is coded with, and its table."""
    tables = shifted_tables()
    base = (mean + 32) >> 6
    f = (mean - 64 * base + 32) >> 3
    rows = 4 * (index - 1) + np.minimum(f, 7 - f)
    signs = np.where(f < 4, 1, -1)
    for b, sign, row in zip(base.tolist(), signs.tolist(), rows.tolist(), strict=True):
        yield b, sign, tables[row]


def encode_symbols(values: list[int], tables: list[CumulativeTable]) -> bytes:
    """Code values, each by its table. Raises EncodeError for one that is too large."""
    coder = RangeEncoder()
    for value, table in zip(values, tables, strict=True):
        table.encode(value, coder)
    return coder.finish()


def decode_symbols(payload: bytes, tables: list[CumulativeTable]) -> list[int]:
    """The values of a payload; Malformed if it is not exactly what `encode_symbols` makes of them (L-5)."""
    reader = SymbolReader(payload)
    values = reader.read_with(tables)
    reader.close()
    return values
