"""Parts of a picture: a model that looks only so far around a place (`RestorationModel.reach`) need not see the whole.

    tiles    a picture of more than TILE pixels a side is restored part by part: each is kept, and its surroundings looked at,
             so that memory is bounded by the tile and the picture is the same whatever the tiles
    object   a stage of Algorithm 1 changes nothing outside its mask, so the model is asked of the mask's surroundings alone

A window's edges are whole multiples of the model's `multiple`, where the picture does not end there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sedicfmt.decoders.interfaces import Array
from sedicfmt.decoders.orag.arrays import copied

TILE = 768  # pixels of what is kept, a side; with its surroundings some 450 MB for the bundled restorer


@dataclass(frozen=True)
class Window:
    """Rows `top` to `bottom` and columns `left` to `right`, as slices; of pixels, or of a latent's positions."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def slices(self) -> tuple[slice, slice]:
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def of(self, x: Array) -> Array:
        """That part of an array (..., rows, columns)."""
        return x[(..., *self.slices)]

    def put(self, x: Array, part: Array) -> Array:
        """A copy of `x` with `part` in its place."""
        changed = copied(x)
        changed[(..., *self.slices)] = part
        return changed

    def within(self, other: Window) -> tuple[slice, slice]:
        """Where this window stands in an array that is the other one's."""
        return (
            slice(self.top - other.top, self.bottom - other.top),
            slice(self.left - other.left, self.right - other.left),
        )

    def grown(self, by: int, multiple: int, rows: int, columns: int) -> Window:
        """With `by` more on each side, out to whole multiples, as far as there is something."""
        first = [max(0, (edge - by) // multiple * multiple) for edge in (self.top, self.left)]
        last = [-(-(edge + by) // multiple) * multiple for edge in (self.bottom, self.right)]
        return Window(first[0], min(last[0], rows), first[1], min(last[1], columns))


def whole(rows: int, columns: int) -> Window:
    """All of a grid."""
    return Window(0, rows, 0, columns)


def around(inside: NDArray[np.bool_]) -> Window:
    """The smallest window that holds all that is true of (rows, columns); there is something."""
    rows, columns = (np.flatnonzero(inside.any(axis)) for axis in (1, 0))
    return Window(int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1)


def tiles(height: int, width: int, reach: int, multiple: int, side: int = TILE) -> Iterator[tuple[Window, Window]]:
    """(what is looked at, what of it is kept) in raster order; what is kept covers the picture once. In pixels."""
    side = max(multiple, side // multiple * multiple)
    for top in range(0, height, side):
        for left in range(0, width, side):
            kept = Window(top, min(top + side, height), left, min(left + side, width))
            yield kept.grown(reach, multiple, height, width), kept
