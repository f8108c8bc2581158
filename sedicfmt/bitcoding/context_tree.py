"""The frozen tree that gives each cell of a mask its probability (spec clauses M-19 to M-21).

The tree is data (`spec/tables/mask_contexts.txt`), fitted once and never changed. It is written in preorder, one node a
line; lines that begin with `#` are comments:

    c ROW COLUMN    a question: is the cell ROW rows and COLUMN columns away a 1?     (before the cell in raster order)
    o ROW COLUMN    a question: does that place lie outside the bitmap?
    e ROW COLUMN    a question: is it a 1 in the union of the earlier masks?
    b 0 0           a question: is any cell before this one, in raster order, a 1?
    p FREQUENCY     a leaf: a 1 has this frequency of 2^16

Behind a question stand the nodes for "no", then those for "yes". Some 1,500 leaves are all that the masks of a
hundred photos can teach; deep templates of a fixed shape have more contexts than the photos have outlines.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from sedicfmt.bitcoding.range_coder import TOTAL
from sedicfmt.bitcoding.spec_tables import read_lines

FILE = "mask_contexts.txt"
CELL, OUTSIDE, EARLIER, BEGUN = KINDS = "coeb"
LEAF = "p"
REACH_ROWS, REACH_COLUMNS = 6, 10  # no question looks farther

Test = tuple[str, int, int]  # kind, row, column


@dataclass(frozen=True)
class ContextTree:
    """Node i: `tests[i]` with the next node for "no" and node `yes[i]` for "yes"; at a leaf None and `ones[i]`."""

    tests: tuple[Test | None, ...]
    yes: tuple[int, ...]
    ones: tuple[int, ...]


@cache
def load() -> ContextTree:
    """The tree that ships with the package, read on first use. Raises BackendFailed."""
    return parse(read_lines(FILE))


def parse(lines: Iterable[str]) -> ContextTree:
    """Read the lines of a table file. ValueError if it is not one."""
    tests: list[Test | None] = []
    yes: list[int] = []
    ones: list[int] = []
    without_yes: list[int] = []  # questions whose branch for "no" is being read
    missing = 1  # branches that are still to come
    for line in lines:
        if not line or line.startswith("#"):
            continue
        kind, *numbers = line.split(" ")
        values, node = [int(number) for number in numbers], len(tests)
        if not missing:
            raise ValueError("nodes behind the tree")
        missing += -1 if kind == LEAF else 1
        tests.append(None if kind == LEAF else _test(kind, *values))
        ones.append(_frequency(*values) if kind == LEAF else 0)
        yes.append(0)
        if kind != LEAF:
            without_yes.append(node)
        elif without_yes:
            yes[without_yes.pop()] = node + 1
    if missing:
        raise ValueError("the tree is not complete")
    return ContextTree(tuple(tests), tuple(yes), tuple(ones))


def _test(kind: str, row: int, column: int) -> Test:
    if kind not in KINDS or abs(row) > REACH_ROWS or abs(column) > REACH_COLUMNS:
        raise ValueError(f"no question: {kind} {row} {column}")
    if kind == CELL and (row, column) >= (0, 0):
        raise ValueError(f"cell {row} {column} is not known before the cell itself")
    return kind, row, column


def _frequency(ones: int) -> int:
    if not 0 < ones < TOTAL:
        raise ValueError(f"a frequency of {ones}")
    return ones
