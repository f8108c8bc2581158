"""Cells of a mask, one by one, at frozen odds (spec clauses M-19 to M-23).

    data = the cells in raster order, by the range coder

What a cell's odds are the frozen tree says: a few questions about the cells before it, about the bitmap's border, and
about the masks that came earlier in the file (`context_tree`). Nothing is learnt on the way: an object at the 1/8 grid
is over before that pays. Where nothing is left to tell, cells cost next to nothing and zero bytes at the end are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sedicfmt.bitcoding import context_tree
from sedicfmt.bitcoding.bitmap import Cells
from sedicfmt.bitcoding.context_planes import Planes
from sedicfmt.bitcoding.range_coder import RangeDecoder, RangeEncoder
from sedicfmt.errors import LimitExceeded, Malformed
from sedicfmt.limits import MAX_CODED_CELLS

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
    _decode_cells(decoder, planes)
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
            answers = bits[cells + planes.offset(test)]
            pending += [(tree.yes[node], cells[answers]), (node + 1, cells[~answers])]
    return frequencies[positions]


def _decode_cells(decoder: RangeDecoder, planes: Planes) -> None:
    """One cell after another goes down the tree; a frequency of 0 marks a question."""
    tree = context_tree.load()
    yes, ones, bits, decode_bit = tree.yes, tree.ones, planes.bits, decoder.decode_bit
    offsets = [planes.offset(test) if test else 0 for test in tree.tests]
    begun = False
    for row in planes.rows():
        for position in row:
            node = 0
            while not ones[node]:
                node = yes[node] if bits[position + offsets[node]] else node + 1
            if decode_bit(ones[node]):
                bits[position] = 1
                if not begun:
                    begun = True
                    planes.begin(position)
