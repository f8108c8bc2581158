"""What the questions of the context tree look at, as one byte string: four bitmaps with a border around each.

    c  the cells, as far as they are known      o  1 outside the bitmap
    e  the union of the earlier masks           b  1 behind the first 1 of the cells, in raster order

With the border no question asks where the bitmap ends, and a question is a distance between two bytes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sedicfmt.bitcoding.bitmap import Bitmap
from sedicfmt.bitcoding.context_tree import KINDS, REACH_COLUMNS, REACH_ROWS, Test


class Planes:
    """`bits` holds the four planes, uint8 0/1, for a bitmap of `shape` (h, w); `cells` is the part for its cells."""

    def __init__(self, shape: tuple[int, ...], earlier: Bitmap | None = None):
        h, w = shape
        self.stride, height = w + 2 * REACH_COLUMNS, h + 2 * REACH_ROWS
        self.size = self.stride * height
        planes = np.zeros((len(KINDS), height, self.stride), np.uint8)
        inside = planes[:, REACH_ROWS:-REACH_ROWS, REACH_COLUMNS:-REACH_COLUMNS]
        planes[1] = 1
        inside[1] = 0
        if earlier is not None:
            inside[2] = earlier
        self.bits, self.cells = planes.ravel(), inside[0]

    def fill(self, bitmap: Bitmap) -> None:
        """Make all cells known."""
        self.cells[:] = bitmap
        first = self.bits[: self.size].argmax()
        if self.bits[first]:
            self.bits[3 * self.size + first + 1 :] = 1

    def begin(self, bits: bytearray, position: int) -> None:
        """Say in a copy of `bits` that the first 1 stands at `position`."""
        behind = 3 * self.size + position + 1
        bits[behind:] = b"\1" * (len(bits) - behind)

    def offset(self, test: Test) -> int:
        """How far behind a cell's byte that of the question stands."""
        kind, row, column = test
        return KINDS.index(kind) * self.size + row * self.stride + column

    def positions(self) -> NDArray[np.int64]:
        """Where the cells stand in `bits`, in raster order."""
        h, w = self.cells.shape
        rows = (np.arange(h) + REACH_ROWS) * self.stride + REACH_COLUMNS
        return (rows[:, None] + np.arange(w)).ravel()
