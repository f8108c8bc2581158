"""A byte-oriented range coder with carry: symbols of integer frequencies in, bytes out, and back (spec clause L-2).

The state is an interval [low, low + range) of 32-bit fractions of what was written so far. A symbol with cumulative
frequency `start` and frequency `size`, of a total of 2^16, narrows it:

    r = range >> 16;  low += r * start;  range = r * size;  while range < 2^24: the top byte of low goes out

The last interval is named by its shortest number: the fewest bytes that, continued by zeros for ever, lie inside; zero
bytes at the end are left out as well. So finishing costs less than two bytes, and what a reader misses behind the end of
its data it takes as zero. One list of symbols has one byte string, and readers hold files to it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from sedicfmt.errors import Malformed

PRECISION = 16
TOTAL = 1 << PRECISION
TOP, BOTTOM = 1 << 32, 1 << 24


class RangeEncoder:
    """Collects symbols; `finish` gives the bytes."""

    def __init__(self) -> None:
        self.low, self.range, self.out = 0, TOP - 1, bytearray()

    def encode(self, start: int, size: int) -> None:
        """Narrow the interval to [start, start + size) of 2^16; size >= 1."""
        r = self.range >> PRECISION
        self.low += r * start
        self.range = r * size
        while self.range < BOTTOM:
            self._shift()

    def _shift(self) -> None:
        if self.low >= TOP:
            self._carry()
        self.out.append(self.low >> 24)
        self.low = (self.low << 8) & (TOP - 1)
        self.range <<= 8

    def _carry(self) -> None:
        self.low -= TOP
        at = len(self.out) - 1
        while self.out[at] == 0xFF:
            self.out[at] = 0
            at -= 1
        self.out[at] += 1

    def finish(self) -> bytes:
        """The shortest bytes inside the last interval, without zeros at the end."""
        for bits in (32, 24, 16, 8, 0):
            mask = (1 << bits) - 1
            value = (self.low + mask) & ~mask
            if value < self.low + self.range:
                break
        self.low = value
        for _ in range(4):
            self.range = BOTTOM  # the shift only has to move low out
            self._shift()
        return bytes(self.out).rstrip(b"\0")


class RangeDecoder:
    """Gives back the symbols of `RangeEncoder`; never fails for lack of data, but see `segments.latent` for the check."""

    def __init__(self, data: bytes):
        self.data, self.position, self.range = data, 4, TOP - 1
        self.code = int.from_bytes(data[:4].ljust(4, b"\0"), "big")

    def decode(self, cumulative: Sequence[int]) -> int:
        """The next symbol's index in a table of cumulative frequencies, from 0 up to 2^16.

        Raises Malformed where the bytes name no symbol.
        """
        r = self.range >> PRECISION
        target = self.code // r
        if target >= TOTAL:
            raise Malformed("no symbol has this code", offset=min(self.position, len(self.data)))
        symbol = bisect_right(cumulative, target) - 1
        start = cumulative[symbol]
        self.code -= r * start
        self.range = r * (cumulative[symbol + 1] - start)
        while self.range < BOTTOM:
            byte = self.data[self.position] if self.position < len(self.data) else 0
            self.code = (self.code << 8) | byte
            self.range <<= 8
            self.position += 1
        return symbol
