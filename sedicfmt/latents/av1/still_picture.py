"""Model `av1`: pictures <-> AV1 frames of the settings that spec clause A-2 fixes, by the codecs that Pillow brings (libavif).

AV1 decoding is exact by AV1's own specification; the samples are then converted to RGB by libavif. Where memory runs out the
library mostly says the same as of a damaged frame: whether it was that is asked of the system afterwards.
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, features

from sedicfmt.errors import BackendFailed, LimitExceeded, Malformed, MissingDependency
from sedicfmt.guard import lacks_memory
from sedicfmt.installing import pip_install
from sedicfmt.latents.av1.avif_file import obus_of, wrap
from sedicfmt.latents.av1.obus import frame_of

STEPS = 63  # quality steps 0 (worst) to 62; the 64th is another, lossless mode


def require_avif() -> None:
    """Raises MissingDependency where this Pillow cannot read and write AVIF."""
    if not features.check("avif"):
        raise MissingDependency(f"the model av1 needs a Pillow with AVIF: {pip_install('pillow>=12.2')}")


def encode(picture: Image.Image, step: int, speed: int) -> bytes:
    """RGB picture -> the content of its frame OBU, the same bytes for the same libaom.

    `step`: of quality, 0 to STEPS - 1; `speed`: libaom's, 0 (slow) to 10. Raises MissingDependency, BackendFailed,
    LimitExceeded out of memory.
    """
    require_avif()
    stream = io.BytesIO()
    try:
        picture.save(stream, "AVIF", quality=round(step * 100 / STEPS), speed=speed, **OPTIONS)
        return frame_of(obus_of(stream.getvalue()), *picture.size)
    except (Malformed, OSError, ValueError, RuntimeError) as error:
        require_memory(error, *picture.size)
        raise BackendFailed(f"this Pillow's AVIF encoder does not make what model av1 needs: {error}") from error


def decode(frame: bytes, width: int, height: int) -> NDArray[np.uint8]:
    """Frame OBU content -> uint8 RGB (height, width, 3).

    Raises MissingDependency, BackendFailed for what AV1 refuses, LimitExceeded out of memory.
    """
    require_avif()
    try:
        with Image.open(io.BytesIO(wrap(frame, width, height)), formats=["AVIF"]) as image:
            pixels = np.asarray(image.convert("RGB"))
    except Exception as error:  # Pillow raises many kinds for bytes that its decoder refuses
        require_memory(error, width, height)
        raise BackendFailed(f"this decoder of AV1 paints no picture of the frame: {error}") from error
    if pixels.shape != (height, width, 3):
        raise BackendFailed(f"an AV1 frame of {pixels.shape[1]}x{pixels.shape[0]} pixels, not {width}x{height}")
    return pixels


def require_memory(error: Exception, width: int, height: int) -> None:
    """Raises LimitExceeded where `error` tells of a lack of memory, or there is too little for so many pixels."""
    lacking = lacks_memory(error)
    try:
        np.empty(BYTES_A_PIXEL * width * height + LIBRARY_BYTES, np.uint8)  # asked for, not touched
    except MemoryError:
        lacking = True
    if lacking:
        raise LimitExceeded(f"not enough memory for an AV1 frame of {width}x{height} pixels") from error


BYTES_A_PIXEL, LIBRARY_BYTES = 24, 8 << 20  # what decoding takes, measured: some 17 a pixel
# 4:4:4, since at a third of a photo's size colour at half of that is too coarse (spec/rationale.md). tune=ssim loses no PSNR
# (evaluation/classical.py). One thread, so that the bytes do not depend on the machine. The rest is libaom's own choice
# for small pictures, named so that the sequence header stays that of A-2.
OPTIONS: dict[str, Any] = {
    "codec": "aom",
    "subsampling": "4:4:4",
    "range": "full",
    "max_threads": 1,
    "autotiling": False,
    "advanced": {
        "tune": "ssim", "sb-size": "64", "enable-cdef": "0", "enable-restoration": "0", "enable-chroma-deltaq": "0",
        "enable-filter-intra": "1", "enable-intra-edge-filter": "1",
    },
}  # fmt: skip
