"""The connected parts of a mask: ones that touch by their sides, and, where it is asked for, by their corners.

A row's ones are runs. Runs of rows that follow each other and touch are one part; each part takes the number of its first run,
found by hooking the later of two roots to the earlier and shortening the ways until nothing changes (Shiloach and Vishkin
1982). So the work is that of the runs, whatever the picture's size.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sedicfmt.picture import Pixels

Whole = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Parts:
    """`areas`: each part's pixels, in the order of first pixels; `at_edge`: whether it touches the picture's edge; `of_run`:
    the part of each run of ones, which is in one of `rows`, from `starts` to before `ends`."""

    shape: tuple[int, int]
    rows: Whole
    starts: Whole
    ends: Whole
    of_run: Whole
    areas: Whole
    at_edge: NDArray[np.bool_]

    def painted(self, chosen: NDArray[np.bool_]) -> Pixels:
        """uint8 (h, w) of 0 and 1: the chosen parts alone."""
        runs = chosen[self.of_run]
        steps = np.zeros((self.shape[0], self.shape[1] + 1), np.int8)
        steps[self.rows[runs], self.starts[runs]] = 1
        steps[self.rows[runs], self.ends[runs]] = -1  # no run starts where another ends
        return np.ascontiguousarray(np.cumsum(steps, axis=1, dtype=np.int8)[:, :-1]).view(np.uint8)


def connected_parts(mask: Pixels, corners: bool = False) -> Parts:
    """The parts of what is not 0 in a mask (h, w); `corners`: pixels that touch by a corner are connected."""
    height, width = mask.shape
    rows, starts, ends = _runs(mask)
    _, of_run = np.unique(_roots(len(rows), *_touching(rows, starts, ends, int(corners), width)), return_inverse=True)
    areas = np.bincount(of_run, ends - starts).astype(np.int64)
    at_edge = np.zeros(len(areas), bool)
    at_edge[of_run[(rows == 0) | (rows == height - 1) | (starts == 0) | (ends == width)]] = True
    return Parts((height, width), rows, starts, ends, of_run, areas, at_edge)


def _runs(mask: Pixels) -> tuple[Whole, Whole, Whole]:
    """Row, first column and the column after the last of each run of what is not 0."""
    bordered = np.zeros((mask.shape[0], mask.shape[1] + 2), np.int8)
    bordered[:, 1:-1] = mask != 0
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
