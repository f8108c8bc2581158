"""Samples -> sRGB, by what the file says of them: an ICC profile, or a PNG's cICP, gAMA and cHRM.

Profiles are applied by LittleCMS with the perceptual intent, as most viewers do. A profile that cannot be used is told, and
the samples are taken as sRGB. Samples without any word about them are sRGB.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from sedicfmt.pipeline.picture_png import PngChunks

Warn = Callable[[str], None]
Matrix = NDArray[np.float64]
SAME = 2  # levels: profiles that change less are those of sRGB
INTENT = ImageCms.Intent.PERCEPTUAL


@dataclass(frozen=True)
class Encoding:
    """What a file says of its samples: a profile, or primaries and a curve.

    `primaries`: x and y of white, red, green and blue; `curve`: its name or exponent; `unknown`: what cannot be honoured.
    """

    profile: bytes = b""
    primaries: tuple[float, ...] = ()
    curve: str | float = "srgb"
    unknown: str = ""

    @staticmethod
    def of(image: Image.Image, png: PngChunks) -> Encoding:
        """In the order of PNG's third edition; a profile for other formats."""
        if png.cicp:
            return from_cicp(png.cicp)
        profile = image.info.get("icc_profile")
        if profile:
            return Encoding(profile if isinstance(profile, bytes) else b"?")
        if png.srgb or not (png.gamma or png.primaries):
            return Encoding()
        return Encoding(primaries=png.primaries or SRGB, curve=1 / png.gamma if png.gamma else "srgb")


def from_cicp(cicp: tuple[int, ...]) -> Encoding:
    """Of ITU-T H.273's numbers; those that need more than a curve and primaries are unknown."""
    primaries, transfer, matrix, full = cicp
    if primaries in PRIMARIES and transfer in CURVES and matrix == 0 and full == 1:
        return Encoding(primaries=PRIMARIES[primaries], curve=CURVES[transfer])
    return Encoding(unknown=f"its cICP says {'-'.join(map(str, cicp))}, which is not known here")


def to_srgb(image: Image.Image, encoding: Encoding, warn: Warn) -> Image.Image:
    """The picture in sRGB, L, LA, RGB or RGBA, transparency kept."""
    if encoding.unknown:
        warn(f"{encoding.unknown}; the picture is taken as sRGB")
    elif encoding.profile:
        return by_profile(image, encoding.profile, warn)
    elif encoding.primaries:
        return by_curve(image, encoding)
    if image.mode == "CMYK":
        warn("the picture is CMYK without a profile; its colours are a guess")
    return image


def by_profile(image: Image.Image, profile: bytes, warn: Warn) -> Image.Image:
    """Through LittleCMS; as it is where the profile does not fit."""
    flat, alpha = without_alpha(image)
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        space = source.profile.xcolor_space.strip()
        flat = flat.convert(MODES[space]) if flat.mode != MODES[space] and flat.mode != "CMYK" else flat
        way = ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), flat.mode, "RGB", INTENT)
        if flat.mode == "RGB" and changes_little(way):
            return image
        found = ImageCms.applyTransform(flat, way)
    except (ImageCms.PyCMSError, KeyError, OSError, ValueError, TypeError):
        warn("the picture's colour profile cannot be used; it is taken as sRGB")
        return image
    assert found is not None
    return with_alpha(found, alpha)


def changes_little(way: ImageCms.ImageCmsTransform) -> bool:
    """Whether a transform of RGB leaves a cube of colours as it is."""
    steps = np.linspace(0, 255, 9).astype(np.uint8)
    cube = np.stack(np.meshgrid(steps, steps, steps), -1).reshape(27, 27, 3)
    changed = ImageCms.applyTransform(Image.fromarray(cube), way)
    return bool(np.abs(np.asarray(changed).astype(int) - cube).max() <= SAME)


def by_curve(image: Image.Image, encoding: Encoding) -> Image.Image:
    """By arithmetic: to light, to sRGB's primaries, to sRGB's curve; a picture that is sRGB already is not touched."""
    flat, alpha = without_alpha(image)
    levels = np.arange(256) / 255
    light = DECODE[encoding.curve](levels) if isinstance(encoding.curve, str) else levels**encoding.curve
    matrix = np.linalg.inv(to_xyz(SRGB)) @ to_xyz(encoding.primaries)
    if np.abs(encode_srgb(light) - levels).max() * 255 <= SAME and np.abs(matrix - np.eye(3)).max() < 0.01:
        return image
    pixels = light.astype(np.float32)[np.asarray(flat.convert("RGB"))] @ matrix.T.astype(np.float32)
    return with_alpha(Image.fromarray(np.rint(encode_srgb(pixels) * 255).astype(np.uint8)), alpha)


def to_xyz(primaries: tuple[float, ...]) -> Matrix:
    """RGB of these primaries -> XYZ relative to their own white, so that white stays white."""
    (wx, wy), *colours = np.array(primaries).reshape(4, 2)
    columns = np.array([[x / y, 1, (1 - x - y) / y] for x, y in colours]).T
    white = np.array([wx / wy, 1, (1 - wx - wy) / wy])
    scaled = columns * np.linalg.solve(columns, white)
    result: Matrix = scaled / white[:, None] * D65[:, None]
    return result


def encode_srgb(light: NDArray[np.floating]) -> NDArray[np.floating]:
    """IEC 61966-2-1, of 0..1 and what lies beyond."""
    clipped = np.clip(light, 0, 1)
    result: NDArray[np.floating] = np.where(clipped <= 0.0031308, 12.92 * clipped, 1.055 * clipped ** (1 / 2.4) - 0.055)
    return result


def without_alpha(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """(L, RGB, CMYK or LAB, its transparency or None)."""
    if image.mode in ("CMYK", "LAB"):
        return image, None
    grey = image.mode in ("1", "L", "LA", "La")
    if not image.has_transparency_data:
        return image.convert("L" if grey else "RGB"), None
    rgba = (image.convert("LA") if image.mode == "La" else image).convert("RGBA")
    return rgba.convert("L" if grey else "RGB"), rgba.getchannel("A")


def with_alpha(image: Image.Image, alpha: Image.Image | None) -> Image.Image:
    """The two together again."""
    if alpha is not None:
        image.putalpha(alpha)
    return image


SRGB = (0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
D65 = np.array([0.9505, 1.0, 1.0891])
PRIMARIES = {
    1: SRGB,
    9: (0.3127, 0.3290, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046),  # BT.2020
    12: (0.3127, 0.3290, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),  # Display P3
}
CURVES: dict[int, str | float] = {1: "bt709", 4: 2.2, 5: 2.8, 6: "bt709", 8: 1.0, 13: "srgb", 14: "bt709", 15: "bt709"}
DECODE: dict[str, Callable[[Matrix], Matrix]] = {
    "srgb": lambda v: np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4),
    "bt709": lambda v: v**2.4,  # as screens show it (BT.1886)
}
MODES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK", "Lab": "LAB"}
"""Pillow's modes, by a profile's colour space."""
