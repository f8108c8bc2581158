"""Integer frequency tables for signed values: -K..K and an escape, all of a total of 2^16 (spec clause L-3).

A table is legal if every entry is at least 1 and all add up to 2^16; then every value can be coded and every number
below 2^16 names one. Values beyond K are coded as the escape followed by the rest in Exp-Golomb bits at even odds.
"""

from __future__ import annotations

from dataclasses import dataclass

from sedicfmt.bitcoding.range_coder import TOTAL, RangeDecoder, RangeEncoder
from sedicfmt.errors import EncodeError, LimitExceeded

EVEN = (0, TOTAL // 2, TOTAL)
MAX_VALUE = (1 << 15) - 1  # |value|: what int16 holds
_MAX_PREFIX = 15


@dataclass(frozen=True)
class CumulativeTable:
    """`cumulative` has 2K + 3 entries: the values -K..K, then the escape; it starts at 0 and ends at 2^16."""

    cumulative: tuple[int, ...]

    @classmethod
    def from_frequencies(cls, frequencies: list[int]) -> CumulativeTable:
        """`frequencies`: 2K + 2 integers >= 1 with the sum 2^16. Raises ValueError for an illegal table."""
        if min(frequencies) < 1 or sum(frequencies) != TOTAL or len(frequencies) % 2:
            raise ValueError("a frequency table needs entries >= 1, the sum 65536 and an escape")
        total, cumulative = 0, [0]
        for frequency in frequencies:
            total += frequency
            cumulative.append(total)
        return cls(tuple(cumulative))

    @property
    def largest(self) -> int:
        """K: the largest value with an entry of its own."""
        return len(self.cumulative) // 2 - 1

    def encode(self, value: int, coder: RangeEncoder) -> None:
        """Code one value. Raises EncodeError if it is beyond +-MAX_VALUE."""
        largest = self.largest
        if -largest <= value <= largest:
            start = self.cumulative[value + largest]
            coder.encode(start, self.cumulative[value + largest + 1] - start)
            return
        if abs(value) > MAX_VALUE:
            raise EncodeError(f"a latent value of {value} is beyond {MAX_VALUE}")
        coder.encode(self.cumulative[-2], TOTAL - self.cumulative[-2])
        _encode_bits(int(value < 0), 1, coder)
        _encode_exp_golomb(abs(value) - largest - 1, coder)

    def decode(self, coder: RangeDecoder) -> int:
        """The next value. Raises LimitExceeded beyond +-MAX_VALUE."""
        largest = self.largest
        symbol = coder.decode(self.cumulative)
        if symbol <= 2 * largest:
            return symbol - largest
        negative = coder.decode(EVEN)
        magnitude = _decode_exp_golomb(coder) + largest + 1
        if magnitude > MAX_VALUE:
            raise LimitExceeded(f"a latent value of {magnitude} is beyond {MAX_VALUE}")
        return -magnitude if negative else magnitude


def _encode_bits(value: int, count: int, coder: RangeEncoder) -> None:
    for shift in range(count - 1, -1, -1):
        coder.encode(EVEN[(value >> shift) & 1], TOTAL // 2)


def _encode_exp_golomb(value: int, coder: RangeEncoder) -> None:
    """value >= 0 as n zeros, a one, and the n low bits of value + 1, where 2^n <= value + 1."""
    count = (value + 1).bit_length() - 1
    _encode_bits(0, count, coder)
    _encode_bits(value + 1, count + 1, coder)


def _decode_exp_golomb(coder: RangeDecoder) -> int:
    count = 0
    while not coder.decode(EVEN):
        count += 1
        if count > _MAX_PREFIX:
            raise LimitExceeded(f"a latent value beyond {MAX_VALUE}")
    value = 1
    for _ in range(count):
        value = 2 * value + coder.decode(EVEN)
    return value - 1
