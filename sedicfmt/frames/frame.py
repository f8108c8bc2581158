"""One frame <-> its bytes (spec/frames.md, F-1 to F-4).

    F1 | tag | data | repair | index | pad | payload | check
     1    2      1       1       1      1     1 ...      2     bytes

A set of frames carries one file: `data` frames hold its bytes in order, evenly cut, and `repair` frames stand in for any
that are lost. The tag is the file's own check, so it tells files apart and says in the end whether the right one was put
together.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from sedicfmt.container.checksum import CHECK_BYTES, checksum
from sedicfmt.errors import ChecksumMismatch, Malformed, Truncated, Unsupported

MARK, VERSION = 0xF0, 1
HEAD = struct.Struct(">B2sBBBB")
HEAD_BYTES = HEAD.size
OVERHEAD_BYTES = HEAD_BYTES + CHECK_BYTES
MOST_FRAMES = 255  # the length of a code of the repair frames


@dataclass(frozen=True)
class Frame:
    """A frame's content. `index` counts from 0, data frames first; `pad` is what the last data frame lacks, in bytes."""

    tag: bytes
    data: int
    repair: int
    index: int
    pad: int
    payload: bytes

    @property
    def size(self) -> int:
        """Bytes of payload of every frame of the set but the last data frame."""
        return len(self.payload) + (self.pad if self.index == self.data - 1 else 0)

    @property
    def set(self) -> tuple[bytes, int, int, int, int]:
        """What all frames of a file have in common (F-5)."""
        return self.tag, self.data, self.repair, self.pad, self.size

    @property
    def set_name(self) -> str:
        """The same for people: tag, data + repair frames, bytes of a payload, such as `a73e:5+2x200`."""
        return f"{self.tag.hex()}:{self.data}+{self.repair}x{self.size}"


def build_frame(frame: Frame) -> bytes:
    """The frame's bytes."""
    head = HEAD.pack(MARK | VERSION, frame.tag, frame.data, frame.repair, frame.index, frame.pad)
    return head + frame.payload + checksum(head + frame.payload)


def parse_frame(data: bytes) -> Frame:
    """The content of a frame. Raises Malformed, Unsupported (another version), Truncated or ChecksumMismatch (F-4)."""
    if not data or data[0] & 0xF0 != MARK:
        raise Malformed("this is no frame of a .sedic file: it does not begin with F1", offset=0)
    if data[0] & 15 != VERSION:
        raise Unsupported(f"frames of version {data[0] & 15}", offset=0)
    if len(data) <= OVERHEAD_BYTES:
        raise Truncated(f"a frame of {len(data)} bytes holds nothing", offset=len(data))
    if checksum(data[:-CHECK_BYTES]) != data[-CHECK_BYTES:]:
        raise ChecksumMismatch("the frame was changed or cut: its check does not hold", offset=len(data) - CHECK_BYTES)
    _, tag, count, repair, index, pad = HEAD.unpack_from(data)
    frame = Frame(tag, count, repair, index, pad, data[HEAD_BYTES:-CHECK_BYTES])
    if not 1 <= frame.data <= frame.data + frame.repair <= MOST_FRAMES or frame.index >= frame.data + frame.repair:
        told = f"frame {frame.index} of {frame.data} data and {frame.repair} repair frames"
        raise Malformed(told, offset=3)
    if frame.pad >= min(frame.data, frame.size):
        raise Malformed(f"a last data frame that lacks {frame.pad} of {frame.size} bytes", offset=6)
    return frame
