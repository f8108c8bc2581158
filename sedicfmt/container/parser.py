"""Bytes -> Frame: the whole layout is checked before any payload is decoded (spec clauses C-1 to C-14).

Every exception of construct is turned into a SedicError here and nowhere else.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

from construct import ConstError, ConstructError, StreamError, bytes2bits

from sedicfmt.container.builder import build_header
from sedicfmt.container.checksum import CHECK_BYTES, checksum
from sedicfmt.container.frame import Frame, Segment, segment_kinds, whole_stages
from sedicfmt.container.schema import HEADER_BYTES_MOST, LENGTH, Start, ZeroBits
from sedicfmt.container.size import check_latent_scale, size_pixels
from sedicfmt.container.varint import parse_varint
from sedicfmt.errors import ChecksumMismatch, LimitExceeded, Malformed, SedicError, Truncated, Unsupported
from sedicfmt.limits import MAX_FILE_BYTES, MAX_SEGMENT_BYTES
from sedicfmt.model import Extension

KNOWN_CRITICAL: frozenset[int] = frozenset()  # version 1 knows no extension


def parse_frame(data: bytes, allow_prefix: bool = False) -> Frame:
    """Take a file apart.

    `allow_prefix`: an incomplete file gives the segments it holds whole, from the latent on, unchecked, with
    `complete` False (C-14). Raises a SedicError with path and offset for every file that is not exactly as it must be.
    """
    if len(data) > MAX_FILE_BYTES:
        raise LimitExceeded(f"a file of {len(data)} bytes; the limit is {MAX_FILE_BYTES}")
    start, lengths, header_bytes = parse_header(data)
    width, height = _size(start)
    values = (width, height, start.model_id, start.latent_scale + 1, start.seed or 0)
    segments, end = _cut(data, start, lengths, header_bytes)
    held = whole_stages(segments[: len(lengths)])
    if end > len(data) - CHECK_BYTES:
        if allow_prefix and held:
            return Frame(*values, held, complete=False)
        raise _truncated(data, held)
    if checksum(data[:-CHECK_BYTES]) != data[-CHECK_BYTES:]:
        if allow_prefix and held:
            return Frame(*values, held, complete=False)
        raise ChecksumMismatch("the file was changed or cut: its check does not hold", offset=len(data) - CHECK_BYTES)
    _check_lengths(segments)
    extensions = _parse_extensions(data[:-CHECK_BYTES], end) if start.extended else ()
    frame = Frame(*values, segments, extensions)
    _require_canonical(data, header_bytes, frame)
    return frame


def parse_header(data: bytes) -> tuple[Any, list[int], int]:
    """The header's fields, the lengths that it states, and its own length in bytes."""
    stream = BytesIO(bytes2bits(data[:HEADER_BYTES_MOST]))
    try:
        start = Start.parse_stream(stream)
        kinds = segment_kinds(start.objects)
        stated = kinds if start.extended else kinds[:-1]
        lengths = [LENGTH[kind].parse_stream(stream) for kind, _ in stated]
        ZeroBits().parse_stream(stream)
    except SedicError as error:
        error.offset = stream.tell() // 8
        raise error.inside("header") from None
    except StreamError as error:
        raise Truncated("the file ends inside the header", "header", len(data)) from error
    except ConstError as error:
        hint = ", but a picture; sedic-pack makes one of it" if is_picture(data) else ": it does not begin with 5E D1"
        raise Malformed(f"this is not a .sedic file{hint}", "header.magic", 0) from error
    except ConstructError as error:
        raise Malformed(f"the header is wrong: {error}".split("\n")[0], "header", stream.tell() // 8) from error
    return start, lengths, stream.tell() // 8


def is_picture(data: bytes) -> bool:
    """Whether it begins as a common picture file does: somebody took one command for the other."""
    begins = (b"\xff\xd8\xff", b"\x89PNG\r\n", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"\xff\x0a")
    return data.startswith(begins) or data[8:12] == b"WEBP" or data[4:8] in (b"ftyp", b"JXL ", b"jP  ")


def _size(start: Any) -> tuple[int, int]:
    try:
        width, height = size_pixels(start.size)
        check_latent_scale(width, height, start.latent_scale + 1)
        return width, height
    except SedicError as error:
        error.offset = 4 if error.path == "latent_scale" else 3
        raise error.inside("header") from None


def _cut(data: bytes, start: Any, lengths: list[int], offset: int) -> tuple[tuple[Segment, ...], int]:
    """The segments that lie whole within the data, and where the last of all would end."""
    segments: list[Segment] = []
    for at, (kind, path) in enumerate(segment_kinds(start.objects)):
        length = lengths[at] if at < len(lengths) else max(0, len(data) - CHECK_BYTES - offset)
        if offset + length <= len(data):
            segments.append(Segment(kind, path, data[offset : offset + length], offset))
        offset += length
    return tuple(segments), offset


def _check_lengths(segments: tuple[Segment, ...]) -> None:
    """C-1, for the last segment as well, whose length no field of the header states."""
    for segment in segments:
        if len(segment.payload) > MAX_SEGMENT_BYTES:
            message = f"a segment of {len(segment.payload)} bytes; the limit is {MAX_SEGMENT_BYTES}"
            raise LimitExceeded(message, segment.path, segment.offset)


def _truncated(data: bytes, held: tuple[Segment, ...]) -> Truncated:
    whole = [s.path for s in held]
    error = Truncated(
        f"the file ends before its content does{'; it holds whole: ' + ', '.join(whole) if whole else ''}",
        offset=len(data),
    )
    error.complete_stages = tuple(whole)
    return error


def _parse_extensions(data: bytes, offset: int) -> tuple[Extension, ...]:
    found: list[Extension] = []
    while offset < len(data) or not found:
        path = f"extensions[{len(found)}]"
        if offset >= len(data):
            raise Malformed("the header announces extensions and there is none", path, offset)
        kind, critical = data[offset] & 127, data[offset] > 127
        length, begin = _extension_length(data, offset + 1, path)
        if begin + length > len(data):
            raise Malformed("an extension is longer than the file", path, offset)
        if kind <= (found[-1].type if found else 0):
            raise Malformed("extension types must rise from 1", path, offset)
        if critical and kind not in KNOWN_CRITICAL:
            raise Unsupported(f"extension {kind} is critical and not known to this reader", path, offset)
        found.append(Extension(kind, critical, data[begin : begin + length]))
        offset = begin + length
    return tuple(found)


def _extension_length(data: bytes, offset: int, path: str) -> tuple[int, int]:
    try:
        return parse_varint(data, offset)
    except SedicError as error:
        raise error.inside(path) from None


def _require_canonical(data: bytes, header_bytes: int, frame: Frame) -> None:
    """C-13: the header is the one that a writer makes of this content; every other part has one form already."""
    header = build_header(frame)
    if header != data[:header_bytes]:
        same = next((i for i, (a, b) in enumerate(zip(header, data, strict=False)) if a != b), len(header))
        raise Malformed("the header is not in its canonical form", "header", same)
