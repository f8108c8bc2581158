"""Any picture that Pillow opens -> uint8 RGB, as a person sees it: upright, opaque, eight bits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from sedicfmt.container.size import check_size

Warn = Callable[[str], None]


def to_rgb(image: Image.Image, warn: Warn) -> NDArray[np.uint8]:
    """uint8 (height, width, 3). EXIF orientation is applied, transparency composited on white with a warning.

    Raises LimitExceeded for a side below 16 or above 8192 pixels.
    """
    check_size(*image.size)
    if getattr(image, "n_frames", 1) > 1:
        warn("the picture has several frames; the first one is taken")
    image = ImageOps.exif_transpose(image)
    if image.has_transparency_data:
        warn("the picture is partly transparent; it is laid on white")
        image = _on_white(image)
    elif image.mode in ("I", "F") or image.mode.startswith("I;"):
        image = _eight_bits(image)
    return np.array(image.convert("RGB"))


def _on_white(image: Image.Image) -> Image.Image:
    rgba = (image.convert("LA") if image.mode == "La" else image).convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba)


def _eight_bits(image: Image.Image) -> Image.Image:
    """Grey of 16 bits, 32 bits or floats: scaled by the range that the values show (1, 255 or 65535)."""
    values = np.nan_to_num(np.asarray(image).astype(np.float64), posinf=0, neginf=0)
    most = values.max(initial=0)
    if image.mode == "F" and most <= 1:
        values = values * 255
    elif most > 255 or image.mode.startswith("I;"):
        values = values / 257
    return Image.fromarray(np.clip(np.rint(values), 0, 255).astype(np.uint8))
