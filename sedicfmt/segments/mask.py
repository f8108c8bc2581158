"""The mask segment: payload <-> mask (spec clauses M-1 to M-5, M-24).

    payload = tag byte, then the coder's data to the end of the segment
    tag     = coder id (bits 7-5) | log2 of the scale (bits 4-2) | 0 0

Nothing says how many cells there are: the picture's size and the scale do. One coder, contexts-relative, also looks at the
masks of the objects before, those of the same scale: objects seldom overlap, and often end where another begins.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import Any, NamedTuple

from sedicfmt.bitcoding import contexts, generic_region, run_length
from sedicfmt.bitcoding.bitmap import Cells, cells_of, joined
from sedicfmt.errors import EncodeError, LimitExceeded, Malformed, Unsupported
from sedicfmt.limits import MAX_MASK_SCALE, MAX_SEGMENT_BYTES, MAX_SIDE
from sedicfmt.model import Mask, grid_shape

AUTO = "auto"


class ParsedMask(NamedTuple):
    """What a payload says, in plain bytes: `model.Mask` says the same with an array. `coder`: the one that it names."""

    cells: Cells
    scale: int
    coder: str

    def as_mask(self) -> Mask:
        """The same for everybody else."""
        return Mask(self.cells.array(), self.scale, self.coder)


def build(mask: Mask, earlier: Sequence[Mask] = ()) -> bytes:
    """The payload of `mask` behind the `earlier` ones of its file. With coder "auto" the shortest, the lower id on a tie.

    Raises EncodeError for cells that are no bitmap, an unknown coder or a scale that is not 1, 2, 4 … 128;
    LimitExceeded for a mask too large or too noisy for its coder.
    """
    scale = mask.scale
    check_scale(scale)
    cells = as_cells(mask.cells)
    others = union([as_cells(one.cells) for one in earlier if one.scale == scale], cells.shape)
    coder_id, data = encode_cells(cells, mask.coder, others)
    return bytes((coder_id << 5 | (scale.bit_length() - 1) << 2,)) + data


def parse(payload: bytes, width: int, height: int, earlier: Sequence[ParsedMask] = ()) -> ParsedMask:
    """The mask of a picture of `width` x `height` pixels.

    `earlier`: the masks before it in the file, which only contexts-relative looks at.

    Raises Malformed, Unsupported (a coder id that this version does not know) or LimitExceeded.
    """
    if not payload:
        raise Malformed("mask: no tag byte", offset=0)
    coder_id, scale, reserved = payload[0] >> 5, 1 << (payload[0] >> 2 & 7), payload[0] & 3
    if reserved:
        raise Malformed("mask: reserved bits of the tag are not zero", offset=0)
    shape = grid_shape(scale, width, height)
    relative = coder_id == CODER_IDS[RELATIVE]
    try:
        others = union([one.cells for one in earlier if one.scale == scale], shape) if relative else None
        cells = decode_cells(coder_id, payload[1:], shape, others)
    except (Malformed, LimitExceeded) as error:
        raise error.inside("", 1) from None
    return ParsedMask(cells, scale, CODERS[coder_id][0])


def coder_name(payload: bytes) -> str:
    """The name of a payload's coder, "none" for an empty payload, "reserved" for an id without one."""
    if not payload:
        return "none"
    known = CODERS.get(payload[0] >> 5)
    return known[0] if known else "reserved"


def declared_cells(payload: bytes, width: int, height: int) -> tuple[int, int]:
    """What M-5 bounds, by the tag alone: all cells, and those for which the coder takes a step each; 0 without a tag."""
    if not payload:
        return 0, 0
    rows, columns = grid_shape(1 << (payload[0] >> 2 & 7), width, height)
    one_by_one = coder_name(payload) in ("generic-region", "contexts", RELATIVE)
    return rows * columns, rows * columns * one_by_one


def changes(payload: bytes, decoded: ParsedMask) -> int:
    """How many changes a run-length payload has, given what it says; 0 for other coders."""
    if coder_name(payload) != "run-length":
        return 0
    return run_length.count_changes(payload[1:], decoded.cells)


def check_scale(scale: int) -> None:
    """Raises EncodeError for a scale that is not 1, 2, 4 … 128."""
    if not 1 <= scale <= MAX_MASK_SCALE or scale & (scale - 1):
        raise EncodeError(f"a mask's scale is a power of two from 1 to {MAX_MASK_SCALE}, not {scale}")


def union(earlier: list[Cells], shape: tuple[int, int]) -> Cells | None:
    """The cells that any of the `earlier` masks of a mask's scale has (M-24); None if there is no such mask.

    Raises EncodeError if their shape is not `shape`.
    """
    if any(one.shape != shape for one in earlier):
        raise EncodeError(f"earlier masks of another shape than {shape} at the same scale")
    return joined(earlier) if earlier else None


def encode_cells(cells: Cells, coder: str = AUTO, earlier: Cells | None = None) -> tuple[int, bytes]:
    """(coder id, its data) of a bitmap behind the union of the `earlier` ones; errors as `build`."""
    wanted = {i: module for i, (name, module) in CODERS.items() if coder in (AUTO, name)}
    if coder == AUTO and earlier is None:
        del wanted[CODER_IDS[RELATIVE]]  # as long as contexts, whose id is lower
    if not wanted:
        raise EncodeError(f"no mask coder {coder!r}: {AUTO}, {', '.join(name for name, _ in CODERS.values())}")
    candidates: list[tuple[int, bytes]] = []
    refused = []
    for coder_id, module in wanted.items():
        try:
            data = module.encode(cells, *_also(coder_id, earlier))
            candidates.append((coder_id, _within_segment(data)))
        except LimitExceeded as error:
            refused.append(error)
    if not candidates:
        raise refused[0]
    return min(candidates, key=lambda candidate: len(candidate[1]))


def decode_cells(coder_id: int, data: bytes, shape: tuple[int, int], earlier: Cells | None = None) -> Cells:
    """The bitmap of `shape` that coder `coder_id` reads from `data`; `earlier` as for `encode_cells`, errors as `parse`."""
    if coder_id not in CODERS:
        raise Unsupported(f"mask: coder {coder_id} is not known to this version", offset=0)
    cells: Cells = CODERS[coder_id][1].decode(_within_segment(bytes(data)), shape, *_also(coder_id, earlier))
    return cells


def _also(coder_id: int, earlier: Cells | None) -> tuple[Cells | None, ...]:
    """What a coder is given beside the cells."""
    return (earlier,) if CODERS[coder_id][0] == RELATIVE else ()


def as_cells(array: Any) -> Cells:
    """The cells of `array`, (h, w) of bool or 0/1. Raises EncodeError for other axes, no cells, or other values."""
    import numpy as np

    values = np.asarray(array)
    if values.ndim != 2 or not values.size or max(values.shape) > MAX_SIDE:
        raise EncodeError(f"a mask has two axes of 1 to {MAX_SIDE} cells, not the shape {values.shape}")
    if values.dtype.kind not in "biu" or values.min() < 0 or values.max() > 1:
        raise EncodeError("a mask holds booleans or the integers 0 and 1")
    return cells_of(values.astype(np.uint8, copy=False))


def _within_segment(data: bytes) -> bytes:
    if len(data) >= MAX_SEGMENT_BYTES:
        raise LimitExceeded(f"a mask of {len(data)} bytes: more than a segment holds", offset=0)
    return data


RELATIVE = "contexts-relative"
CODERS: dict[int, tuple[str, ModuleType]] = {  # coder id: (name, module with encode(cells) and decode(data, shape))
    0: ("run-length", run_length),
    1: ("generic-region", generic_region),
    2: ("contexts", contexts),
    3: (RELATIVE, contexts),
}
CODER_IDS = {name: coder_id for coder_id, (name, _) in CODERS.items()}
