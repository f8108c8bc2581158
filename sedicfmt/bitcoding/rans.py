"""The reading side of CompressAI's entropy coder: rANS with a state of 64 bits and words of 32 (spec clauses K-4 to K-6).

A string is a sequence of 32-bit words, little-endian. The first two are the state, low word first. A symbol takes 16 bits off
the state and puts back what its frequency leaves; where the state falls below 2^31, the next word goes below it. The encoder,
which works from the last symbol to the first, begins with the state 2^31 and no word. So a reader must end there; one that
went by other tables than the encoder ends there by a chance of one in 2^31. (Other bits may well be other values, all right.)

CompressAI's own reader has no bounds: it runs over the end of a string. This one reads what anybody may have sent.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from sedicfmt.errors import Malformed

PRECISION = 16
LEAST, ABOVE = 1 << 31, 1 << 63  # the state is in LEAST .. ABOVE - 1
ESCAPE_BITS = 4
MOST_MAGNITUDE = 32767  # of a value, as L-3 has it
MOST_NIBBLES = 5  # of an escape's number, which is below 2^17
MOST_OFFSET = (1 << 15) - 1  # of a table's first value: values are 16 bits (K-7)


@dataclass(frozen=True)
class Tables:
    """For each index its cumulative frequencies, 0 to 65536 strictly rising, the last interval an escape; and the value of
    the first interval.

    Raises ValueError for tables that are none.
    """

    rows: Sequence[Sequence[int]]
    firsts: Sequence[int]

    def __post_init__(self) -> None:
        for row in self.rows:
            rises = all(a < b for a, b in pairwise(row))
            if len(row) < 3 or row[0] != 0 or row[-1] != 1 << PRECISION or not rises:
                raise ValueError("a table's frequencies do not rise from 0 to 65536")
        if len(self.firsts) != len(self.rows):
            raise ValueError(f"{len(self.rows)} tables with {len(self.firsts)} offsets")
        if any(abs(first) > MOST_OFFSET for first in self.firsts):
            raise ValueError(f"a table's offset is over {MOST_OFFSET}")


class RansReader:
    """Values of one string, in order. Raises Malformed for a string that no encoder made."""

    def __init__(self, data: bytes):
        if len(data) < 8 or len(data) % 4:
            raise Malformed(f"a string of {len(data)} bytes; it has two words of four or more (K-4)")
        self.words = struct.unpack(f"<{len(data) // 4}I", data)
        self.state, self.at = self.words[0] | self.words[1] << 32, 2
        if not LEAST <= self.state < ABOVE:
            raise Malformed("the first state is outside its bounds (K-4)")

    def take(self, tables: Tables, indexes: Iterable[int]) -> list[int]:
        """A value by the table of each index (K-5)."""
        return [self._value(tables.rows[index], tables.firsts[index]) for index in indexes]

    def finish(self) -> None:
        """Raises Malformed unless the string ends as its encoder began (K-6)."""
        if self.state != LEAST or self.at != len(self.words):
            raise Malformed("the string does not end where its last value does (K-6)")

    def _value(self, row: Sequence[int], first: int) -> int:
        low = self.state & 0xFFFF
        symbol = bisect_right(row, low) - 1
        self.state = (row[symbol + 1] - row[symbol]) * (self.state >> PRECISION) + low - row[symbol]
        self._refill()
        escape = len(row) - 2
        value = first + (symbol if symbol < escape else self._escaped(escape))
        if abs(value) > MOST_MAGNITUDE:
            raise Malformed(f"a value of {value} (K-5)")
        return value

    def _escaped(self, escape: int) -> int:
        """What an escape stands for, from the first value on: below 0, or from `escape` on."""
        count = self._bits()
        if count > MOST_NIBBLES:
            raise Malformed("a value over the limit (K-5)")
        number = sum(self._bits() << ESCAPE_BITS * i for i in range(count))
        if count and not number >> ESCAPE_BITS * (count - 1):
            raise Malformed("an escape with more digits than its number has (K-5)")
        return -(number >> 1) - 1 if number & 1 else escape + (number >> 1)

    def _bits(self) -> int:
        value: int = self.state & 0xF
        self.state >>= ESCAPE_BITS
        self._refill()
        return value

    def _refill(self) -> None:
        if self.state < LEAST:
            if self.at == len(self.words):
                raise Malformed("the string ends before its values do (K-5)")
            self.state = self.state << 32 | self.words[self.at]
            self.at += 1
