"""A byte-oriented range coder with carry: symbols of integer frequencies in, bytes out, and back (spec clause L-2).

The state is an interval [low, low + range) of 32-bit fractions of what was written so far. A symbol with cumulative
frequency `start` and frequency `size`, of a total of at most 2^16, narrows it:

    r = range // total;  low += r * start;  range = r * size;  while range < 2^24: the top byte of low goes out

The last interval is named by its shortest number: the fewest bytes that, continued by zeros for ever, lie inside; zero
bytes at the end are left out as well. So finishing costs less than two bytes, and what a reader misses behind the end of
its data it takes as zero. One list of symbols has one byte string, and readers hold files to it.

Bits have a step of their own (spec clause M-22): what `range >> 16` cuts off goes to the likelier value. Thousands of cells
that hardly hold news then cost nothing, where the step above would lose up to 1/256 of the interval for each.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Generator, Iterable, Sequence

from sedicfmt.errors import Malformed

PRECISION = 16
TOTAL = 1 << PRECISION
HALF = TOTAL // 2
TOP, BOTTOM = 1 << 32, 1 << 24


def first_interval(head: tuple[int, int] | None) -> tuple[int, int]:
    """Low and range at the beginning: everything, or what begins with the bits of `head`, at most 8."""
    if head is None:
        return 0, TOP - 1
    number, bits = head
    return number << (32 - bits), TOP >> bits


def _shortest(low: int, size: int) -> int:
    """Of the numbers from `low` on, less than `low` + `size`, the least with the most zero bytes at its end, four at most."""
    for bits in (32, 24, 16, 8):
        mask = (1 << bits) - 1
        value = (low + mask) & ~mask
        if value < low + size:
            return value
    return low


class RangeEncoder:
    """Collects symbols; `finish` gives the bytes. With a `head` (a number, its bits) the bytes begin with these bits."""

    def __init__(self, head: tuple[int, int] | None = None):
        self.low, self.range = first_interval(head)
        self.out = bytearray()

    def encode(self, start: int, size: int, total: int = TOTAL) -> None:
        """Narrow the interval to [start, start + size) of `total`; size >= 1."""
        r = self.range // total
        self.low += r * start
        self.range = r * size
        while self.range < BOTTOM:
            self._shift()

    def encode_bits(self, bits: Iterable[int], frequencies: Iterable[int]) -> None:
        """Narrow the interval to that of each bit, where a 1 has the frequency, 1 to 2^16 - 1, of 2^16."""
        low, whole = self.low, self.range
        for bit, ones in zip(bits, frequencies, strict=True):
            r = whole >> PRECISION
            zeros = whole - r * ones if ones <= HALF else r * (TOTAL - ones)
            if bit:
                low += zeros
                whole -= zeros
            else:
                whole = zeros
            if whole < BOTTOM:
                self.low, self.range = low, whole
                while self.range < BOTTOM:
                    self._shift()
                low, whole = self.low, self.range
        self.low, self.range = low, whole

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
        self.low = _shortest(self.low, self.range)
        for _ in range(4):
            self.range = BOTTOM  # the shift only has to move low out
            self._shift()
        return bytes(self.out).rstrip(b"\0")


class RangeDecoder:
    """Gives back the symbols of `RangeEncoder`; never fails for lack of data, but see `is_finished`."""

    def __init__(self, data: bytes, head: tuple[int, int] | None = None):
        """`head`: what `data` begins with; the caller has looked that it does. Raises Malformed for no symbol at all."""
        low, self.range = first_interval(head)
        self.data, self.position = data, 4
        self.code = int.from_bytes(data[:4].ljust(4, b"\0"), "big") - low
        if self.code >= self.range:
            raise Malformed("no symbol has this code", offset=0)

    @property
    def offset(self) -> int:
        """How many bytes have been looked at."""
        return min(self.position, len(self.data))

    def decode(self, cumulative: Sequence[int]) -> int:
        """The next symbol's index in a table of cumulative frequencies, from 0 up to 2^16.

        Raises Malformed where the bytes name no symbol.
        """
        symbol = bisect_right(cumulative, self.target(TOTAL)) - 1
        start = cumulative[symbol]
        self.take(start, cumulative[symbol + 1] - start)
        return symbol

    def target(self, total: int) -> int:
        """A number below `total`, which lies in the next symbol's frequencies; `take` must follow. Raises Malformed."""
        self.step = self.range // total
        target = self.code // self.step
        if target >= total:
            raise Malformed("no symbol has this code", offset=self.offset)
        return target

    def take(self, start: int, size: int) -> None:
        """Go behind the symbol with these frequencies of the total that `target` was given."""
        self.code -= self.step * start
        self.range = self.step * size
        while self.range < BOTTOM:
            self._shift()

    def is_finished(self) -> bool:
        """Whether the data is just what the encoder's `finish` would give for the symbols so far."""
        read = int.from_bytes(self.data[: self.position].ljust(self.position, b"\0"), "big")
        shortest = _shortest(read - self.code, self.range).to_bytes(self.position, "big")
        return shortest.rstrip(b"\0") == self.data

    def decode_bits(self, frequencies: Generator[int, int, None]) -> None:
        """Give back bits to who says how likely they are: sent a bit, it yields the frequency of a 1, 1 to 2^16 - 1, of 2^16,
        for the next."""
        code, whole = self.code, self.range
        ones = next(frequencies, 0)
        while ones:
            r = whole >> PRECISION
            zeros = whole - r * ones if ones <= HALF else r * (TOTAL - ones)
            bit = int(code >= zeros)
            if bit:
                code -= zeros
                whole -= zeros
            else:
                whole = zeros
            if whole < BOTTOM:
                self.code, self.range = code, whole
                while self.range < BOTTOM:
                    self._shift()
                code, whole = self.code, self.range
            try:
                ones = frequencies.send(bit)
            except StopIteration:
                break
        self.code, self.range = code, whole

    def _shift(self) -> None:
        byte = self.data[self.position] if self.position < len(self.data) else 0
        self.code = (self.code << 8) | byte
        self.range <<= 8
        self.position += 1
