"""VTM, the reference software of H.266/VVC, where its programs are on PATH: 4:4:4, as published curves have it.

A "file" is the bare stream of one intra picture; a receiver must know that the samples are BT.709's YCbCr at full range, 8
bits in, as CompressAI's benchmark feeds it. The encoder needs its configuration `encoder_intra_vtm.cfg`: its path stands in
the environment variable VTM_CONFIG, else it is looked for beside the program and in `../cfg`.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..errors import BackendFailed, MissingDependency
from .programs import find_program, run_program

WHOSE = "VTM"
ENCODERS, DECODERS = ("EncoderApp", "EncoderAppStatic"), ("DecoderApp", "DecoderAppStatic")
CONFIG = "encoder_intra_vtm.cfg"
HEAD = 4  # bytes before the stream, width and height: a bare stream is decoded to samples without a size


def encode(image: Image.Image, quality: float, options: Mapping[str, Any]) -> bytes:
    """The stream of an RGB picture at quantiser `quality` (0 … 63, finest first), after width and height, 2 bytes each."""
    encoder = find_program(ENCODERS, WHOSE)
    with tempfile.TemporaryDirectory() as folder:
        samples, made = Path(folder) / "picture.yuv", Path(folder) / "picture.vvc"
        samples.write_bytes(to_planes(np.asarray(image, np.float64)))
        size = ["-wdt", image.width, "-hgt", image.height, "-fr", 1, "-f", 1]
        kind = ["--InputChromaFormat=444", "--InputBitDepth=8", "--ConformanceWindowMode=1"]
        command = [encoder, "-i", samples, "-c", config(encoder), "-q", int(quality), "-o", os.devnull, "-b", made]
        run_program([*command, *size, *kind], WHOSE)
        if not made.is_file():
            raise BackendFailed(f"{WHOSE} wrote no stream")
        return image.width.to_bytes(2, "big") + image.height.to_bytes(2, "big") + made.read_bytes()


def decode(data: bytes, options: Mapping[str, Any]) -> Image.Image:
    """The RGB picture in what `encode` made."""
    decoder = find_program(DECODERS, WHOSE)
    width, height = (int.from_bytes(data[i : i + 2], "big") for i in (0, 2))
    with tempfile.TemporaryDirectory() as folder:
        stream, samples = Path(folder) / "picture.vvc", Path(folder) / "picture.yuv"
        stream.write_bytes(data[HEAD:])
        run_program([decoder, "-b", stream, "-o", samples, "-d", 8], WHOSE)
        if not samples.is_file() or samples.stat().st_size != 3 * width * height:
            raise BackendFailed(f"{WHOSE} wrote no samples of {width}x{height}")
        return Image.fromarray(from_planes(samples.read_bytes(), width, height))


def version() -> str:
    """The encoder by the digest of its program. Raises MissingDependency."""
    program = Path(find_program(ENCODERS, WHOSE))
    return f"{program.name} {hashlib.sha256(program.read_bytes()).hexdigest()[:12]}"


def config(encoder: str) -> Path:
    """The encoder's configuration. Raises MissingDependency."""
    beside = Path(encoder).resolve().parent
    places = [Path(os.environ["VTM_CONFIG"])] if os.environ.get("VTM_CONFIG") else []
    for path in (*places, beside / CONFIG, beside.parent / "cfg" / CONFIG):
        if path.is_file():
            return path
    raise MissingDependency(f"{WHOSE} needs {CONFIG}; name its path in VTM_CONFIG")


def to_planes(pixels: NDArray[np.float64]) -> bytes:
    """RGB in 0 .. 255, (height, width, 3) -> planes Y, Cb, Cr of 8 bits."""
    planes = np.moveaxis(pixels @ TO_YCC.T, -1, 0) + np.array([0, 128, 128])[:, None, None]
    return np.clip(np.rint(planes), 0, 255).astype(np.uint8).tobytes()


def from_planes(data: bytes, width: int, height: int) -> NDArray[np.uint8]:
    """What `to_planes` made -> RGB, uint8, (height, width, 3)."""
    planes = np.frombuffer(data, np.uint8).reshape(3, height, width).astype(np.float64)
    pixels = np.moveaxis(planes - np.array([0, 128, 128])[:, None, None], 0, -1) @ np.linalg.inv(TO_YCC).T
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8)


# ITU-R BT.709 at full range, chroma around zero
RED, GREEN, BLUE = 0.2126, 0.7152, 0.0722
TO_YCC = np.array(
    [
        [RED, GREEN, BLUE],
        [-RED / (2 - 2 * BLUE), -GREEN / (2 - 2 * BLUE), 0.5],
        [0.5, -GREEN / (2 - 2 * RED), -BLUE / (2 - 2 * RED)],
    ]
)
