"""The header as construct schemas over single bits (spec clauses C-1 to C-9).

construct is given the header's bits as one byte each, so that every field's place in the stream is known when it fails.
Its own VarInt, arrays of unbounded count and lambdas stay out: each number here has a width or a bound.
"""

from __future__ import annotations

from typing import Any

from construct import (
    BitsInteger,
    Const,
    Construct,
    Flag,
    If,
    IfThenElse,
    Struct,
    this,
)
from construct.core import stream_read, stream_write

from sedicfmt.errors import EncodeError, LimitExceeded, Unsupported
from sedicfmt.limits import MAX_SEGMENT_BYTES

MAGIC = 0x5ED1
VERSION = 1
HEADER_BYTES_MOST = 128  # no header is longer; what is looked at to find its end


class Version(Construct):
    """Three bits; anything but 1 is Unsupported before any other field is looked at (C-2)."""

    def _parse(self, stream: Any, context: Any, path: str) -> int:
        version = int.from_bytes(stream_read(stream, 3, path), "big")
        version = (version >> 14 & 4) | (version >> 7 & 2) | (version & 1)
        if version != VERSION:
            raise Unsupported(f"version {version} of the format is not known to this reader (it knows {VERSION})")
        return version

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        if obj != VERSION:
            raise EncodeError(f"this writer writes version {VERSION}, not {obj}", "version")
        stream_write(stream, bytes([obj >> 2 & 1, obj >> 1 & 1, obj & 1]), 3, path)
        return obj


class ExpGolomb(Construct):
    """A number 0..`most` (a length, or a model's id) as an Exp-Golomb code of order `k` (C-7).

    g zeros, a one, then g + k bits: the value is those bits plus 2^k (2^g - 1). Each value has one code.
    """

    def __init__(self, k: int, most: int = MAX_SEGMENT_BYTES, what: str = "a segment's length"):
        super().__init__()
        self.k, self.most, self.what = k, most, what

    def _parse(self, stream: Any, context: Any, path: str) -> int:
        group = 0
        while stream_read(stream, 1, path) == b"\0":
            group += 1
            if group > 20:
                raise LimitExceeded(f"{self.what} is over the limit of {self.most}")
        value = 0
        for bit in stream_read(stream, group + self.k, path):
            value = 2 * value + bit
        value += ((1 << group) - 1) << self.k
        if value > self.most:
            raise LimitExceeded(f"{self.what} is {value}; the limit is {self.most}")
        return value

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        if not 0 <= obj <= self.most:
            raise LimitExceeded(f"{self.what} is {obj}; the limit is {self.most}")
        group = ((obj >> self.k) + 1).bit_length() - 1
        count = group + self.k
        low = obj - (((1 << group) - 1) << self.k)
        bits = "0" * group + "1" + (format(low, f"0{count}b") if count else "")
        stream_write(stream, bytes(map(int, bits)), len(bits), path)
        return obj


class ZeroBits(Construct):
    """Zeros up to the next whole byte (C-8). Non-zero ones are found by the canonical check of the parser."""

    def _parse(self, stream: Any, context: Any, path: str) -> int:
        stream_read(stream, -stream.tell() % 8, path)
        return 0

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        count = -stream.tell() % 8
        stream_write(stream, bytes(count), count, path)
        return obj


Size = Struct(
    "ratio" / BitsInteger(3),
    "eighths" / Flag,
    "long" / If(this.eighths, Flag),
    "rows" / IfThenElse(this.eighths, IfThenElse(this.long, BitsInteger(10), BitsInteger(7)), BitsInteger(13)),
    "columns" / If(this.ratio == 0, IfThenElse(this.eighths, BitsInteger(10), BitsInteger(13))),
)
"""C-5: rows and columns are less one, in units of eight pixels if `eighths`; a `ratio` other than 0 gives the width."""

Start = Struct(
    "magic" / Const(MAGIC, BitsInteger(16)),
    "version" / Version(),
    "objects" / BitsInteger(3),
    "size" / Size,
    "model_id" / ExpGolomb(3, 255, "the model's id"),
    "latent_scale" / BitsInteger(5),
    "optional" / Flag,
    "extended" / If(this.optional, Flag),
    "seeded" / If(this.optional, Flag),
    "seed" / If(this.seeded, BitsInteger(32)),
)
"""Everything before the segments' lengths."""

LENGTH_ORDER = {"latent.z": 7, "latent.y": 11, "text.overall": 6, "text.object": 6, "mask": 5}
"""Order k of the Exp-Golomb code for each kind's length, about log2 of what it usually is (C-7)."""

LENGTH = {kind: ExpGolomb(k) for kind, k in LENGTH_ORDER.items()}

RATIOS = ((1, 1), (3, 2), (2, 3), (4, 3), (3, 4), (16, 9), (9, 16))
"""Width to height, for ratio codes 1 to 7; the width is floor(height * first / second) (C-5)."""
