"""z and y as CompressAI's strings, and back, with all that tells a wrong network from the right one (spec clauses K-4 to K-7).

What z says hangs on the checkpoint's integer tables alone, so a string of z that does not end well is the file's fault. What y
says hangs on a network in floating point as well: there a wrong end can be the file's fault or another rounding, and no reader
can tell which.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sedicfmt.bitcoding.rans import MOST_MAGNITUDE, RansReader, Tables
from sedicfmt.errors import BackendFailed, Malformed
from sedicfmt.latents.compressai.networks import (
    Analysed,
    Exact,
    Network,
    Values,
    channel_indexes,
    check_pixels,
    rounded,
)
from sedicfmt.latents.compressai.payload import SYMBOLS_BYTES, Maker
from sedicfmt.latents.interfaces import in_segment
from sedicfmt.picture import Picture

LEAST_VALUES = 4  # fewer overflow the buffer of CompressAI's coder, which has a word for each and needs more at its end
BLOCK = 1 << 16  # values that are read into Python's numbers at once
OTHER = (
    "y does not decode to what was written (K-7): either this machine rounds otherwise than the one that wrote the file, "
    "or the file was made wrong"
)


@dataclass(frozen=True)
class Strings:
    """Both strings and the digest of their values."""

    z: bytes
    y: bytes
    symbols: bytes


@dataclass(frozen=True)
class DecodedStrings:
    """What a file's strings say: z and y int32 (channels, rows, columns), y^, and what paints a picture of `size`."""

    z: Values
    y: Values
    y_hat: Exact
    size: tuple[int, int]
    network: Network

    def digests(self) -> dict[str, str]:
        """SHA-256 of the values as L-8 has it."""
        return {name: hashlib.sha256(as_bytes(v)).hexdigest() for name, v in (("z", self.z), ("y", self.y))}

    def paint(self) -> Picture:
        """uint8 RGB (height, width, 3)."""
        return self.network.paint(self.y_hat, *self.size)


def write(network: Network, analysed: Analysed) -> Strings:
    """The strings of what a network made of a picture. Raises BackendFailed for values that are over the limit."""
    values, indexes = list[NDArray[Any]](), list[NDArray[Any]]()

    def code(place: Any, index: NDArray[np.int64], mean: Exact) -> Values:
        values.append(rounded(analysed.y[place] - mean))
        indexes.append(index)
        return values[-1]

    y, _ = network.walk(analysed.z, code)
    for each in (analysed.z, y):
        if np.abs(each).max(initial=0) > MOST_MAGNITUDE:
            raise BackendFailed("the network gave values over the limit of the format (K-5)")
    z = encoded([analysed.z], [channel_indexes(analysed.z.shape)], network.prior) if analysed.z.size else b""
    return Strings(z, encoded(values, indexes, network.tables), digest_of(analysed.z, y))


def read(network: Network, maker: Maker, z: bytes, y: bytes, size: tuple[int, int]) -> DecodedStrings:
    """Decode both strings of a picture of that width and height.

    Raises Malformed with path "z" or "y" for what no encoder wrote, BackendFailed with path "y" for what does not decode to
    the values that were written, LimitExceeded for a picture that is too large.
    """
    check_pixels(*size)
    try:
        z_values = read_z(network, z, network.grid(*size))
    except Malformed as error:
        raise in_segment(error, "z") from None
    try:
        reader = RansReader(y)
    except Malformed as error:
        raise in_segment(error, "y") from None
    try:
        values, y_hat = network.walk(z_values, lambda _, index, mean: taken(reader, network.tables, index))
        reader.finish()
        if digest_of(z_values, values) != maker.symbols:
            raise Malformed("the values are others than were written (K-7)")
    except Malformed as error:
        raise (in_segment(error, "y") if network.exact else BackendFailed(OTHER, "y")) from error
    return DecodedStrings(z_values, values, y_hat, size, network)


def read_z(network: Network, z: bytes, grid: tuple[int, int]) -> Values:
    """z's values; of a network without z, none. Raises Malformed."""
    if network.exact:
        if z:
            raise Malformed(f"this architecture has no z, and the file {len(z)} bytes of it (K-2)")
        return np.zeros((0, *grid), np.int32)
    reader = RansReader(z)
    values = taken(reader, network.prior, channel_indexes((len(network.middle), *grid)))
    reader.finish()
    return values


def taken(reader: RansReader, tables: Tables, index: NDArray[np.int64]) -> Values:
    """The values of an array of indexes, in C order."""
    flat, out = index.reshape(-1), np.empty(index.size, np.int32)
    for at in range(0, len(flat), BLOCK):
        out[at : at + BLOCK] = reader.take(tables, flat[at : at + BLOCK].tolist())
    return out.reshape(index.shape)


def encoded(values: Sequence[NDArray[Any]], indexes: Sequence[NDArray[Any]], tables: Tables) -> bytes:
    """CompressAI's string of values and the indexes of their tables."""
    from compressai.ans import RansEncoder

    flat = [np.concatenate([part.reshape(-1) for part in parts]).tolist() for parts in (values, indexes)]
    if len(flat[0]) < LEAST_VALUES:
        raise BackendFailed(f"CompressAI's coder takes {LEAST_VALUES} values and more, not {len(flat[0])}")
    lengths = [len(row) for row in tables.rows]
    string: bytes = RansEncoder().encode_with_indexes(*flat, tables.rows, lengths, tables.firsts)
    return string


def digest_of(z: Values, y: Values) -> bytes:
    """The digest of the values in a file (K-7)."""
    return hashlib.sha256(as_bytes(z) + as_bytes(y)).digest()[:SYMBOLS_BYTES]


def as_bytes(values: Values) -> bytes:
    """Little-endian int16, channel by channel, row by row (L-8)."""
    return values.astype("<i2").tobytes()
