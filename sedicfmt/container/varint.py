"""Lengths in extension segments: seven bits a byte, low ones first, the top bit says that more follow (clause C-11)."""

from __future__ import annotations

from sedicfmt.errors import LimitExceeded, Malformed
from sedicfmt.limits import MAX_SEGMENT_BYTES


def build_varint(value: int) -> bytes:
    """The shortest form of 0 <= value <= MAX_SEGMENT_BYTES. Raises LimitExceeded."""
    if not 0 <= value <= MAX_SEGMENT_BYTES:
        raise LimitExceeded(f"a segment of {value} bytes; the limit is {MAX_SEGMENT_BYTES}")
    out = bytearray()
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def parse_varint(data: bytes, offset: int) -> tuple[int, int]:
    """(value, offset behind it). Raises Malformed (cut, or not the shortest form), LimitExceeded."""
    value = 0
    for count in range(3):
        if offset + count >= len(data):
            raise Malformed("the file ends inside a length", offset=len(data))
        byte = data[offset + count]
        value |= (byte & 127) << 7 * count
        if byte < 128:
            if byte == 0 and count:
                raise Malformed("a length is not in its shortest form", offset=offset)
            if value > MAX_SEGMENT_BYTES:
                break
            return value, offset + count + 1
    raise LimitExceeded(f"a segment's length is over the limit of {MAX_SEGMENT_BYTES} bytes", offset=offset)
