"""What the coders of masks code: the cells of a bitmap as plain bytes, and the same as an array for everybody else.

A few thousand cells need no array library, and to import numpy takes a command like sedic-inspect longer than all its work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Bitmap: TypeAlias = "NDArray[np.uint8]"
"""(rows, columns), values 0 and 1."""


class Cells(NamedTuple):
    """A bitmap: `values` has one byte, 0 or 1, for each cell in raster order; `shape` is (rows, columns), 1 or more each."""

    values: bytes
    shape: tuple[int, int]

    def array(self) -> Bitmap:
        """The same as an array of its own, uint8 of `shape`."""
        import numpy as np

        return np.frombuffer(bytearray(self.values), np.uint8).reshape(self.shape)


def cells_of(bitmap: Bitmap) -> Cells:
    """The cells of an array (rows, columns), uint8 0/1."""
    rows, columns = bitmap.shape
    return Cells(bitmap.tobytes(), (rows, columns))


def joined(bitmaps: list[Cells]) -> Cells:
    """The cells that any of the bitmaps has, one or more of one shape."""
    together = 0
    for bitmap in bitmaps:
        together |= int.from_bytes(bitmap.values, "little")
    return Cells(together.to_bytes(len(bitmaps[0].values), "little"), bitmaps[0].shape)
