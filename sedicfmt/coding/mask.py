"""Masks as bytes: the public face of the lossless mask coders.

    from sedicfmt.coding import mask
    data = mask.encode(cells)                      # the shortest coder's bytes, behind one tag byte that names it
    cells = mask.decode(data, cells.shape)
    data = mask.encode(cells, coder="run-length")  # a named coder's bytes, without tag

A coder is bit-exact and canonical: one bitmap has one byte string, and `decode` refuses every other.
"""

from __future__ import annotations

from typing import Any

from sedicfmt.bitcoding.bitmap import Bitmap, Cells
from sedicfmt.errors import EncodeError, LimitExceeded, Malformed
from sedicfmt.limits import MAX_SIDE
from sedicfmt.segments.mask import AUTO, CODER_IDS, as_cells, decode_cells, encode_cells


def encode(array: Any, coder: str = AUTO, earlier: Any = None) -> bytes:
    """The bytes of `array`, a bitmap (h, w) of bool or 0/1, by `coder`.

    Coders: "run-length", "generic-region", "contexts", "contexts-relative", or "auto". The relative one may use `earlier`, a
    bitmap of the same shape that the reader has too: the cells that other objects take.

    "auto" puts a tag byte in front of the shortest coder's bytes: the coder's id in bits 7-5, zeros in the rest.
    Raises EncodeError for what is no bitmap or no coder, LimitExceeded for a bitmap too large or noisy for the coder, or one
    of the few that generic-region cannot say (M-17).
    """
    cells = as_cells(array)
    coder_id, data = encode_cells(cells, coder, _same_shape(earlier, cells.shape))
    return bytes((coder_id << 5,)) + data if coder == AUTO else data


def decode(data: bytes, shape: tuple[int, int], coder: str = AUTO, earlier: Any = None) -> Bitmap:
    """The bitmap, uint8 0/1 of `shape` (h, w), whose `encode` with the same `coder` and `earlier` is `data`.

    Raises Malformed, Unsupported or LimitExceeded for other bytes, EncodeError for a bad `coder` or `shape`.
    """
    h, w = shape
    if not (1 <= h <= MAX_SIDE and 1 <= w <= MAX_SIDE):
        raise EncodeError(f"a mask of {h}x{w} cells: each side is from 1 to {MAX_SIDE}")
    others = _same_shape(earlier, (h, w))
    if coder == AUTO:
        return _decode_tagged(data, (h, w), others)
    if coder not in CODER_IDS:
        raise EncodeError(f"no mask coder {coder!r}: {AUTO}, {', '.join(CODER_IDS)}")
    return decode_cells(CODER_IDS[coder], data, (h, w), others).array()


def _decode_tagged(data: bytes, shape: tuple[int, int], earlier: Cells | None) -> Bitmap:
    if not data or data[0] & 0x1F:
        raise Malformed("mask: no tag byte with zeros in bits 4-0", offset=0)
    try:
        return decode_cells(data[0] >> 5, data[1:], shape, earlier).array()
    except (Malformed, LimitExceeded) as error:
        raise error.inside("", 1) from None


def _same_shape(earlier: Any, shape: tuple[int, int]) -> Cells | None:
    if earlier is None:
        return None
    cells = as_cells(earlier)
    if cells.shape != shape:
        raise EncodeError(f"earlier masks of shape {cells.shape} beside a mask of shape {shape}")
    return cells
