"""The connected parts of a mask: ones that touch by their sides, and, where it is asked for, by their corners.

A row's ones are runs. Runs of rows that follow each other and touch are one part; each part takes the number of its first run,
found by hooking the later of two roots to the earlier and shortening the ways until nothing changes (Shiloach and Vishkin
1982). So the work is that of the runs, whatever the picture's size.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sedicfmt.picture import Pixels

Whole = NDArray[np.int64]


def connected_parts(mask: Pixels, corners: bool = False) -> tuple[NDArray[np.int32], int]:
    """uint8 (h, w) of 0 and 1 -> each pixel's part (int32, 0 for zeros, then from 1 on in the order of first pixels), and
    how many numbers there are, 0 among them."""
    rows, starts, ends = _runs(mask)
    roots = _roots(len(rows), *_touching(rows, starts, ends, int(corners), mask.shape[1]))
    found, number = np.unique(roots, return_inverse=True)
    steps = np.zeros((mask.shape[0], mask.shape[1] + 1), np.int32)
    steps[rows, starts] += number.astype(np.int32) + 1
    steps[rows, ends] -= number.astype(np.int32) + 1
    return np.cumsum(steps, axis=1, dtype=np.int32)[:, :-1], len(found) + 1


def _runs(mask: Pixels) -> tuple[Whole, Whole, Whole]:
    """Row, first column and the column after the last of each run of ones."""
    bordered = np.pad(mask.astype(np.int8), ((0, 0), (1, 1)))
    change = np.diff(bordered, axis=1)
    rows, starts = np.nonzero(change == 1)
    return rows, starts, np.nonzero(change == -1)[1]


def _touching(rows: Whole, starts: Whole, ends: Whole, reach: int, width: int) -> tuple[Whole, Whole]:
    """The pairs of runs, the upper one first, that touch across two rows; `reach`: 1 where corners count."""
    wide = width + 2  # so that places of two rows never mix
    above = (rows - 1) * wide
    first = np.searchsorted(rows * wide + ends, above + starts - reach, side="right")
    after = np.searchsorted(rows * wide + starts, above + ends + reach, side="left")
    count = np.maximum(after - first, 0)
    lower = np.repeat(np.arange(len(rows)), count)
    upper = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + np.repeat(first, count)
    return upper, lower


def _roots(count: int, upper: Whole, lower: Whole) -> Whole:
    """For each of `count` runs the first run of its part."""
    root = np.arange(count)
    while True:
        one, other = root[upper], root[lower]
        if (one == other).all():
            return root
        np.minimum.at(root, np.maximum(one, other), np.minimum(one, other))
        while (root != root[root]).any():
            root = root[root]
