"""A mask's cells as one SVG path, whose unit is a cell."""

from __future__ import annotations

import numpy as np

from sedicfmt.model import Bitmap

MOST_CELLS = 1 << 14  # of a mask as it is drawn; a finer one is drawn coarser


def drawn(cells: Bitmap) -> tuple[Bitmap, int]:
    """The mask at a size that a page can hold, and how many cells a side one of its cells stands for.

    A coarse cell is set where any of its fine ones is.
    """
    step = 1
    while -(-cells.shape[0] // step) * -(-cells.shape[1] // step) > MOST_CELLS:
        step *= 2
    rows, columns = (-(-side // step) for side in cells.shape)
    whole = np.zeros((rows * step, columns * step), np.uint8)
    whole[: cells.shape[0], : cells.shape[1]] = cells
    return whole.reshape(rows, step, columns, step).max((1, 3)), step


def path(cells: Bitmap, step: int = 1) -> str:
    """The `d` of an SVG path that covers the set cells: a rectangle for each run of a row; `step` units a cell."""
    parts = []
    for row, line in enumerate(cells):
        edges = np.flatnonzero(np.diff(line, prepend=0, append=0))
        for begin, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            parts.append(f"M{begin * step} {row * step}h{(end - begin) * step}v{step}h{(begin - end) * step}z")
    return "".join(parts)


def middle(cells: Bitmap) -> tuple[float, float]:
    """Where its number stands: the set cell nearest to the mean of all, as (x, y) in cells; the grid's middle if none is."""
    rows, columns = np.nonzero(cells)
    if not len(rows):
        return cells.shape[1] / 2, cells.shape[0] / 2
    nearest = np.argmin((rows - rows.mean()) ** 2 + (columns - columns.mean()) ** 2)
    return float(columns[nearest]) + 0.5, float(rows[nearest]) + 0.5
