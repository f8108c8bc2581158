"""Masks as bytes: the public face of the lossless mask coders.

    from sedicfmt.coding import mask
    data = mask.encode(cells)                      # the shortest coder's bytes, behind one tag byte that names it
    cells = mask.decode(data, cells.shape)
    data = mask.encode(cells, coder="run-length")  # a named coder's bytes, without tag

A coder is bit-exact and canonical: one bitmap has one byte string, and `decode` refuses every other.
"""

from __future__ import annotations

from typing import Any

from sedicfmt.errors import EncodeError, LimitExceeded, Malformed
from sedicfmt.limits import MAX_SIDE
from sedicfmt.model import Bitmap
from sedicfmt.segments.mask import AUTO, CODER_IDS, decode_cells, encode_cells


def encode(array: Any, coder: str = AUTO) -> bytes:
    """The bytes of `array`, a bitmap (h, w) of bool or 0/1, by `coder`: "auto", "run-length" or "generic-region".

    "auto" puts a tag byte in front of the shortest coder's bytes: the coder's id in bits 7-5, zeros in the rest.
    Raises EncodeError for what is no bitmap or no coder, LimitExceeded for a bitmap too large or noisy for the coder.
    """
    coder_id, data = encode_cells(array, coder)
    return bytes((coder_id << 5,)) + data if coder == AUTO else data


def decode(data: bytes, shape: tuple[int, int], coder: str = AUTO) -> Bitmap:
    """The bitmap, uint8 0/1 of `shape` (h, w), whose `encode` with the same `coder` is `data`.

    Raises Malformed, Unsupported or LimitExceeded for other bytes, EncodeError for a bad `coder` or `shape`.
    """
    h, w = shape
    if not (1 <= h <= MAX_SIDE and 1 <= w <= MAX_SIDE):
        raise EncodeError(f"a mask of {h}x{w} cells: each side is from 1 to {MAX_SIDE}")
    if coder == AUTO:
        return _decode_tagged(data, (h, w))
    if coder not in CODER_IDS:
        raise EncodeError(f"no mask coder {coder!r}: {AUTO}, {', '.join(CODER_IDS)}")
    return decode_cells(CODER_IDS[coder], data, (h, w))


def _decode_tagged(data: bytes, shape: tuple[int, int]) -> Bitmap:
    if not data or data[0] & 0x1F:
        raise Malformed("mask: no tag byte with zeros in bits 4-0", offset=0)
    try:
        return decode_cells(data[0] >> 5, data[1:], shape)
    except (Malformed, LimitExceeded) as error:
        raise error.inside("", 1) from None
