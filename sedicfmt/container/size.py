"""The picture's size in twelve bits where it is a common one (spec clause C-5): 768x512 is "3:2, 64 times eight rows"."""

from __future__ import annotations

from typing import Any

from sedicfmt.container.schema import RATIOS
from sedicfmt.errors import LimitExceeded
from sedicfmt.limits import MAX_SIDE, MIN_SIDE
from sedicfmt.model import coded_size


def size_fields(width: int, height: int) -> dict[str, Any]:
    """The one legal set of `Size` fields for a picture of width x height pixels. Raises LimitExceeded."""
    check_size(width, height)
    ratio = next((i for i, (w, h) in enumerate(RATIOS, 1) if height * w // h == width), 0)
    eighths = height % 8 == 0 and (ratio != 0 or width % 8 == 0)
    unit = 8 if eighths else 1
    rows, columns = height // unit - 1, width // unit - 1
    long = rows >= 128 if eighths else None
    return {"ratio": ratio, "eighths": eighths, "long": long, "rows": rows, "columns": None if ratio else columns}


def size_pixels(fields: Any) -> tuple[int, int]:
    """Width and height in pixels from parsed `Size` fields. Raises LimitExceeded."""
    unit = 8 if fields.eighths else 1
    height = (fields.rows + 1) * unit
    if fields.ratio:
        w, h = RATIOS[fields.ratio - 1]
        width = height * w // h
    else:
        width = (fields.columns + 1) * unit
    check_size(width, height)
    return width, height


def check_latent_scale(width: int, height: int, latent_scale: int) -> None:
    """Raises LimitExceeded unless the scale has five bits and the latent's picture no side above MAX_SIDE (L-1)."""
    if not 1 <= latent_scale <= 32 or max(coded_size(width, height, latent_scale)) > MAX_SIDE:
        raise LimitExceeded(f"a latent at {latent_scale}/16 of {width}x{height} pixels is too large", "latent_scale")


def check_size(width: int, height: int) -> None:
    """Raises LimitExceeded unless both sides are within MIN_SIDE..MAX_SIDE."""
    for name, side in (("width", width), ("height", height)):
        if not MIN_SIDE <= side <= MAX_SIDE:
            raise LimitExceeded(f"a {name} of {side} pixels; {MIN_SIDE} to {MAX_SIDE} are possible", f"size.{name}")
