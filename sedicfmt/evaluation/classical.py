"""What a general image format reaches under a budget of bytes: the peers that `.sedic` is shown beside.

Around a kilobyte no format codes 768x512 pixels well: the best use of it is to scale the photo down, to code that and
to scale the decoded picture up again. So each codec gets the whole choice, as its best user would make it:

- for each scale of a ladder the highest quality setting whose file fits the budget, found by halving;
- the file's own bytes decoded (never the encoder's reconstruction) and scaled up to the photo's size;
- the scale whose picture scores best wins.

A size in bytes is the length of a complete file that any reader of the format opens, with its headers and without
metadata; VVC alone has no file format yet, and counts by its stream (vvc.py). The scale itself costs nothing here,
although a receiver must know the size to scale to: 4 bytes in favour of the peers.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
from PIL import Image, features

from ..errors import EncodeError, MissingDependency
from . import vvc
from .metrics import Picture, psnr

Encode = Callable[[Fraction, float], bytes]
"""The file of one photo by one codec, from scale and quality."""


@dataclass(frozen=True)
class Codec:
    """One format as Pillow writes it: `options` of `Image.save`, and the quality settings from worst to best.

    VVC is no format of Pillow's: `pillow_format` is empty, `options` are those of vvc.py. Sides are multiples of `step`.
    """

    name: str
    pillow_format: str
    options: Mapping[str, Any]
    qualities: Sequence[float]
    step: int = 1


@dataclass(frozen=True)
class Coded:
    """One file: its bytes, how it was made, and what a receiver sees, uint8, shape (height, width, 3) of the photo."""

    codec: str
    scale: Fraction
    quality: float
    data: bytes
    picture: Picture


def best_under(
    photo: Picture,
    budget: int,
    codec: Codec,
    scales: Sequence[Fraction] | None = None,
    score: Callable[[Picture, Picture], float] = psnr,
    encode_once: Encode | None = None,
) -> Coded | None:
    """The file of at most `budget` bytes whose decoded picture scores highest against `photo` (uint8, (h, w, 3)).

    `score(photo, decoded)` is higher for better. None where no scale's worst quality fits the budget.
    Over the scales the score rises and then falls: after two falls in a row the larger scales, which take nearly all the
    time, are left out. `encode_once` (of `remembering`) spares what other budgets have encoded already.
    Raises MissingDependency where this installation cannot write the format.
    """
    best, highest, falls, before = None, -np.inf, 0, -np.inf
    for coded in fit_scales(photo, budget, codec, scales or SCALES, encode_once):
        scored = score(photo, coded.picture)
        if scored > highest:
            best, highest = coded, scored
        falls, before = (0 if scored > before else falls + 1), scored
        if falls == 2:
            break
    return best


def fit_scales(
    photo: Picture, budget: int, codec: Codec, scales: Sequence[Fraction], encode_once: Encode | None = None
) -> Iterator[Coded]:
    """The file at each scale that fits, from the smallest scale up.

    A larger picture affords no higher quality, and none fits where a smaller one did not: the large scales need few
    encodings.
    """
    highest = len(codec.qualities) - 1
    for scale in sorted(scales):
        coded = fit_quality(photo, budget, codec, scale, highest, encode_once)
        if coded is None:
            return
        highest = codec.qualities.index(coded.quality)
        yield coded


def fit_quality(
    photo: Picture, budget: int, codec: Codec, scale: Fraction, highest: int, encode_once: Encode | None = None
) -> Coded | None:
    """The file at one scale with the best of the settings 0 … `highest` that halving finds within `budget` bytes.

    None where setting 0 does not fit. Encoders are not strictly monotonic, JPEG XL's least: settings above the one found
    may fit as well, which costs it up to 0.1 dB on a photo. The file returned always fits.
    """
    make = encode_once or remembering(photo, codec)
    low, high, best = 0, highest, None
    # The worst setting first: where it does not fit, which is the rule at large scales, one encoding settles it.
    middle = 0
    while low <= high:
        data = make(scale, codec.qualities[middle])
        if len(data) <= budget:
            best, low = (codec.qualities[middle], data), middle + 1
        elif middle == 0:
            return None
        else:
            high = middle - 1
        middle = (low + high) // 2
    return None if best is None else Coded(codec.name, scale, *best, decode(best[1], codec, photo.shape[:2]))


def remembering(photo: Picture, codec: Codec) -> Encode:
    """The encoder of one photo, which makes each file but once."""
    scaled = cache(lambda scale: scale_down(photo, scale, codec.step))
    return cache(lambda scale, quality: encode(scaled(scale), codec, quality))


def code_once(photo: Picture, codec: Codec, scale: Fraction, quality: float) -> Coded:
    """The file that these settings make, for showing again what `best_under` had found."""
    data = encode(scale_down(photo, scale, codec.step), codec, quality)
    return Coded(codec.name, scale, quality, data, decode(data, codec, photo.shape[:2]))


def scale_down(photo: Picture, scale: Fraction, step: int = 1) -> Image.Image:
    """The photo at `scale` (0 < scale <= 1) of its size, Lanczos, sides rounded to `step` pixels and at least that."""
    image = Image.fromarray(photo)  # from bare pixels: no ICC profile, Exif or resolution can come along
    width, height = (max(step, step * round(side * scale / step)) for side in image.size)
    return image if (width, height) == image.size else image.resize((width, height), Image.Resampling.LANCZOS)


def encode(image: Image.Image, codec: Codec, quality: float) -> bytes:
    """A complete file, without metadata."""
    _require(codec)
    if codec.name == "VVC":
        return vvc.encode(image, int(quality), codec.options)
    file = io.BytesIO()
    image.save(file, codec.pillow_format, quality=quality, **codec.options)
    return file.getvalue()


def decode(data: bytes, codec: Codec, shape: tuple[int, ...]) -> Picture:
    """The picture in `data` scaled up (Lanczos) to `shape` (height, width): uint8, shape (height, width, 3)."""
    _require(codec)
    if codec.name == "VVC":
        pixels = vvc.decode(data)
    else:
        with Image.open(io.BytesIO(data), formats=[codec.pillow_format]) as image:
            pixels = image.convert("RGB")
    size = (shape[1], shape[0])
    return np.asarray(pixels if pixels.size == size else pixels.resize(size, Image.Resampling.LANCZOS))


def codec_named(name: str) -> Codec:
    """The codec of `CODECS` with this name, whatever its case. Raises EncodeError where there is none."""
    for codec in CODECS:
        if codec.name.lower() == name.lower():
            return codec
    raise EncodeError(f"no codec {name!r}: {', '.join(codec.name for codec in CODECS)}")


def _require(codec: Codec) -> None:
    """Raises MissingDependency with the command that installs the format."""
    if codec.name in PLUGINS:
        module, package = PLUGINS[codec.name]
        try:
            plugin = import_module(module)
        except ModuleNotFoundError as missing:
            raise MissingDependency(f"{codec.name} needs {package}: pip install 'sedicfmt[eval]'") from missing
        if codec.name == "HEIC":
            plugin.register_heif_opener()
    elif codec.pillow_format in ("WEBP", "AVIF") and not features.check(codec.pillow_format.lower()):
        raise MissingDependency(f"this Pillow was built without {codec.name}: pip install 'pillow>=11.3'")


LADDER = "1 3/4 2/3 1/2 3/8 1/3 1/4 1/5 1/6 1/8 1/10 1/12"
SCALES = tuple(map(Fraction, LADDER.split()))

# WebP's quantiser index grows with the cube root of its quality: cubes make even steps where whole numbers would leap,
# from 0 to 1 by two thirds of the file. AVIF takes whole numbers only. JPEG XL's 0 is its greatest distance,
# 25; its 100 means another, lossless mode.
WEBP_QUALITIES = tuple(round(100 * (i / 128) ** 3, 4) for i in range(129))
WHOLE_QUALITIES = tuple(range(101))
HALF_QUALITIES = tuple(i / 2 for i in range(199))
QUANTISERS = tuple(range(63, -1, -1))

AVIF_OPTIONS = {"codec": "aom", "speed": 4, "max_threads": 1, "advanced": {"tune": "ssim"}}
HEIC_OPTIONS = {"chroma": 420, "enc_params": {"preset": "veryslow", "tune": "psnr"}}
VVC_OPTIONS = {"preset": "medium", "IntraPeriod": 1, "AccessUnitDelimiter": 0}

# Settings were chosen on two or three photos of CLIC 2025 at 1,000 and 2,000 bytes (mean PSNR), never on Kodak.
CODECS = (
    # The progressive kind pays for its scans: 0.9 and 0.4 dB worse.
    Codec("JPEG", "JPEG", {"optimize": True}, WHOLE_QUALITIES[1:96]),
    Codec("WebP", "WEBP", {"method": 6}, WEBP_QUALITIES),
    # Effort 9 gains 0.1 and 0.2 dB over 7 and takes 1.7 times as long.
    Codec("JPEG XL", "JXL", {"effort": 9, "num_threads": 0}, HALF_QUALITIES),
    # Speed 4 takes five times as long as Pillow's 6 (0.4 s instead of 0.08 s for 384x256 pixels) and gains 0.1 to
    # 0.2 dB. libavif's own choice, tune=iq, loses 0.3 dB and .006 of MS-SSIM at 1,000 bytes; psnr and ssim are equal.
    # One thread, so that the bytes do not depend on the machine.
    Codec("AVIF", "AVIF", AVIF_OPTIONS, WHOLE_QUALITIES),
    # x265's own tuning loses 0.4 dB, tune=ssim 0.5 and 0.3; presets from slow to placebo are within 0.1.
    Codec("HEIC", "HEIF", HEIC_OPTIONS, WHOLE_QUALITIES),
    # IntraPeriod 1 leaves the patterns of a group of pictures out of the stream: 130 bytes. Its perceptual quantiser is
    # off (vvc.py), as PSNR chooses here. Preset slow takes 1.8 times as long and gains less than 0.1 dB.
    Codec("VVC", "", VVC_OPTIONS, QUANTISERS, 2),
)
PLUGINS = {
    "JPEG XL": ("pillow_jxl", "pillow-jxl-plugin"),  # its import registers the format with Pillow
    "HEIC": ("pillow_heif", "pillow-heif"),
    "VVC": ("imageio_ffmpeg", "imageio-ffmpeg"),
}
