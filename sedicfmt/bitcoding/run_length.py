"""Run lengths of a bitmap, each told relative to the row above (spec clauses M-6 to M-13).

A bitmap in raster order is a list of *changes*: the cells whose value differs from the cell before (before the first
stands a 0). The length of a run is the distance between two changes. Outlines of objects run down through the rows, so
a change most often stands one row below an earlier change of the same kind, shifted as that one was shifted against
its own predecessor. What is coded is the run's length minus the length which that predicts: small numbers around zero,
as Exp-Golomb codes of order 0. Nothing is coded for rows without a change nor for the ends of rows, and the list needs
no end mark: behind the data there are only zeros, in which no code begins.

Two bits in front are the encoder's choice per bitmap: whether runs go down the columns instead, and whether a change is
expected to keep its whole shift (straight outlines at full size) or half of it (coarse grids). The shortest of the four
wins. Objects of photos take two fifths (1/8 grid) or a fifth (full size) of the bytes of plain Golomb-Rice coded runs
(docs/masks.md).
"""

from __future__ import annotations

from itertools import pairwise

from sedicfmt.bitcoding.bit_io import bits_of, bytes_of, exp_golomb
from sedicfmt.bitcoding.bitmap import Cells
from sedicfmt.errors import LimitExceeded, Malformed

MAX_CHANGES = 1 << 16  # more is noise, no object; keeps the slowest decode to about a second
MAX_SHIFT = 8  # cells; a change that jumped farther belongs to another part of the outline and predicts no slope
FREE_ORDER = 3  # Exp-Golomb order of the runs that nothing above predicts
MAX_PREFIX = 27  # zeros before a code: 8192x8192 cells need no more


def encode(cells: Cells) -> bytes:
    """The one payload of a bitmap. Raises LimitExceeded for over MAX_CHANGES changes either way."""
    payloads = []
    for columns in (0, 1):
        changes = _changes(cells, columns)
        if len(changes) <= MAX_CHANGES:
            shape = cells.shape[::-1] if columns else cells.shape
            codes = [f"{columns}{whole}" + _encode_changes(changes, shape, whole) for whole in (0, 1)]
            payloads += [bytes_of(code) for code in codes]
    if not payloads:
        raise LimitExceeded(f"the bitmap has more than {MAX_CHANGES} runs along rows and along columns")
    return min(payloads, key=len)  # the first of the shortest: rows before columns, half before whole


def decode(data: bytes, shape: tuple[int, int]) -> Cells:
    """The bitmap of `shape` that `data` holds. Raises Malformed where `data` is not what `encode` gives for it."""
    if data.endswith(b"\0"):  # as the comparison below would find, only at the price of a bitmap
        raise Malformed("run lengths: a zero byte at the end", offset=len(data) - 1)
    bits = bits_of(data).ljust(2, "0")
    columns, whole = int(bits[0]), int(bits[1])
    h, w = shape
    if columns:
        values = _filled_down(_decode_changes(bits, (w, h), whole), h, w)
    else:
        values = _filled_along(_decode_changes(bits, (h, w), whole), h * w)
    cells = Cells(values, shape)
    if encode(cells) != data:
        raise Malformed("run lengths: not the canonical payload of its bitmap", offset=0)
    return cells


def count_changes(data: bytes, cells: Cells) -> int:
    """How many changes `data` has, given the bitmap that it says."""
    return len(_changes(cells, int(data[:1] >= b"\x80")))


def _changes(cells: Cells, columns: int) -> list[int]:
    """Places of the cells that differ from the cell before, counted along the rows or down the columns.

    Not all of them where they are more than MAX_CHANGES.
    """
    return _changes_down(*cells) if columns else _changes_along(cells.values)


def _changes_along(values: bytes) -> list[int]:
    found: list[int] = []
    place, value = values.find(1), 1
    while place >= 0 and len(found) <= MAX_CHANGES:
        found.append(place)
        value ^= 1
        place = values.find(value, place)
    return found


def _changes_down(values: bytes, shape: tuple[int, int]) -> list[int]:
    """Found row by row, most of which are as the row above: to turn a large bitmap takes longer than all the rest."""
    h, w = shape
    rows = [values[start : start + w] for start in range(0, h * w, w)]
    found = [0] if values[0] else []
    found += [(column + 1) * h for column in _differences(rows[-1][:-1], rows[0][1:])]  # at the start of a column
    for row, (above, below) in enumerate(pairwise(rows), 1):
        found += [column * h + row for column in _differences(above, below)]
        if len(found) > MAX_CHANGES:
            break
    return sorted(found)


def _differences(a: bytes, b: bytes) -> list[int]:
    """The places at which two strings of bytes 0 and 1, of one length, differ."""
    if a == b:
        return []
    differ = (int.from_bytes(a, "little") ^ int.from_bytes(b, "little")).to_bytes(len(a), "little")
    found, place = [], differ.find(1)
    while place >= 0:
        found.append(place)
        place = differ.find(1, place + 1)
    return found


def _filled_along(changes: list[int], size: int) -> bytes:
    """The values of `size` cells with these changes along the rows."""
    runs = [end - start for start, end in pairwise([0, *changes, size])]
    return b"".join(VALUES[i & 1] * run for i, run in enumerate(runs))


def _filled_down(changes: list[int], h: int, w: int) -> bytes:
    """The values of h rows of w cells with these changes down the columns."""
    rows = [_filled_along([-(-change // h) for change in changes], w)]
    flips: list[list[int]] = [[] for _ in range(h)]  # of each row, the columns that differ from the row above
    for change in changes:
        flips[change % h].append(change // h)
    for columns in flips[1:]:
        row = bytearray(rows[-1])
        for column in columns:
            row[column] ^= 1
        rows.append(bytes(row) if columns else rows[-1])
    return b"".join(rows)


class _Outline:
    """The changes so far, and where the next one is expected.

    `lean[i]` is the shift expected of the change below change i. `above` holds, for each parity, the first change that
    can still stand above the next one; it only ever moves forward, so that all searches together take one pass.
    """

    def __init__(self, first: int, width: int, whole: int):
        self.changes, self.lean, self.above = [first], [0], [0, 1]
        self.width, self.whole = width, whole

    def expected(self, last_cell: int) -> int:
        """Position expected of the next change, at most `last_cell`; -1 where no change above it predicts one."""
        changes, index, width = self.changes, len(self.changes), self.width
        previous, q = changes[-1], self.above[index & 1]
        while q < index and changes[q] + width <= previous:
            q += 2
        self.above[index & 1] = q
        return min(max(changes[q] + width + self.lean[q], previous + 1), last_cell) if q < index else -1

    def append(self, change: int) -> None:
        """Take in the next change; `expected` was asked before."""
        q = self.above[len(self.changes) & 1]
        shift = change - self.changes[q] - self.width if q < len(self.changes) else 0
        if not -MAX_SHIFT <= shift <= MAX_SHIFT:
            shift = 0
        elif not self.whole:
            shift = shift // 2 if shift > 0 else -(-shift // 2)
        self.changes.append(change)
        self.lean.append(shift)


def _encode_changes(changes: list[int], shape: tuple[int, ...], whole: int) -> str:
    h, w = shape
    first_bits = (h * w).bit_length()
    if not changes:
        return "0" * first_bits
    outline, codes = _Outline(changes[0], w, whole), [f"{changes[0] + 1:0{first_bits}b}"]
    for change in changes[1:]:
        previous, expected = outline.changes[-1], outline.expected(h * w - 1)
        if expected < 0:
            codes.append(exp_golomb(change - previous - 1, FREE_ORDER))
        else:
            codes.append(exp_golomb(_fold(change, previous, expected), 0))
        outline.append(change)
    return "".join(codes)


def _decode_changes(bits: str, shape: tuple[int, int], whole: int) -> list[int]:
    h, w = shape
    position = 2 + (h * w).bit_length()
    first = int(bits[2:position].ljust(position - 2, "0"), 2) - 1
    if first < 0:
        return []
    if first >= h * w:
        raise Malformed("run lengths: the first change lies outside the bitmap", offset=0)
    outline = _Outline(first, w, whole)
    while (one := bits.find("1", position)) >= 0:
        previous, expected = outline.changes[-1], outline.expected(h * w - 1)
        value, position = _read_code(bits, position, one, 0 if expected >= 0 else FREE_ORDER)
        change = _unfold(value, previous, expected) if expected >= 0 else previous + 1 + value
        if change >= h * w:
            raise Malformed("run lengths: a run past the end of the bitmap", offset=position // 8)
        outline.append(change)
        if len(outline.changes) > MAX_CHANGES:
            raise LimitExceeded(f"run lengths: more than {MAX_CHANGES} runs", offset=position // 8)
    return outline.changes


def _read_code(bits: str, position: int, one: int, order: int) -> tuple[int, int]:
    """(value, position behind it) of the Exp-Golomb code at `position` whose first 1 is at `one`."""
    prefix = one - position
    if prefix > MAX_PREFIX:
        raise Malformed("run lengths: a number longer than any bitmap", offset=position // 8)
    end = one + prefix + order + 1
    return int(bits[one:end].ljust(end - one, "0"), 2) - (1 << order), end


def _fold(change: int, previous: int, expected: int) -> int:
    """Error of the expectation as a number from 0: 0, +1, -1, +2, -2 … and on upwards once `previous` is reached."""
    error, room = change - expected, expected - previous - 1
    if error > room:
        return room + error
    return 2 * error - 1 if error > 0 else -2 * error


def _unfold(value: int, previous: int, expected: int) -> int:
    """The change that `_fold` gave `value` for."""
    if value > 2 * (expected - previous - 1):
        return previous + 1 + value
    return expected + ((value + 1) // 2 if value & 1 else -(value // 2))


VALUES = (b"\0", b"\1")
