"""The latent's two segments: quantised integers <-> range-coded payloads (spec clauses L-1 to L-8).

z: every value by its channel's own table, channel by channel, rows from the top. y: every value by the zero-mean Gaussian
table that the integer hyper-synthesis chose for it; where it chose table 0 the value is 0 and nothing is coded.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import sedic_tables
from sedicfmt.bitcoding.cumulative_table import CumulativeTable
from sedicfmt.bitcoding.range_coder import RangeDecoder, RangeEncoder
from sedicfmt.errors import EncodeError, Malformed

Symbols = NDArray[np.int32]


@cache
def gaussian_tables() -> tuple[CumulativeTable, ...]:
    """The frozen tables of spec/tables/gaussian_frequencies.txt, by scale index."""
    text = (Path(next(iter(sedic_tables.__path__))) / "gaussian_frequencies.txt").read_text("ascii")
    return tuple(CumulativeTable.from_frequencies([int(f) for f in line.split()]) for line in text.splitlines())


def encode_symbols(values: list[int], tables: list[CumulativeTable]) -> bytes:
    """Code values, each by its table. Raises EncodeError for one that is too large."""
    coder = RangeEncoder()
    for value, table in zip(values, tables, strict=True):
        table.encode(value, coder)
    return coder.finish()


def decode_symbols(payload: bytes, tables: list[CumulativeTable]) -> list[int]:
    """The values of a payload; Malformed if it is not exactly what `encode_symbols` makes of them (L-5)."""
    coder = RangeDecoder(payload)
    values = [table.decode(coder) for table in tables]
    if not coder.is_finished():
        raise Malformed("the range-coded data is not what a writer makes of its values", offset=0)
    return values


def encode_z(z: Symbols, tables: list[CumulativeTable]) -> bytes:
    """z: int32 (Cz, h, w) -> payload; one table a channel."""
    return encode_symbols(z.ravel().tolist(), _per_value(tables, z.shape))


def decode_z(payload: bytes, shape: tuple[int, int, int], tables: list[CumulativeTable]) -> Symbols:
    """Payload -> z, int32 of `shape`. Raises Malformed, LimitExceeded."""
    return np.array(decode_symbols(payload, _per_value(tables, shape)), np.int32).reshape(shape)


def _per_value(tables: list[CumulativeTable], shape: tuple[int, ...]) -> list[CumulativeTable]:
    return [table for table in tables for _ in range(shape[1] * shape[2])]


def encode_y(symbols: Symbols, index: NDArray[np.int64]) -> bytes:
    """symbols: int32 (Cy, h, w), zero where index (same shape, 0..47) is 0 -> payload."""
    coded = index.ravel() > 0
    if np.any(symbols.ravel()[~coded]):
        raise EncodeError("a value of y is not zero although its scale index is", "y")
    tables = gaussian_tables()
    return encode_symbols(symbols.ravel()[coded].tolist(), [tables[i] for i in index.ravel()[coded].tolist()])


def decode_y(payload: bytes, index: NDArray[np.int64]) -> Symbols:
    """Payload -> symbols of y, int32 of index's shape. Raises Malformed, LimitExceeded."""
    tables = gaussian_tables()
    symbols = np.zeros(index.size, np.int32)
    coded = np.flatnonzero(index.ravel())
    symbols[coded] = decode_symbols(payload, [tables[i] for i in index.ravel()[coded].tolist()])
    return symbols.reshape(index.shape)
