"""Any picture that Pillow opens -> uint8 RGB, as a person sees it: upright, opaque, eight bits."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from sedicfmt.container.size import check_size
from sedicfmt.errors import EncodeError, LimitExceeded, SedicError

Warn = Callable[[str], None]


def open_picture(data: bytes, name: str) -> Image.Image:
    """A loaded Pillow picture from a file's bytes; `name` is for messages.

    Raises EncodeError for what Pillow cannot read, LimitExceeded for a side out of bounds, before any pixel is decoded.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's own size warning; check_size is stricter
            image = Image.open(io.BytesIO(data))
            check_size(*image.size)
            image.load()
            ImageOps.exif_transpose(image)  # broken EXIF shows here, not later
    except SedicError:
        raise
    except Image.DecompressionBombError as error:
        raise LimitExceeded(f"{name} is too large: {error}") from error
    except Image.UnidentifiedImageError as error:
        raise EncodeError(f"{name} is not a picture that can be read") from error
    except Exception as error:  # Pillow's decoders raise whatever a broken file makes them
        raise EncodeError(f"{name} is a broken picture: {error}") from error
    return image


def to_rgb(image: Image.Image, warn: Warn) -> NDArray[np.uint8]:
    """uint8 (height, width, 3). EXIF orientation is applied, transparency composited on white with a warning.

    Raises LimitExceeded for a side below 16 or above 8192 pixels.
    """
    check_size(*image.size)
    if getattr(image, "n_frames", 1) > 1:
        warn("the picture has several frames; the first one is taken")
    image = ImageOps.exif_transpose(image)
    if image.mode in ("I", "F") or image.mode.startswith("I;"):
        image = _eight_bits(image)
    if image.has_transparency_data:
        warn("the picture is partly transparent; it is laid on white")
        image = _on_white(image)
    return np.array(image.convert("RGB"))


def _on_white(image: Image.Image) -> Image.Image:
    rgba = (image.convert("LA") if image.mode == "La" else image).convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba)


def _eight_bits(image: Image.Image) -> Image.Image:
    """Grey of 16 bits, 32 bits or floats: scaled by the range that the values show (1, 255 or 65535)."""
    raw = np.nan_to_num(np.asarray(image).astype(np.float64), posinf=0, neginf=0)
    most, values = raw.max(initial=0), raw
    if image.mode == "F" and most <= 1:
        values = raw * 255
    elif most > 255 or image.mode.startswith("I;"):
        values = raw / 257
    grey = Image.fromarray(np.clip(np.rint(values), 0, 255).astype(np.uint8))
    clear = image.info.get("transparency")
    if isinstance(clear, int):  # one grey value that means transparent
        grey.putalpha(Image.fromarray(np.where(raw == clear, 0, 255).astype(np.uint8)))
    return grey
