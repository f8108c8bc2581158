"""Cells of a mask, one by one, at frozen odds (spec clauses M-19 to M-23).

    data = two bits that say how the bitmap is turned, then its cells in raster order, by the range coder

What a cell's odds are the frozen tree says: a few questions about the cells before it, about the bitmap's border, and
about the masks that came earlier in the file (`context_tree`). Nothing is learnt on the way: an object at the 1/8 grid
is over before that pays. The encoder tries four ways to turn the bitmap, rows or columns, downwards or upwards, and
takes the shortest. Where nothing is left to tell, cells cost next to nothing and zero bytes at the end are left out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sedicfmt.bitcoding import context_tree
from sedicfmt.bitcoding.context_planes import Bitmap, Planes
from sedicfmt.bitcoding.range_coder import HALF, RangeDecoder, RangeEncoder
from sedicfmt.errors import LimitExceeded, Malformed

MAX_CELLS = 1 << 20  # each costs some steps in Python, five times over: to decode it, and to try the turns for M-4
TURNS = range(4)  # 2 * (along columns) + (upwards)


def encode(bitmap: Bitmap, earlier: Bitmap | None = None) -> bytes:
    """The one data of `bitmap` (h, w), uint8 0/1, behind the union of `earlier` masks of the same shape.

    Raises LimitExceeded for more than MAX_CELLS cells.
    """
    _check_cells(bitmap.shape)
    return min((_encode_turned(bitmap, earlier, turn) for turn in TURNS), key=len)  # the first of the shortest


def decode(data: bytes, shape: tuple[int, int], earlier: Bitmap | None = None) -> Bitmap:
    """The bitmap of `shape` that `data` holds, behind the same `earlier` masks.

    Raises Malformed where `data` is not what `encode` gives for it, LimitExceeded for more than MAX_CELLS cells.
    """
    _check_cells(shape)
    decoder = RangeDecoder(data)
    turn = 2 * decoder.decode_bit(HALF) + decoder.decode_bit(HALF)
    planes = Planes(shape[::-1] if turn & 2 else shape, None if earlier is None else turned(earlier, turn))
    bitmap = turned_back(_decode_cells(decoder, planes), turn)
    if encode(bitmap, earlier) != data:
        raise Malformed("contexts: not the canonical data of its bitmap", offset=0)
    return bitmap


def turned(bitmap: Bitmap, turn: int) -> Bitmap:
    """Lines in the order that they are coded in: the columns if turn & 2, the last first if turn & 1 (M-21)."""
    lines = bitmap.T if turn & 2 else bitmap
    return lines[::-1] if turn & 1 else lines


def turned_back(lines: Bitmap, turn: int) -> Bitmap:
    """The bitmap whose `turned` is `lines`."""
    lines = lines[::-1] if turn & 1 else lines
    return np.ascontiguousarray(lines.T if turn & 2 else lines)


def _check_cells(shape: tuple[int, ...]) -> None:
    if shape[0] * shape[1] > MAX_CELLS:
        raise LimitExceeded(f"contexts for {shape[0]}x{shape[1]} cells: more than {MAX_CELLS}")


def _encode_turned(bitmap: Bitmap, earlier: Bitmap | None, turn: int) -> bytes:
    cells = turned(bitmap, turn)
    planes = Planes(cells.shape, None if earlier is None else turned(earlier, turn))
    planes.fill(cells)
    encoder = RangeEncoder()
    encoder.encode_bits((turn >> 1, turn & 1), (HALF, HALF))
    encoder.encode_bits(cells.ravel().tolist(), _frequencies(planes).tolist())
    return encoder.finish()


def _frequencies(planes: Planes) -> NDArray[np.int32]:
    """The frequency of a 1 for every cell in raster order: all cells go down the tree together."""
    tree, positions = context_tree.load(), planes.positions()
    frequencies = np.zeros(planes.size, np.int32)
    pending = [(0, positions)]
    while pending:
        node, cells = pending.pop()
        test = tree.tests[node]
        if test is None:
            frequencies[cells] = tree.ones[node]
        elif len(cells):
            answers = planes.bits[cells + planes.offset(test)].view(bool)
            pending += [(tree.yes[node], cells[answers]), (node + 1, cells[~answers])]
    return frequencies[positions]


def _decode_cells(decoder: RangeDecoder, planes: Planes) -> Bitmap:
    """One cell after another goes down the tree; a frequency of 0 marks a question."""
    tree = context_tree.load()
    yes, ones, bits, decode_bit = tree.yes, tree.ones, bytearray(planes.bits), decoder.decode_bit
    offsets = [planes.offset(test) if test else 0 for test in tree.tests]
    begun = False
    for position in planes.positions().tolist():
        node = 0
        while not ones[node]:
            node = yes[node] if bits[position + offsets[node]] else node + 1
        if decode_bit(ones[node]):
            bits[position] = 1
            if not begun:
                begun = True
                planes.begin(bits, position)
    h, w = planes.cells.shape
    return np.frombuffer(bits, np.uint8)[planes.positions()].reshape(h, w)
