"""The frozen table of the word coder: entries (words and phrases) with their codes, and three letter codes.

The table is data (`spec/tables/text_words.txt`), fitted once and never changed: a change would change what old files
say. Its lines are

    # comment
    <code length> TAB entry TAB entry ...        entries in the order of their codes; symbol numbers count through
    letters TAB <context> TAB 130 code lengths   symbols 0..127 ASCII, 128 end of the word, 129 a Unicode code point

Entries in braces are not text but steer the decoder: `{gap}`, `{case}`, `{upper}`, `{spell}`.

Spec: clause T-5. The tool build_text_table makes the file; a test holds its SHA-256.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from sedicfmt.bitcoding.canonical_huffman import CanonicalCode
from sedicfmt.bitcoding.spec_tables import read_lines
from sedicfmt.bitcoding.text_items import STEERING

FILE = "text_words.txt"
LETTER_CONTEXTS = 3
END, UNICODE = 128, 129  # of the letter alphabet
LETTER_SYMBOLS = 130


class TextTable:
    """`entries[symbol]` is what a symbol stands for; `symbols` is the inverse, without the steering symbols."""

    def __init__(self, entries: list[str], lengths: list[int], letter_lengths: list[list[int]]):
        self.entries = entries
        self.code = CanonicalCode(lengths)
        self.letters = [CanonicalCode(row) for row in letter_lengths]
        self.symbols = dict(zip(entries, range(len(entries)), strict=True))
        self.gap, self.case, self.upper, self.spell = (self.symbols.pop(name) for name in STEERING)
        self.steering = frozenset((self.gap, self.case, self.upper, self.spell))
        self.longest = max(map(len, entries))  # characters


def letter_context(previous: str) -> int:
    """[T-11] Which letter code comes after `previous`: 1 after a-z, 2 after A-Z, 0 after all else and at the start."""
    if "a" <= previous <= "z":
        return 1
    return 2 if "A" <= previous <= "Z" else 0


@cache
def load() -> TextTable:
    """The table that ships with the package, read on first use. Raises BackendFailed."""
    return parse(read_lines(FILE))


def parse(lines: Iterable[str]) -> TextTable:
    """Read the lines of a table file. ValueError or KeyError if it is not one."""
    entries: list[str] = []
    lengths: list[int] = []
    letters: list[list[int]] = []
    for line in lines:
        head, *fields = line.split("\t")
        if head == "letters":
            letters.append([int(number) for number in fields[1].split(" ")])
        elif head and not head.startswith("#"):
            entries += fields
            lengths += [int(head)] * len(fields)
    return TextTable(entries, lengths, letters)


def write(entries: list[str], lengths: list[int], letter_lengths: list[list[int]], comment: str) -> str:
    """The text of a table file. Entries are put in the order of (length, entry), which makes it canonical."""
    lines = [f"# {line}" for line in comment.splitlines()]
    for length in sorted(set(lengths)):
        group = sorted(entry for entry, n in zip(entries, lengths, strict=True) if n == length)
        lines.append("\t".join([str(length), *group]))
    for context, row in enumerate(letter_lengths):
        lines.append("\t".join(["letters", str(context), " ".join(map(str, row))]))
    return "\n".join(lines) + "\n"
