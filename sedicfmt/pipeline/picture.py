"""A picture's file -> uint8 RGB, as a person sees it in a colour-managed viewer: upright, opaque, sRGB, eight bits.

    bytes -open_picture-> Pillow's picture -to_rgb-> uprighted -> eight bits -> sRGB -> on white

What a photo says beside its pixels never refuses it: of its metadata only what changes how it looks is read, and what
cannot be read there is told and passed over.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sedicfmt.container.size import check_size
from sedicfmt.pipeline.picture_colour import Encoding, to_srgb
from sedicfmt.pipeline.picture_depth import eight_bits, is_deep
from sedicfmt.pipeline.picture_file import ORIENTATION, OpenedPicture, frames_told, open_picture

__all__ = ["OpenedPicture", "open_picture", "orientation_of", "to_rgb"]

Warn = Callable[[str], None]


def to_rgb(picture: OpenedPicture | Image.Image, warn: Warn) -> NDArray[np.uint8]:
    """uint8 (height, width, 3). EXIF orientation and colour profile are applied, transparency composited on white.

    `warn` is told of everything that a viewer could see otherwise. Raises LimitExceeded for a side below 16 or above 8192
    pixels.
    """
    if isinstance(picture, Image.Image):
        picture = OpenedPicture(picture, warnings=frames_told(picture))
    for line in picture.warnings:
        warn(line)
    image = picture.image
    check_size(*image.size)
    encoding = Encoding.of(image, picture.png)
    upright = turned(image, warn)
    shallow = eight_bits(image, upright, warn) if is_deep(image) else upright
    return np.array(on_white(to_srgb(shallow, encoding, warn), warn))


def turned(image: Image.Image, warn: Warn) -> Image.Image:
    """The picture as its EXIF orientation says."""
    try:
        way = TURNS.get(exif_orientation(image))
    except Exception:
        warn("the picture's EXIF data cannot be read; it is taken as it is stored")
        return image
    return image if way is None else image.transpose(way)


def orientation_of(picture: OpenedPicture | Image.Image) -> int:
    """EXIF's orientation, 1 to 8, by which `to_rgb` makes what is shown of what is stored; 1 where it turns nothing."""
    opened = picture if isinstance(picture, OpenedPicture) else OpenedPicture(picture)
    try:
        return opened.turned_by if opened.turned_by > 1 else exif_orientation(opened.image)
    except Exception:  # told by `turned`
        return 1


def exif_orientation(image: Image.Image) -> int:
    """1 for what is none. Raises whatever broken EXIF data makes Pillow raise."""
    told = image.getexif().get(ORIENTATION, 1)
    return told if isinstance(told, int) and told in TURNS else 1


def on_white(image: Image.Image, warn: Warn) -> Image.Image:
    """Without transparency, RGB."""
    if not image.has_transparency_data:
        return image.convert("RGB")
    rgba = (image.convert("LA") if image.mode == "La" else image).convert("RGBA")
    if rgba.getchannel("A").getextrema()[0] == 255:
        return rgba.convert("RGB")
    warn("the picture is partly transparent; it is laid on white")
    return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB")


TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_90,
}  # fmt: skip
"""What makes a picture upright, by its orientation."""
