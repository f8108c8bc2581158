"""H.266/VVC for single pictures: VVenC and a decoder of its own, both in the ffmpeg that the package imageio-ffmpeg brings.

No library writes VVC into an image file yet, so a "file" is the bare stream of one intra picture: access unit delimiter
off, parameter sets and slice in. It says its size, not its colours: a receiver must know that they are JPEG's YCbCr at
full range, 4:2:0, as both sides here compute it (no scaler of ffmpeg has a hand in it). Chroma of half the size wants even
sides.

10 bits a sample, as VVenC codes them whatever it is given.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sedicfmt.installing import install_extra

from ..errors import BackendFailed, EncodeError, MissingDependency

Plane = NDArray[np.float32]
TOP = 1023.0  # of a sample of 10 bits


def encode(image: Image.Image, quality: float, options: Mapping[str, Any]) -> bytes:
    """The stream of an RGB picture of even sides at quantiser `quality` (0 … 63, finest first).

    `options`: "preset" and VVenC's own.
    Raises EncodeError for odd sides, MissingDependency without imageio-ffmpeg, BackendFailed where its ffmpeg cannot.
    """
    pixels = np.asarray(image, np.float32)
    if pixels.shape[0] % 2 or pixels.shape[1] % 2:
        raise EncodeError(f"VVC in 4:2:0 needs even sides, not {image.width}x{image.height}")
    inner = ":".join(f"{key}={value}" for key, value in options.items() if key != "preset")
    source = ["-f", "rawvideo", "-pix_fmt", "yuv420p10le", "-s", f"{pixels.shape[1]}x{pixels.shape[0]}", "-i", "-"]
    coder = [
        "-c:v",
        "libvvenc",
        "-preset",
        options["preset"],
        "-qpa",
        "0",
        "-qp",
        str(int(quality)),
        "-vvenc-params",
        inner,
    ]
    # VVenC writes its warnings to standard output: no place for the stream.
    with tempfile.TemporaryDirectory() as folder:
        stream = Path(folder) / "picture.vvc"
        run([*source, "-threads", "1", *coder, "-f", "vvc", str(stream)], to_samples(pixels))
        return stream.read_bytes()


def decode(data: bytes, options: Mapping[str, Any] | None = None) -> Image.Image:
    """The RGB picture in a stream, its sides even."""
    y4m = run(["-f", "vvc", "-i", "-", "-strict", "-1", "-f", "yuv4mpegpipe", "-"], data)
    head, _, rest = y4m.partition(b"\n")
    if not head.startswith(b"YUV4MPEG2"):
        raise BackendFailed("ffmpeg found no picture in a VVC stream")
    sides = {word[:1]: int(word[1:]) for word in head.split() if word[:1] in (b"W", b"H")}
    return Image.fromarray(from_samples(rest.partition(b"\n")[2], sides[b"W"], sides[b"H"]))


def version() -> str:
    """The package whose ffmpeg it is. Raises MissingDependency."""
    ffmpeg()
    return f"imageio-ffmpeg {metadata.version('imageio-ffmpeg')}"


def to_samples(pixels: Plane) -> bytes:
    """RGB in 0 .. 255, shape (height, width, 3), even sides -> planes Y, Cb, Cr of 10 bits in 16, little-endian."""
    luma, *chroma = np.moveaxis(pixels @ TO_YCC.T, -1, 0)
    size = (pixels.shape[1] // 2, pixels.shape[0] // 2)
    halves = [np.asarray(Image.fromarray(c).resize(size, Image.Resampling.BOX)) + 127.5 for c in chroma]
    return b"".join(np.clip(np.rint(p * (TOP / 255)), 0, TOP).astype("<u2").tobytes() for p in (luma, *halves))


def from_samples(data: bytes, width: int, height: int) -> NDArray[np.uint8]:
    """What `to_samples` made -> RGB, uint8, shape (height, width, 3); chroma is scaled up by a bicubic filter."""
    samples = np.frombuffer(data, "<u2", width * height * 3 // 2).astype(np.float32) * np.float32(255 / TOP)
    luma, chroma = np.split(samples, [width * height])
    halves = (chroma - np.float32(127.5)).reshape(2, height // 2, width // 2)
    whole = [np.asarray(Image.fromarray(c).resize((width, height), Image.Resampling.BICUBIC)) for c in halves]
    pixels = np.stack([luma.reshape(height, width), *whole], axis=-1) @ np.linalg.inv(TO_YCC).T.astype(np.float32)
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8)


def run(arguments: list[str], data: bytes) -> bytes:
    """What ffmpeg makes of `data`."""
    done = subprocess.run([ffmpeg(), "-v", "error", *arguments], input=data, capture_output=True)
    if done.returncode:
        raise BackendFailed(f"ffmpeg failed at VVC: {done.stderr.decode(errors='replace').strip()[:500]}")
    return done.stdout


def ffmpeg() -> str:
    """The path of imageio-ffmpeg's program."""
    try:
        import imageio_ffmpeg
    except ModuleNotFoundError as missing:
        raise MissingDependency(f"VVC needs imageio-ffmpeg: {install_extra('eval')}") from missing
    return imageio_ffmpeg.get_ffmpeg_exe()


# ITU-R BT.601 as in JPEG (T.871), chroma around zero
TO_YCC = np.array([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]], np.float32)
