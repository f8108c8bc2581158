"""A JPEG 2000 that ends too early: where its last tile-part ends, how much of its tiles is there (ISO/IEC 15444-1 annex A)."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from sedicfmt.pipeline.picture_boxes import CODESTREAM

START_OF_TILE_PART = b"\xff\x90\0\x0a"


def whole_tiles(data: bytes, boxes_miss: int) -> tuple[bytes, int, float]:
    """(the file up to its last tile-part, the bytes that this misses, the share that is there); its box goes to the end.

    `boxes_miss`: bytes that the boxes have more than there are, by which the share is measured where they say so.
    """
    stream = data.find(CODESTREAM)
    parts, there = list(tile_parts(data, stream)), len(data)
    end = parts[-1][1] if parts else len(data)
    share = there / (there + boxes_miss)
    if not boxes_miss and len(data) >= stream + 40:
        of_each = [min(1.0, (there - start) / (stop - start)) for start, stop in parts]
        share = sum(of_each) / tiles(data[stream + 8 : stream + 40])
    missing = max(end - there, 0) if parts else max(boxes_miss - 2, 0)
    data = data[:end] if parts else data
    return data[: stream - 8] + bytes(4) + data[stream - 4 :] if stream >= 8 else data, missing, min(share, 1.0)


def tile_parts(data: bytes, stream: int) -> Iterator[tuple[int, int]]:
    """Where each tile-part begins and says that it ends; none where the last one does not say it."""
    at = data.find(START_OF_TILE_PART, stream)
    while at >= 0 and data[at : at + 4] == START_OF_TILE_PART and at + 12 <= len(data):
        length = int.from_bytes(data[at + 6 : at + 10])
        if length < 14:
            return
        yield at, at + length
        at += length


def tiles(size: bytes) -> int:
    """Their number, of SIZ from the width on."""
    width, height, _, _, wide, high, left, top = struct.unpack(">8I", size)
    return max(1, -(-(width - left) // max(wide, 1)) * -(-(height - top) // max(high, 1)))
