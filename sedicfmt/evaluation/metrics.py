"""How far a decoded picture is from its photo by MS-SSIM, which like PSNR (`picture.psnr`) needs no downloaded network.

Both take what a viewer sees, two 8-bit RGB pictures of one size, never floats before rounding, so that a codec cannot
gain by values that its file does not hold. MS-SSIM needs the `eval` extra.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from sedicfmt.installing import install_extra

from ..errors import EncodeError, MissingDependency
from ..picture import PEAK, Picture, check_pair

SUFFIXES = {".png", ".webp", ".jpg", ".jpeg"}
WINDOW, LEVELS = 11, 5
SMALLEST_SIDE = (WINDOW - 1) * 2 ** (LEVELS - 1) + 1  # the window must fit the picture after four halvings


def load_picture(path: Path) -> Picture:
    """The picture in a file as it is compared: uint8 RGB, shape (height, width, 3)."""
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def find_photos(folder: Path) -> list[Path]:
    """The pictures in `folder` by name. Raises EncodeError where there is none."""
    found = sorted(p for p in folder.glob("*") if p.suffix.lower() in SUFFIXES)
    if not found:
        raise EncodeError(f"no picture ({', '.join(sorted(SUFFIXES))}) in {folder}")
    return found


def ms_ssim(a: Picture, b: Picture) -> float:
    """Multi-scale structural similarity, without unit, 1.0 for equal pictures (Wang, Simoncelli and Bovik, 2003).

    `a` and `b`: uint8, shape (height, width, 3), each side at least 161. Five scales with the paper's weights and an
    11-tap Gaussian of deviation 1.5, the mean over the RGB channels, computed in float32 by pytorch-msssim (float64
    takes three times as long and differs by less than 1e-6). A factor below zero (an inverted structure) counts as zero.
    Raises EncodeError for other shapes, types or smaller pictures, MissingDependency without pytorch-msssim.
    """
    check_pair(a, b)
    if min(a.shape[:2]) < SMALLEST_SIDE:
        raise EncodeError(f"MS-SSIM needs sides of at least {SMALLEST_SIDE} pixels, not {a.shape[1]}x{a.shape[0]}")
    torch, library = _ms_ssim_library()
    planes = [torch.from_numpy(np.ascontiguousarray(p.transpose(2, 0, 1)[None])).float() for p in (a, b)]
    with torch.no_grad():
        return float(library.ms_ssim(*planes, data_range=PEAK, win_size=WINDOW))


def _ms_ssim_library() -> tuple[Any, Any]:
    """torch and pytorch_msssim, imported at the first use: torch takes seconds and most callers never need it."""
    try:
        import pytorch_msssim
        import torch
    except ModuleNotFoundError as missing:
        raise MissingDependency(f"MS-SSIM needs {missing.name}: {install_extra('eval')}") from missing
    return torch, pytorch_msssim
