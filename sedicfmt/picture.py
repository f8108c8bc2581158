"""A picture as every stage has it, and how near two of them are.

What crosses the border between stages is numpy: uint8 RGB, row 0 at the top. Nothing here reads or writes files
(`pipeline/picture.py` does).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sedicfmt.errors import EncodeError

Picture = NDArray[np.uint8]
"""RGB, shape (height, width, 3)."""
Pixels = NDArray[np.uint8]
"""A mask, shape (height, width), values 0 and 1."""

PEAK = 255.0
BAND = 256  # rows compared at a time: a photo of 64 megapixels need not be in memory several times


def psnr(a: Picture, b: Picture) -> float:
    """Peak signal-to-noise ratio in dB, 10 log10(255^2 / mse), the mean squared error over all pixels and channels.

    `a` and `b`: uint8, shape (height, width, 3). Equal pictures give infinity. One mse over the three channels
    together, as CompressAI and the Kodak tables of learned codecs have it, not the mean of three PSNRs nor luma alone.
    Raises EncodeError where shapes or types are not these.
    """
    check_pair(a, b)
    bands = [slice(row, row + BAND) for row in range(0, len(a), BAND)]
    mse = sum(int(np.square(a[band].astype(np.int32) - b[band]).sum(dtype=np.int64)) for band in bands) / a.size
    return math.inf if mse == 0 else 10 * math.log10(PEAK**2 / mse)


def check_pair(a: Picture, b: Picture, smallest: int = 1) -> None:
    """Raises EncodeError unless both are 8-bit RGB pictures of one size, with sides of at least `smallest`."""
    for picture in (a, b):
        if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3 or not picture.size:
            raise EncodeError(f"an 8-bit RGB picture is expected, not {picture.dtype} of shape {picture.shape}")
    if a.shape != b.shape:
        raise EncodeError(f"pictures of one size are compared, not {a.shape[1::-1]} with {b.shape[1::-1]}")
    if min(a.shape[:2]) < smallest:
        raise EncodeError(f"this metric needs sides of at least {smallest} pixels, not {a.shape[1]}x{a.shape[0]}")
