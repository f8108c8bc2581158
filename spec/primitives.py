"""The chapter "Primitives" of `spec/sedic.md`: bits, Exp-Golomb codes, the range coder; and how a file is refused.

Part of `spec/decoder.py`, and like it of the standard library only.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

# ---- Refusals (C-13, C-16) -------------------------------------------------------------------------------------------


class Refused(Exception):  # the file, for one of the classes of C-16; `path` is the place in it
    def __init__(self, message: str, code: str = "malformed", path: str = ""):
        super().__init__(message)
        self.code, self.path = code, path


def must(holds: object, message: str, code: str = "malformed", path: str = "") -> None:
    if not holds:
        raise Refused(message, code, path)


VIEWER = ContextVar("VIEWER", default=False)  # P-4


def canonical(holds: Callable[[], bool], message: str) -> None:
    """What C-13 asks of a payload, and a viewer may leave out (P-4)."""
    must(VIEWER.get() or holds(), message)


@contextmanager
def inside(path: str, cut: str = "malformed") -> Iterator[None]:
    """Errors in here are of `path`; what a segment lacks is no missing part of the file, but malformed (T-13)."""
    try:
        yield
    except Refused as error:
        error.path = error.path or path
        error.code = cut if error.code == "truncated" else error.code
        raise


# ---- Bits and Exp-Golomb codes ---------------------------------------------------------------------------------------


class Bits:  # The bits of `data`, from the most significant of each byte on, beginning with bit `at`
    def __init__(self, data: bytes, at: int = 0):
        self.data, self.at = data, at

    def take(self, count: int) -> int:  # The next `count` bits as a number
        end = self.at + count
        must(end <= 8 * len(self.data), "the bits end inside a code or a field", "truncated")
        first, last, self.at = self.at // 8, -(-end // 8), end
        return (int.from_bytes(self.data[first:last]) >> (8 * last - end)) & ((1 << count) - 1)


def exp_golomb(bits: Bits | RangeDecoder, order: int, most_zeros: int, code: str = "malformed") -> int:
    """An Exp-Golomb code (C-7; those of L-3 and M-12 are the same). One of more zeros is refused with class `code`."""
    zeros = 0
    while not bits.take(1):
        zeros += 1
        must(zeros <= most_zeros, "a number is too large", code)
    return bits.take(zeros + order) + (1 << order) * ((1 << zeros) - 1)


def packed(bits: str, fill: str) -> bytes:  # A string of 0 and 1 as bytes, the last one filled up
    return int(bits + fill * (-len(bits) % 8), 2).to_bytes((len(bits) + 7) // 8)


# ---- Range coder -----------------------------------------------------------------------------------------------------


class RangeDecoder:  # L-2. T-17 begins with another interval: `low` is where it begins, `size` is how long it is
    def __init__(self, data: bytes, low: int = 0, size: int = 2**32 - 1):
        self.data, self.read = data, 4
        self.code, self.range = int.from_bytes(data[:4].ljust(4, b"\0")) - low, size

    def symbol(self, c: Sequence[int], _: int = 0) -> int:  # A symbol of the table with the cumulative frequencies `c`
        r = self.range // c[-1]
        t = self.code // r
        must(t < c[-1], "no value has this code (L-2)")
        s = bisect_right(c, t) - 1
        self.narrow(r * c[s], r * (c[s + 1] - c[s]))
        return s

    def bit(self, f: int) -> int:  # M-22
        r = self.range >> 16
        zeros = self.range - r * f if f <= 32768 else r * (65536 - f)
        bit = int(self.code >= zeros)
        self.narrow(zeros * bit, self.range - zeros if bit else zeros)
        return bit

    def narrow(self, start: int, size: int) -> None:
        self.code, self.range = self.code - start, size
        while self.range < 1 << 24:
            byte = self.data[self.read] if self.read < len(self.data) else 0
            self.code, self.range, self.read = self.code << 8 | byte, self.range << 8, self.read + 1

    def take(self, count: int) -> int:  # `count` bits, each a symbol of two equally frequent ones
        return sum(self.symbol([0, 32768, 65536]) << place for place in reversed(range(count)))

    def signed(self, c: list[int]) -> int:  # L-3
        k = len(c) // 2 - 1
        s = self.symbol(c)
        if s <= 2 * k:
            return s - k
        negative = self.take(1)
        magnitude = exp_golomb(self, 0, 15, "limit") + k + 1
        must(magnitude <= 32767, "a value is over 32767 (L-3)", "limit")
        return -magnitude if negative else magnitude

    def finish(self) -> None:
        canonical(self.is_shortest, "the data is not what a writer makes of its values (L-5)")

    def is_shortest(self) -> bool:  # L-5, the reader's procedure; no data is what a writer makes of any low of 0
        if not self.data:
            return self.code == 0
        behind = self.read - len(self.data)
        last, unit = self.data[-1], 256 ** min(max(behind, 0), 5)
        return behind >= 0 and last > 0 and self.code < unit and (256 - last) * unit + self.code >= self.range


class RangeEncoder:  # The writer's side of L-2, for T-2: low is kept whole, so that nothing has to be carried
    def __init__(self, low: int, size: int):
        self.low, self.range, self.count = low, size, 4

    def symbol(self, c: Sequence[int], s: int) -> int:
        r = self.range // c[-1]
        self.low, self.range = self.low + r * c[s], r * (c[s + 1] - c[s])
        while self.range < 1 << 24:
            self.low, self.range, self.count = self.low << 8, self.range << 8, self.count + 1
        return s


def shortest(low: int, size: int, count: int) -> bytes:
    """L-5, for low in units of the last of `count` bytes. As 2^24 <= size < 2^32, there are two cases: a multiple of
    2^32 inside is the only one, and has the fewest bytes; if there is none, the least multiple of 2^24 is it."""
    number = next(n for n in (-(-low // unit) * unit for unit in (1 << 32, 1 << 24)) if n < low + size)
    return number.to_bytes(count).rstrip(b"\0")
