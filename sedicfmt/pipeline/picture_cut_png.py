"""A PNG whose pixels end too early or are damaged -> a whole one of the scanlines that can be unpacked, zeros behind them."""

from __future__ import annotations

import zlib
from collections.abc import Callable

from PIL import Image

from sedicfmt.errors import EncodeError
from sedicfmt.pipeline.picture_png import SIGNATURE, chunks, made
from sedicfmt.pipeline.picture_scanlines import scanline_bytes, unpacked

Finish = Callable[[Image.Image], Image.Image]


def rebuilt_png(data: bytes) -> tuple[bytes, float, Finish]:
    """(a whole PNG, the share of its bytes of scanlines that were there, what is to be done with the picture)."""
    found = list(chunks(data))
    header = next((chunk.body for chunk in found if chunk.kind == b"IHDR" and chunk.sound), b"")
    packed = b"".join(chunk.body for chunk in found if chunk.kind == b"IDAT")
    if len(header) != 13 or not packed:
        raise EncodeError("it ends before its pixels")
    passes, interlaced = scanline_bytes(header)
    total = sum(rows * size for rows, size in passes)
    lines = unpacked(packed, total)
    parts = [made(chunk.kind, chunk.body) for chunk in found if chunk.kind in (b"IHDR", b"PLTE", b"tRNS")]
    body = zlib.compress(lines + bytes(total - len(lines)), 1)
    whole = SIGNATURE + b"".join(parts) + made(b"IDAT", body) + made(b"IEND", b"")
    first_rows = total - passes[-1][0] * passes[-1][1]
    there = max(0, len(lines) - first_rows) // passes[-1][1]
    return whole, len(lines) / total, (lambda image: doubled(image, there)) if interlaced else (lambda image: image)


def doubled(image: Image.Image, there: int) -> Image.Image:
    """Of an interlaced picture, each missing row of the last pass, which has the odd ones, as the row above it."""
    for row in range(2 * there + 1, image.height, 2):
        image.paste(image.crop((0, row - 1, image.width, row)), (0, row))
    return image
