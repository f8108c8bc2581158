"""Any bytes are the one payload of a mask of a picture of a given size, with or without an earlier mask, or a refusal.

An input is width and height less 16, one byte each; whether there is an earlier mask; the payload.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sedicfmt.container.parser import parse_frame
from sedicfmt.model import Mask, grid_shape
from sedicfmt.segments import mask
from sedicfmt.segments.mask import ParsedMask, as_cells
from tests.fuzz import REFUSED, VALID

SMALLEST, SIZES = 16, 32  # sides of 16 to 47 pixels, so that an execution is quick


def seeds() -> Iterator[bytes]:
    """Masks of the vectors of fitting size, a disc by every coder at several scales."""
    for path in VALID:
        frame = parse_frame(path.read_bytes())
        if max(frame.width, frame.height) - SMALLEST < SIZES:
            head = bytes([frame.width - SMALLEST, frame.height - SMALLEST, 0])
            yield from (head + s.payload for s in frame.segments if s.kind == "mask")
    for coder in mask.CODER_IDS:
        for scale, width, height in ((1, 40, 30), (4, 47, 33), (8, 16, 47), (128, 20, 40)):
            for behind in (0, 1):
                yield bytes([width - SMALLEST, height - SMALLEST, behind]) + _disc(coder, scale, width, height, behind)


def check(data: bytes) -> bool:
    """Read, and written again."""
    if len(data) < 3:
        return False
    width, height, payload = SMALLEST + data[0] % SIZES, SMALLEST + data[1] % SIZES, data[3:]
    before = earlier(payload, width, height) if data[2] & 1 else []
    try:
        read = mask.parse(
            payload, width, height, [ParsedMask(as_cells(one.cells), one.scale, one.coder) for one in before]
        )
    except REFUSED:
        return False
    assert read.cells.shape == grid_shape(read.scale, width, height)
    assert set(read.cells.values) <= {0, 1}
    assert mask.build(read.as_mask(), before) == payload
    return True


def earlier(payload: bytes, width: int, height: int) -> list[Mask]:
    """One mask, of the scale that the payload states."""
    scale = 1 << (payload[0] >> 2 & 7) if payload else 1
    rows, columns = grid_shape(scale, width, height)
    return [Mask((np.add.outer(np.arange(rows), np.arange(columns)) < rows).astype(np.uint8), scale)]


def _disc(coder: str, scale: int, width: int, height: int, behind: int) -> bytes:
    rows, columns = (np.linspace(-1.2, 1.2, n) ** 2 for n in grid_shape(scale, width, height))
    disc = Mask((np.add.outer(rows, columns) < 1).astype(np.uint8), scale, coder)
    tag = bytes([scale.bit_length() - 1 << 2])
    return mask.build(disc, earlier(tag, width, height) if behind else [])
