"""Cells of a mask, one by one, at frozen odds (spec clauses M-19 to M-23).

    data = the cells in raster order, by the range coder

What a cell's odds are the frozen tree says: a few questions about the cells before it, about the bitmap's border, and
about the masks that came earlier in the file (`context_tree`). Nothing is learnt on the way: an object at the 1/8 grid
is over before that pays. Where nothing is left to tell, cells cost next to nothing and zero bytes at the end are left out.
"""

from __future__ import annotations

from collections.abc import Generator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sedicfmt.bitcoding import context_tree
from sedicfmt.bitcoding.bitmap import Cells
from sedicfmt.bitcoding.context_planes import Planes, offset
from sedicfmt.bitcoding.range_coder import RangeDecoder, RangeEncoder
from sedicfmt.errors import LimitExceeded, Malformed
from sedicfmt.limits import MAX_CODED_CELLS, MAX_OBJECTS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def encode(cells: Cells, earlier: Cells | None = None) -> bytes:
    """The one data of a bitmap, behind the union of `earlier` masks of the same shape.

    Raises LimitExceeded for more than MAX_CODED_CELLS cells.
    """
    _check_cells(cells.shape)
    planes, encoder = Planes(cells.shape, earlier), RangeEncoder()
    planes.fill(cells)
    encoder.encode_bits(cells.values, _frequencies(planes).tolist())
    return encoder.finish()


def decode(data: bytes, shape: tuple[int, int], earlier: Cells | None = None) -> Cells:
    """The bitmap of `shape` that `data` holds, behind the same `earlier` masks.

    Raises Malformed where `data` is not what `encode` gives for it, LimitExceeded for more than MAX_CODED_CELLS cells.
    """
    _check_cells(shape)
    decoder, planes = RangeDecoder(data), Planes(shape, earlier)
    decoder.decode_bits(_unfolding(planes))
    if not decoder.is_finished():
        raise Malformed("contexts: not the canonical data of its bitmap", offset=0)
    return planes.cells()


def _check_cells(shape: tuple[int, int]) -> None:
    if shape[0] * shape[1] > MAX_CODED_CELLS:
        raise LimitExceeded(f"contexts for {shape[0]}x{shape[1]} cells: more than {MAX_CODED_CELLS}")


def _frequencies(planes: Planes) -> NDArray[np.int32]:
    """The frequency of a 1 for every cell in raster order: all cells go down the tree together."""
    import numpy as np

    tree, positions, bits = context_tree.load(), planes.positions(), np.frombuffer(planes.bits, bool)
    frequencies = np.zeros(planes.size, np.int32)
    pending = [(0, positions)]
    while pending:
        node, cells = pending.pop()
        test = tree.tests[node]
        if test is None:
            frequencies[cells] = tree.ones[node]
        elif len(cells):
            answers = bits[cells + offset(test, planes.stride, planes.size)]
            pending += [(tree.yes[node], cells[answers]), (node + 1, cells[~answers])]
    return frequencies[positions]


def _unfolding(planes: Planes) -> Generator[int, int, None]:
    """The frequency of a 1 for one cell after another, which is sent in turn: each goes down the tree by itself."""
    root, bits = _questions(planes.stride, planes.size), planes.bits
    begun = False
    for row in planes.rows():
        for position in row:
            node = root
            while behind := node[2]:  # by its number: some twenty times a cell
                node = node[bits[position + behind]]
            if (yield node[0]):
                bits[position] = 1
                if not begun:
                    begun = True
                    planes.begin(position)


@lru_cache(maxsize=MAX_OBJECTS)
def _questions(stride: int, size: int) -> Any:
    """The tree for one shape of planes, as nested tuples: (the node for "no", that for "yes", how far behind the cell's byte
    that of the question stands); a leaf is (frequency, frequency, 0), where no question stands."""
    tree = context_tree.load()
    nodes: list[Any] = [None] * len(tree.tests)
    for node in reversed(range(len(nodes))):  # what a node leads to stands behind it
        test, ones = tree.tests[node], tree.ones[node]
        nodes[node] = (nodes[node + 1], nodes[tree.yes[node]], offset(test, stride, size)) if test else (ones, ones, 0)
    return nodes[0]
