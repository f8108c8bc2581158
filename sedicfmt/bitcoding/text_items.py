"""The items of a text, which both word coders send: what a decoder makes of them.

A text is a sequence of items, each `[gap] [case | upper] entry` or `[gap] spell letter... end`:

    entry   a word or phrase of the coder's vocabulary, for example `dog` or `in the background`
    gap     the space before the item is not as text_rules expects: present where none was expected, or the reverse
    case    the entry's first letter is not as expected: capital inside a sentence, as written at its start
    upper   the whole entry in capitals (only for an entry without A-Z)
    spell   the item is no entry: its characters follow one by one, exactly as they are, then `end`

How entries and letters become bits is the coders' matter: word_huffman.py, word_contexts.py.

Spec: clauses T-9 to T-11.
"""

from __future__ import annotations

from typing import Protocol

from sedicfmt import limits
from sedicfmt.bitcoding.text_rules import implies_capital, implies_space, upper, upper_first
from sedicfmt.errors import LimitExceeded, Malformed

GAP, CASE, UPPER, SPELL = STEERING = ("{gap}", "{case}", "{upper}", "{spell}")
CODE_POINT_BITS = 21  # of a spelled character that is not ASCII
LARGEST_CODE_POINT = 0x10FFFF


class ItemReader(Protocol):
    """Where items come from. Both raise Malformed or Truncated."""

    def entry(self) -> str | None:
        """The next entry or one of STEERING; None where the text has ended."""

    def letter(self, previous: str) -> str:
        """The next character of a spelled item behind `previous` ("" at its start); "" where the item ends."""

    @property
    def offset(self) -> int:
        """The byte of the payload that is being read."""


def read_text(reader: ItemReader) -> str:
    """[T-9] The text of all items. Raises what the reader raises, Malformed, and LimitExceeded over MAX_TEXT_BYTES."""
    text, size = "", 0
    while True:
        start, entry = reader.offset, reader.entry()
        if entry is None:
            return text
        item = _read_item(reader, entry, text, start)
        text += item
        size += len(item.encode())
        if size > limits.MAX_TEXT_BYTES:
            raise _too_long(start)


def _read_item(reader: ItemReader, entry: str | None, before: str, start: int) -> str:
    """[T-9] One item, whose first entry is `entry`, as the characters that it adds to the text `before`."""
    flip_gap = entry == GAP
    if flip_gap:
        entry = reader.entry()
    word = _read_letters(reader) if entry == SPELL else _read_entry(reader, entry, implies_capital(before))
    if not word:
        raise Malformed("a spelled word without letters, or one steering symbol too many", offset=start)
    return " " * (implies_space(before, word[0]) != flip_gap) + word


def _read_entry(reader: ItemReader, entry: str | None, capital: bool) -> str:
    """[T-10] An entry in its letters' case, after `case` or `upper` where `entry` is one; "" if none follows."""
    steering = entry if entry in (CASE, UPPER) else None
    if steering is not None:
        entry = reader.entry()
    if entry is None or entry in STEERING:
        return ""
    if steering == UPPER:
        return upper(entry)
    return upper_first(entry) if capital != (steering == CASE) else entry


def _read_letters(reader: ItemReader) -> str:
    """[T-11] Characters up to the item's end, no more of them than a text may have bytes."""
    letters = ""
    while len(letters) <= limits.MAX_TEXT_BYTES:
        letter = reader.letter(letters[-1:])
        if not letter:
            return letters
        letters += letter
    raise _too_long(reader.offset)


def code_point(value: int, offset: int) -> str:
    """[T-11] The character of a code point. Raises Malformed for what is no Unicode scalar value."""
    if value > LARGEST_CODE_POINT or 0xD800 <= value <= 0xDFFF:
        raise Malformed(f"{value:#x} is no Unicode scalar value", offset=offset)
    return chr(value)


def _too_long(offset: int) -> LimitExceeded:
    return LimitExceeded(f"the text is longer than {limits.MAX_TEXT_BYTES} bytes", offset=offset)
