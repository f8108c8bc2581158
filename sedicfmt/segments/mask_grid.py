"""Between pixels and mask cells: one cell stands for scale x scale pixels, fewer at the right and bottom border."""

from __future__ import annotations

import numpy as np

from sedicfmt.bitcoding.bitmap import Bitmap
from sedicfmt.errors import EncodeError
from sedicfmt.model import grid_shape


def downscale(mask_pixels: Bitmap, scale: int) -> Bitmap:
    """Cells, uint8 0/1, of full-size pixels (height, width) of bool or 0/1.

    A cell is 1 where at least half of the pixels that it has are. An object too thin for that gets its fullest cell,
    the first in raster order of several: an object is never lost.
    """
    pixels = np.asarray(mask_pixels).astype(bool)
    filled, present = _cell_sums(pixels, scale), _cell_sums(np.ones_like(pixels), scale)
    cells = (2 * filled >= present).astype(np.uint8)
    if filled.any() and not cells.any():
        # Fullest by share, not by count: a border cell of three pixels, two of them set, is fuller than 5 of 64.
        cells.flat[np.argmax(filled / present)] = 1
    return cells


def upscale(cells: Bitmap, scale: int, width: int, height: int) -> Bitmap:
    """Full-size pixels, uint8 0/1 (height, width): each its cell's value. EncodeError if `cells` is no such grid."""
    if cells.shape != grid_shape(scale, width, height):
        raise EncodeError(f"cells of shape {cells.shape} are no grid of scale {scale} for {width}x{height} pixels")
    return cells.repeat(scale, axis=0).repeat(scale, axis=1)[:height, :width].astype(np.uint8)


def _cell_sums(pixels: np.ndarray, scale: int) -> np.ndarray:
    """Number of set pixels in every cell, int64."""
    rows, columns = (np.arange(0, side, scale) for side in pixels.shape)
    return np.add.reduceat(np.add.reduceat(pixels, rows, axis=0, dtype=np.int64), columns, axis=1)
