"""Does a pattern of pitch 8 stand on a picture? What networks that paint in patches leave, and eyes see as a grid of dots.

A tile of 8x8 pixels that repeats has all its power at frequencies (k/8, l/8) cycles a pixel. A peak there is the power at such
a point beside what stands around it: near 1 in photos and in blurred pictures, hundreds where dots are seen.

    python -m sedicfmt.evaluation.grid PICTURE...
"""

from __future__ import annotations

import sys

import numpy as np

from sedicfmt.evaluation.metrics import load_picture
from sedicfmt.picture import Picture

PITCH = 8
LUMA = (0.299, 0.587, 0.114)  # BT.601
AROUND = [
    (i, j) for i in range(-6, 7) for j in range(-6, 7) if max(abs(i), abs(j)) > 2
]  # a window's own peak is 2 wide


def grid_peaks(picture: Picture) -> np.ndarray:
    """Power at (k/8, l/8) cycles a pixel beside the median around it, (8, 8), row k and column l; nan at (0, 0).

    picture: uint8 (height, width, 3), at least 64 pixels a side; it is cut to whole tiles and windowed (Hann).
    """
    height, width = (side // PITCH * PITCH for side in picture.shape[:2])
    luma = picture[:height, :width].astype(float) @ LUMA
    power = np.abs(np.fft.fft2((luma - luma.mean()) * np.hanning(height)[:, None] * np.hanning(width))) ** 2
    places = np.arange(PITCH)
    rows, columns = places[:, None] * height // PITCH, places * width // PITCH
    around = [power[(rows + i) % height, (columns + j) % width] for i, j in AROUND]
    peaks: np.ndarray = power[rows, columns] / np.maximum(np.median(around, axis=0), 1e-12)
    peaks[0, 0] = np.nan
    return peaks


def grid_peak(picture: Picture) -> float:
    """The usual peak: the median of `grid_peaks`, which a fence of that very pitch in a photo hardly moves."""
    return float(np.nanmedian(grid_peaks(picture)))


def main() -> None:
    """A line a picture."""
    from pathlib import Path

    for name in sys.argv[1:]:
        print(f"{grid_peak(load_picture(Path(name))):8.2f}  {name}")


if __name__ == "__main__":
    main()
