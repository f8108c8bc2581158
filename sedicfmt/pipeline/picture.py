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
from sedicfmt.pipeline.picture_colour import to_srgb
from sedicfmt.pipeline.picture_depth import deep_to_srgb, is_deep, whole_range
from sedicfmt.pipeline.picture_encoding import Encoding, from_figures
from sedicfmt.pipeline.picture_exif import ORIENTATION, encoding_by_camera, orientation_told, words_of
from sedicfmt.pipeline.picture_file import OpenedPicture, frames_told, open_picture

__all__ = ["OpenedPicture", "open_picture", "orientation_of", "to_rgb"]

Warn = Callable[[str], None]


def to_rgb(picture: OpenedPicture | Image.Image, warn: Warn) -> NDArray[np.uint8]:
    """uint8 (height, width, 3). EXIF orientation and colour profile are applied, transparency composited on white.

    `warn` is told of everything that a viewer could see otherwise. Raises LimitExceeded for a side below 16 or above 8192
    pixels.
    """
    if isinstance(picture, Image.Image):
        picture = OpenedPicture(picture, warnings=tuple(frames_told(picture)))
    for line in picture.warnings:
        warn(line)
    image = picture.image
    check_size(*image.size)
    encoding = encoding_of(picture)
    upright = turned(picture, warn)
    if is_deep(image):
        shallow = deep_to_srgb(image, upright, encoding, warn)
    else:
        shallow = to_srgb(whole_range(image, upright, warn), encoding, warn)
        if encoding.curve == 1.0 and picture.beside and picture.beside.depth == 16:
            warn("the picture's samples of 16 bits are light, and read as eight; its shadows are coarse")
    return np.array(on_white(shallow, warn, image.format in FOURTH_BYTES))


def encoding_of(picture: OpenedPicture) -> Encoding:
    """What the file says of its samples, else what Pillow has read, else what the camera wrote; else sRGB."""
    if picture.beside and picture.beside.encoding:
        return picture.beside.encoding
    info, profile = picture.image.info, picture.image.info.get("icc_profile")
    if profile:
        return Encoding(profile if isinstance(profile, bytes) else b"?")
    if not picture.beside and "srgb" not in info and ("gamma" in info or "chromaticity" in info):
        gamma = info.get("gamma")
        return from_figures(tuple(info.get("chromaticity", ())), gamma and 1 / gamma, "gAMA and cHRM")
    return encoding_by_camera(words(picture)[0]) or Encoding()


def words(picture: OpenedPicture) -> tuple[bytes, bytes]:
    """(EXIF, XMP) of the file, else as Pillow has read them."""
    exif, xmp = words_of(picture.image)
    beside = picture.beside
    return (beside.exif or exif, beside.xmp or xmp) if beside else (exif, xmp)


def turned(picture: OpenedPicture, warn: Warn) -> Image.Image:
    """The picture as its EXIF orientation says."""
    if not told_orientation(picture)[1]:
        warn("the picture's EXIF data cannot be read; it is taken as it is stored")
    way = TURNS.get(orientation_of(picture))
    return picture.image if way is None else picture.image.transpose(way)


def orientation_of(picture: OpenedPicture | Image.Image) -> int:
    """EXIF's orientation, 1 to 8, by which `to_rgb` makes what is shown of what is stored; 1 where it turns nothing."""
    opened = picture if isinstance(picture, OpenedPicture) else OpenedPicture(picture)
    if opened.beside is None:
        try:  # may have been set since it was opened; of a TIFF, Pillow turns the pixels when it loads them, and forgets it
            opened.image.load()
            told = opened.image.getexif().get(ORIENTATION, 1)
            return told if told in TURNS else 1
        except Exception:  # whatever broken EXIF data makes Pillow raise
            pass
    return told_orientation(opened)[0]


def told_orientation(picture: OpenedPicture) -> tuple[int, bool]:
    """(1 to 8, whether EXIF can be read).

    HEIC and AVIF are turned by their boxes alone (ISO/IEC 23000-22, 7.3.9): a HEIC's decoder has done it, of an AVIF Pillow
    puts what they say into EXIF.
    """
    if picture.image.format == "HEIF":
        return 1, True
    exif, xmp = words(picture)
    return orientation_told(exif, b"" if picture.image.format == "AVIF" else xmp)


def on_white(image: Image.Image, warn: Warn, unsure: bool = False) -> Image.Image:
    """Without transparency, RGB. `unsure`: what stands in the place of alpha may mean nothing; then all zeros do."""
    if not image.has_transparency_data:
        return image.convert("RGB")
    rgba = (image.convert("LA") if image.mode == "La" else image).convert("RGBA")
    alpha = np.asarray(rgba.getchannel("A"))
    least, most = int(alpha.min()), int(alpha.max())
    if unsure and most == 0:
        warn("the picture is wholly transparent; it is taken as opaque")
    if least == 255 or (unsure and most == 0):
        return rgba.convert("RGB")
    if least < SEEN_THROUGH:
        warn("the picture is partly transparent; it is laid on white")
    return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB")


FOURTH_BYTES = ("BMP", "TGA")  # programs write them with a fourth byte that is zero, and no alpha
SEEN_THROUGH = 250  # of 255; opaque pixels come out of lossy coders as 252
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_90,
}  # fmt: skip
"""What makes a picture upright, by its orientation."""
