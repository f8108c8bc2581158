"""The codecs that `.sedic` is shown beside: as Pillow and its plug-ins write them, and those with a module of their own
(vvc.py, bpg.py, vtm.py, compressai_models.py).

A size in bytes is the length of a complete file that any reader of the format opens, with its headers and without
metadata; VVC has no file format yet, and counts by its stream.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module, metadata
from typing import Any, Protocol

import numpy as np
import PIL
from PIL import Image, features

from sedicfmt.installing import install_extra, pip_install
from sedicfmt.picture import Picture

from ..errors import EncodeError, MissingDependency
from . import bpg, compressai_models, vtm, vvc


class Coder(Protocol):
    """What a codec that is none of Pillow's formats does; a module is one."""

    def encode(self, image: Image.Image, quality: float, options: Mapping[str, Any]) -> bytes:
        """A picture's file. Raises MissingDependency, BackendFailed."""

    def decode(self, data: bytes, options: Mapping[str, Any]) -> Image.Image:
        """The picture, RGB, in a file that `encode` made with the same options. Raises as it does."""

    def version(self) -> str:
        """The program or package that does it, with its version. Raises MissingDependency."""


@dataclass(frozen=True)
class Codec:
    """One format as Pillow writes it: `options` of `Image.save`, and the quality settings from worst to best.

    With a `coder` it is no format of Pillow's: `pillow_format` is empty, `options` are the coder's. Sides are multiples of
    `step`. `note`: what a reader of a table must know of its files.
    """

    name: str
    pillow_format: str
    options: Mapping[str, Any]
    qualities: Sequence[float]
    step: int = 1
    coder: Coder | None = None
    note: str = ""


def encode(image: Image.Image, codec: Codec, quality: float) -> bytes:
    """A complete file, without metadata."""
    _require(codec)
    if codec.coder:
        return codec.coder.encode(image, quality, codec.options)
    file = io.BytesIO()
    image.save(file, codec.pillow_format, quality=quality, **codec.options)
    return file.getvalue()


def decode(data: bytes, codec: Codec, shape: tuple[int, ...]) -> Picture:
    """The picture in `data` scaled up (Lanczos) to `shape` (height, width): uint8, shape (height, width, 3)."""
    _require(codec)
    if codec.coder:
        pixels = codec.coder.decode(data, codec.options)
    else:
        with Image.open(io.BytesIO(data), formats=[codec.pillow_format]) as image:
            pixels = image.convert("RGB")
    size = (shape[1], shape[0])
    return np.asarray(pixels if pixels.size == size else pixels.resize(size, Image.Resampling.LANCZOS))


def codec_named(name: str) -> Codec:
    """The codec with this name, whatever its case; `compressai:MODEL[:FOLDER]` for a model of CompressAI's.

    Raises EncodeError where there is none.
    """
    for codec in (*CODECS, *ON_PATH):
        if codec.name.lower() == name.lower():
            return codec
    kind, _, model = name.partition(":")
    if kind == "compressai" and model:
        options = compressai_models.options_of(model)
        qualities = compressai_models.qualities(options["model"])
        return Codec(name, "", options, qualities, coder=compressai_models, note=compressai_models.NOTE)
    known = ", ".join(codec.name for codec in (*CODECS, *ON_PATH))
    raise EncodeError(f"no codec {name!r}: {known}, compressai:MODEL[:FOLDER]")


def made_by(codec: Codec) -> str:
    """What writes the format, with its version: other versions write other bytes. Raises MissingDependency."""
    found = codec.coder.version() if codec.coder else VERSIONS[codec.name]()
    return f"{found}, Pillow {PIL.__version__}"


def _package(name: str) -> str:
    try:
        return f"{name} {metadata.version(name)}"
    except metadata.PackageNotFoundError as missing:
        raise MissingDependency(f"no {name}: {install_extra('eval')}") from missing


def _require(codec: Codec) -> None:
    """Raises MissingDependency with the command that installs the format."""
    if codec.name in PLUGINS:
        module, package = PLUGINS[codec.name]
        try:
            plugin = import_module(module)
        except ModuleNotFoundError as missing:
            raise MissingDependency(f"{codec.name} needs {package}: {install_extra('eval')}") from missing
        if codec.name == "HEIC":
            plugin.register_heif_opener()
    elif codec.pillow_format in ("WEBP", "AVIF") and not features.check(codec.pillow_format.lower()):
        raise MissingDependency(f"this Pillow was built without {codec.name}: {pip_install('pillow>=12.2')}")


# WebP's quantiser index grows with the cube root of its quality: cubes make even steps where whole numbers would leap,
# from 0 to 1 by two thirds of the file. AVIF takes whole numbers only. JPEG XL's 0 is its greatest distance,
# 25; its 100 means another, lossless mode.
WEBP_QUALITIES = tuple(round(100 * (i / 128) ** 3, 4) for i in range(129))
WHOLE_QUALITIES = tuple(range(101))
HALF_QUALITIES = tuple(i / 2 for i in range(199))
# Finer ones than 17 no budget of some kilobytes affords, and at 7 VVenC fails on some pictures of 64x42 pixels.
QUANTISERS = tuple(range(63, 16, -1))

# 4:4:4 instead of Pillow's 4:2:0 gains 0.12 to 0.15 dB at 700 to 1,000 bytes (spec/rationale.md, on CID22): subsampled
# once more, a photo of a third of its size has no colour left.
AVIF_OPTIONS = {"codec": "aom", "speed": 4, "max_threads": 1, "subsampling": "4:4:4", "advanced": {"tune": "ssim"}}
HEIC_OPTIONS = {"chroma": 420, "enc_params": {"preset": "veryslow", "tune": "psnr"}}
VVC_OPTIONS = {"preset": "medium", "IntraPeriod": 1, "AccessUnitDelimiter": 0}

# Settings were chosen on two or three photos of CLIC 2025 at 1,000 and 2,000 bytes (mean PSNR), never on Kodak.
CODECS = (
    # 4:4:4 gains 0.2 dB over Pillow's 4:2:0. The progressive kind pays for its scans: 0.9 and 0.4 dB worse.
    Codec("JPEG", "JPEG", {"optimize": True, "subsampling": "4:4:4"}, WHOLE_QUALITIES[1:96]),
    Codec("WebP", "WEBP", {"method": 6}, WEBP_QUALITIES),
    # Effort 9 gains 0.1 and 0.2 dB over 7 and takes 1.7 times as long.
    Codec("JPEG XL", "JXL", {"effort": 9, "num_threads": 0}, HALF_QUALITIES),
    # Speed 4 takes five times as long as Pillow's 6 (0.4 s instead of 0.08 s for 384x256 pixels) and gains 0.1 to
    # 0.2 dB. libavif's own choice, tune=iq, loses 0.3 dB and .006 of MS-SSIM at 1,000 bytes; psnr and ssim are equal.
    # One thread, so that the bytes do not depend on the machine.
    Codec("AVIF", "AVIF", AVIF_OPTIONS, WHOLE_QUALITIES),
    # x265's own tuning loses 0.4 dB, tune=ssim 0.5 and 0.3; 4:4:4 0.2 and 0.1; presets from slow to placebo are within 0.1.
    Codec("HEIC", "HEIF", HEIC_OPTIONS, WHOLE_QUALITIES, note="4:2:0"),
    # IntraPeriod 1 leaves the patterns of a group of pictures out of the stream: 130 bytes. Its perceptual quantiser is
    # off (vvc.py), as PSNR chooses here. Preset slow takes 1.8 times as long and gains less than 0.1 dB.
    Codec("VVC", "", VVC_OPTIONS, QUANTISERS, 2, vvc, "4:2:0; a bare stream, which does not say its colours"),
)
ON_PATH = (
    Codec("BPG", "", {"chroma": "444"}, tuple(range(51, -1, -1)), 1, bpg, "4:4:4, x265"),
    Codec("VTM", "", {}, tuple(range(63, 16, -1)), 1, vtm, "4:4:4; a bare stream, which does not say its colours"),
)
"""Programs of others, where they are found on PATH."""
VERSIONS: dict[str, Callable[[], str]] = {
    "JPEG": lambda: f"libjpeg-turbo {features.version('libjpeg_turbo')}",
    "WebP": lambda: f"libwebp {features.version('webp')}",
    "AVIF": lambda: f"libavif {features.version('avif')}",
    "JPEG XL": lambda: _package("pillow-jxl-plugin"),
    "HEIC": lambda: _package("pillow-heif"),
}
PLUGINS = {
    "JPEG XL": ("pillow_jxl", "pillow-jxl-plugin"),  # its import registers the format with Pillow
    "HEIC": ("pillow_heif", "pillow-heif"),
    "VVC": ("imageio_ffmpeg", "imageio-ffmpeg"),
}
