"""Samples -> sRGB, by what the file says of them.

Profiles are applied by LittleCMS with the perceptual intent, as most viewers do. A profile that cannot be used is told, and
the samples are taken as sRGB. Samples without any word about them are sRGB.
"""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from sedicfmt.pipeline.picture_encoding import SRGB, Encoding, encode_srgb, to_light, to_xyz

Warn = Callable[[str], None]
SAME = 2  # levels: profiles that change less are those of sRGB
INTENT = ImageCms.Intent.PERCEPTUAL


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


def deep_grey_to_srgb(grey: NDArray[np.float64], encoding: Encoding, warn: Warn) -> NDArray[np.uint8]:
    """Grey of 0..1 in more than 256 steps -> eight bits, through the curve first: light has its shadows in the lowest."""
    if encoding.primaries and not encoding.unknown:
        return levels(encode_srgb(to_light(encoding.curve, grey)))
    ramp = Image.fromarray(np.arange(256, dtype=np.uint8)[None])
    shown = np.asarray(to_srgb(ramp, encoding, warn).convert("L"))[0].astype(np.float64)
    return levels(np.interp(grey * 255, np.arange(256), shown) / 255)


def by_profile(image: Image.Image, profile: bytes, warn: Warn) -> Image.Image:
    """Through LittleCMS; as it is where the profile does not fit."""
    flat, alpha = without_alpha(image)
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        flat = flat.convert(USED_AS[source.profile.xcolor_space.strip(), flat.mode])
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
    steps = np.arange(256) / 255
    light = to_light(encoding.curve, steps)
    here, there = to_xyz(SRGB), to_xyz(encoding.primaries)
    assert here is not None and there is not None  # looked at where the encoding was made
    matrix = np.linalg.inv(here) @ there
    if np.abs(encode_srgb(light) - steps).max() * 255 <= SAME and np.abs(matrix - np.eye(3)).max() < 0.01:
        return image
    pixels = light.astype(np.float32)[np.asarray(flat.convert("RGB"))] @ matrix.T.astype(np.float32)
    return with_alpha(Image.fromarray(levels(encode_srgb(pixels))), alpha)


def levels(shares: NDArray[np.floating]) -> NDArray[np.uint8]:
    """0..1 as eight bits."""
    return np.rint(np.clip(shares, 0, 1) * 255).astype(np.uint8)


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


USED_AS = {
    ("RGB", "RGB"): "RGB", ("RGB", "L"): "RGB", ("RGB", "LAB"): "RGB", ("GRAY", "L"): "L", ("CMYK", "CMYK"): "CMYK",
    ("Lab", "LAB"): "LAB",
}  # fmt: skip
"""(a profile's colour space, the picture's mode) -> the mode in which it is applied; others do not fit together."""
