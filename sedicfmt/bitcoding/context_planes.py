"""What the questions of the context tree look at, as one byte string: four bitmaps with a border around each.

    c  the cells, as far as they are known      o  1 outside the bitmap
    e  the union of the earlier masks           b  1 behind the first 1 of the cells, in raster order

With the border no question asks where the bitmap ends, and a question is a distance between two bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sedicfmt.bitcoding.bitmap import Cells
from sedicfmt.bitcoding.context_tree import KINDS, REACH_COLUMNS, REACH_ROWS, Test

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Planes:
    """`bits` holds the four planes, a byte 0 or 1 a place, for a bitmap of `shape` (h, w)."""

    def __init__(self, shape: tuple[int, int], earlier: Cells | None = None):
        h, w = self.shape = shape
        self.stride = w + 2 * REACH_COLUMNS
        self.size = self.stride * (h + 2 * REACH_ROWS)
        nothing = bytes(self.size)
        outside, others = self._framed(bytes(h * w), 1), self._framed(earlier.values, 0) if earlier else nothing
        self.bits = bytearray(nothing + outside + others + nothing)

    def _framed(self, values: bytes, border: int) -> bytes:
        """One plane: the values of all cells within a border."""
        h, w = self.shape
        side, above = bytes([border]) * REACH_COLUMNS, bytes([border]) * (REACH_ROWS * self.stride)
        rows = (values[start : start + w] for start in range(0, h * w, w))
        return above + side + (side + side).join(rows) + side + above

    def fill(self, cells: Cells) -> None:
        """Make all cells known."""
        self.bits[: self.size] = self._framed(cells.values, 0)
        first = self.bits.find(1, 0, self.size)
        if first >= 0:
            self.begin(first)

    def begin(self, position: int) -> None:
        """Say that the first 1 stands at `position`."""
        behind = 3 * self.size + position + 1
        self.bits[behind:] = b"\1" * (len(self.bits) - behind)

    def cells(self) -> Cells:
        """The part for the cells."""
        return Cells(b"".join(self.bits[row.start : row.stop] for row in self.rows()), self.shape)

    def rows(self) -> list[range]:
        """Where the cells of each row stand in `bits`."""
        h, w = self.shape
        starts = (row * self.stride + REACH_COLUMNS for row in range(REACH_ROWS, REACH_ROWS + h))
        return [range(start, start + w) for start in starts]

    def positions(self) -> NDArray[np.int64]:
        """Where the cells stand in `bits`, in raster order."""
        import numpy as np

        starts = np.array([row.start for row in self.rows()])
        return (starts[:, None] + np.arange(self.shape[1])).ravel()


def offset(test: Test, stride: int, size: int) -> int:
    """How far behind a cell's byte that of the question stands, in planes of `size` bytes and `stride` a row."""
    kind, row, column = test
    return KINDS.index(kind) * size + row * stride + column
