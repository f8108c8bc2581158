"""Generic region coding of ITU-T T.88 | ISO/IEC 14492, clause 6.2, arithmetic, template 0 (spec clauses M-14 to M-18).

Every cell is one decision of the MQ coder; its context is the value of the 16 cells drawn below (Figure 3, with the
adaptive cells A1 to A4 at their nominal places), which makes outlines, insides and outsides cheap after a few rows:

    A4  o  o  o A3
 A2  o  o  o  o  o A1         o: row above and the one above that; X: the cell coded
     o  o  o  o  X

Cells outside the bitmap are 0. MMR is 0, and so is TPGDON: to flag rows equal to the row above would mostly save time,
and taking long uniform stretches in one step (below) saves more. The payload is what a generic region segment holds,
in its shortest form without end marker (`MQEncoder.flush_shortest`); `jbig2_file` puts the marker back.

A context here has the upper row in bits 15-11, the middle one in 10-4 and the own row in 3-0, left cells higher. How
contexts are numbered never shows in the data, as all start alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sedicfmt.bitcoding.bitmap import Bitmap, Cells
from sedicfmt.bitcoding.mq_coder import MQDecoder, MQEncoder
from sedicfmt.errors import LimitExceeded, Malformed
from sedicfmt.limits import MAX_CODED_CELLS

if TYPE_CHECKING:
    import numpy as np

CONTEXTS = 1 << 16
PAD = 4  # zero cells beside a row, so that no window asks where the border is
SHIFT_OUT = 0x7BF7  # a context without the leftmost cell of each of its rows
BLACK = 0xFFFF  # the context inside an object


def encode(cells: Cells) -> bytes:
    """The one payload of a bitmap.

    Raises LimitExceeded for more than MAX_CODED_CELLS cells, and for one of the few bitmaps that have none: by M-17 theirs
    would be another bitmap's.
    """
    import numpy as np

    _check_cells(cells.shape)
    encoder, bitmap = MQEncoder(CONTEXTS), cells.array()
    decisions = (_contexts(bitmap) << 1 | bitmap).ravel()
    starts = np.flatnonzero(np.diff(decisions, prepend=-1))
    counts = np.diff(starts, append=decisions.size)
    for decision, count in zip(decisions[starts].tolist(), counts.tolist(), strict=True):
        encoder.encode_run(decision >> 1, decision & 1, count)
    data = encoder.flush_shortest()
    if data is None:
        raise LimitExceeded("a generic region cannot say this bitmap; another coder can")
    return data


def decode(data: bytes, shape: tuple[int, int]) -> Cells:
    """The bitmap of `shape` that `data` holds.

    Every decision is coded again as it is read. Raises Malformed where `data` is not what `encode` gives for the bitmap,
    LimitExceeded for more than MAX_CODED_CELLS cells.
    """
    _check_cells(shape)
    h, w = shape
    decoder, encoder = MQDecoder(data, CONTEXTS), MQEncoder(CONTEXTS)
    above2 = above1 = bytes(w + 2 * PAD)
    rows = []
    for _ in range(h):
        above2, above1 = above1, _decode_row(decoder, encoder, above2, above1, w)
        rows.append(above1[PAD:-PAD])
    if encoder.flush_shortest() != data:
        raise Malformed("generic region: not the canonical payload of its bitmap", offset=0)
    return Cells(b"".join(rows), shape)


def _check_cells(shape: tuple[int, int]) -> None:
    if shape[0] * shape[1] > MAX_CODED_CELLS:
        raise LimitExceeded(f"a generic region of {shape[0]}x{shape[1]} cells: more than {MAX_CODED_CELLS}")


def _contexts(bitmap: Bitmap) -> np.ndarray:
    """The context of every cell, int32 (h, w)."""
    import numpy as np

    h, w = bitmap.shape
    padded = np.pad(bitmap, ((2, 0), (PAD, PAD))).astype(np.int32)
    contexts = np.zeros((h, w), np.int32)
    for row, columns in ((0, range(-2, 3)), (1, range(-3, 4)), (2, range(-4, 0))):  # Figure 3
        for column in columns:
            contexts <<= 1
            contexts |= padded[row : row + h, PAD + column : PAD + column + w]
    return contexts


def _decode_row(decoder: MQDecoder, encoder: MQEncoder, above2: bytes, above1: bytes, width: int) -> bytes:
    """The next row, padded as the two rows above it are (6.2.5.7, GBTEMPLATE 0).

    `entering[x]` says which cells enter the context from above when cell x is done. While they are all 0 in a white
    surrounding (all 1 in a black one) the context stays, and the decoder takes as many cells at once as it can.
    """
    entering = _entering(above2[3 : 3 + PAD + width], above1[4 : 4 + PAD + width])
    decode, states, cells, context = decoder.decode, decoder.states, bytearray(PAD), 0
    for code in entering[:PAD]:
        context = (context & SHIFT_OUT) << 1 | ENTER[code]
    while (x := len(cells)) < PAD + width:
        value = context & 1
        taken = 0
        if (context == 0 or context == BLACK) and states[context] & 1 == value:
            taken = decoder.decode_run(context, _uniform(entering[x:], value))
            cells += UNIFORM_CELL[value] * taken
            encoder.encode_run(context, value, taken)
        if not taken:
            value = decode(context)
            cells.append(value)
            encoder.encode(context, value)
        context = (context & SHIFT_OUT) << 1 | ENTER[entering[len(cells) - 1]] | value
    return bytes(cells) + bytes(PAD)


def _entering(upper: bytes, middle: bytes) -> bytes:
    """2 * upper + middle of each pair of cells, all of a row at once: as no sum is over 3, none carries into another."""
    together = 2 * int.from_bytes(upper, "little") + int.from_bytes(middle, "little")
    return together.to_bytes(len(upper), "little")


def _uniform(entering: bytes, value: int) -> int:
    """How many cells from here on have the same uniform context of `value`, if they are all `value` themselves."""
    stays = len(entering) - len(entering.lstrip(UNIFORM_ENTERING[value]))
    return min(stays + 1, len(entering))


ENTER = (0, 1 << 4, 1 << 11, 1 << 11 | 1 << 4)  # by 2 * (cell of the upper row) + cell of the middle row
UNIFORM_ENTERING = (b"\0", b"\3")
UNIFORM_CELL = (b"\0", b"\1")
