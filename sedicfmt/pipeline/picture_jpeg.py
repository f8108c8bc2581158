"""What a JPEG says beside its pixels (ITU-T T.81 annex B, JFIF, EXIF, ICC.1 annex B.4), and the JPEG that is left without it.

Of the application segments only JFIF's and Adobe's change pixels; they are kept where they are whole. The others are read
here, and a JPEG whose comment or thumbnail is damaged is a JPEG.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from sedicfmt.errors import EncodeError
from sedicfmt.pipeline.picture_beside import MOST_PROFILE, Beside
from sedicfmt.pipeline.picture_encoding import Encoding
from sedicfmt.pipeline.picture_ifd import first_directory

START_OF_SCAN, COMMENT, IMAGES = 0xDA, 0xFE, 0xB001
ICC, EXIF, XMP, MPF = b"ICC_PROFILE\0", b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0", b"MPF\0"


class Segment(NamedTuple):
    """`marker`: its second byte; `whole`: with marker and length, up to the end of the file for the first scan."""

    marker: int
    body: bytes
    whole: bytes


def read_jpeg(data: bytes) -> Beside:
    """Of a JPEG's bytes."""
    found = list(segments(data))
    told = [segment.body for segment in found if 0xE0 <= segment.marker <= 0xEF]
    kept = b"".join(segment.whole for segment in found if changes_pixels(segment))
    exif = [body[6:] for body in told if body.startswith(EXIF)]
    packets = [body[len(XMP) :] for body in told if body.startswith(XMP)]
    pictures = [first_directory(body[4:]) for body in told if body.startswith(MPF)]
    return Beside(
        b"\xff\xd8" + kept,
        profile_of([body[len(ICC) :] for body in told if body.startswith(ICC)]),
        b"".join(exif),
        b"".join(packets[:1]),
        several=any((index.first(IMAGES) or 0) > 1 for index in pictures if index),
    )


def changes_pixels(segment: Segment) -> bool:
    """Whether a decoder needs it."""
    if segment.marker == 0xE0:
        return segment.body.startswith(b"JFIF\0") and len(segment.body) >= 14
    if segment.marker == 0xEE:
        return segment.body.startswith(b"Adobe") and len(segment.body) >= 12
    return not (0xE0 <= segment.marker <= 0xEF or segment.marker == COMMENT)


def profile_of(parts: list[bytes]) -> Encoding | None:
    """Of the parts' bodies: number from 1 (some programs: from 0), number of all, a piece.

    Programs differ in what they count: a profile that lacks its end is found by its own size, where it is used.
    """
    if not parts:
        return None
    pieces = {part[0]: part[2:] for part in reversed(parts) if len(part) > 2}
    whole = b"".join(pieces[number] for number in sorted(pieces))
    numbers = (list(range(1, len(pieces) + 1)), list(range(len(pieces))))
    if not whole or sorted(pieces) not in numbers or len(whole) > MOST_PROFILE:
        return Encoding(unknown="its colour profile is incomplete")
    return Encoding(whole)


def segments(data: bytes) -> Iterator[Segment]:
    """Up to the first scan, which is the rest of the file. Bytes between segments are passed over, as decoders do.

    Raises EncodeError for more segments than any camera writes.
    """
    at, repairs = 2, MOST_REPAIRS
    for _ in range(MOST_SEGMENTS):
        match = MARKER.search(data, at)
        if match is None or match.start() + 4 > len(data):
            return
        at, marker = match.start(), data[match.start() + 1]
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4])
        if marker == START_OF_SCAN:
            yield Segment(marker, data[at + 4 : end], data[at:])
            return
        if (0xE0 <= marker <= 0xEF or marker == COMMENT) and repairs and not goes_on(data, end):
            end, repairs = next_segment(data, at + 4), repairs - 1
        yield Segment(marker, data[at + 4 : end], data[at:end])
        at = max(end, at + 2)
    raise EncodeError(f"it has more than {MOST_SEGMENTS} segments before its pixels")


def goes_on(data: bytes, at: int) -> bool:
    """Whether the segments from here lead to a scan."""
    for _ in range(MOST_TABLES):
        match = FILLING.match(data, at)
        if match is None or match.end() + 3 > len(data):
            return False
        at, marker = match.end() + 1, data[match.end()]
        end = at + int.from_bytes(data[at : at + 2])
        if marker == START_OF_SCAN:
            return True
        if marker < 0xC0 or 0xD0 <= marker <= 0xD9:
            return False
        if 0xE0 <= marker <= 0xEF or marker == COMMENT:
            return end <= len(data)  # its own length is looked at in its turn
        at = end
    return False


def next_segment(data: bytes, start: int) -> int:
    """Behind a segment whose length is wrong: the first place from which tables and a frame lead to a scan.

    No segment is longer than 65,535 bytes. Thumbnails within it end before the last of the places; the picture does not.
    """
    places = [match.start() for match in NEEDED.finditer(data, start, start + 65536)]
    thumbnails = data.rfind(b"\xff\xd9", start, places[-1]) if places else 0
    for place in [place for place in places if place > thumbnails][:MOST_TRIED]:
        if goes_on(data, place):
            return place
    return len(data)


MOST_SEGMENTS, MOST_TABLES, MOST_REPAIRS, MOST_TRIED = 10_000, 64, 8, 1000
MARKER = re.compile(b"\xff[\x02-\xcf\xda-\xfe]", re.DOTALL)
"""What begins a segment: neither filling nor a marker without a length."""
FILLING = re.compile(b"\xff+(?=[^\xff])", re.DOTALL)
NEEDED = re.compile(b"\xff(?:[\xe0-\xef\xfe\xdb\xc4][\0-\xff]|\xc0\0|\xc1\0|\xc2\0|\xdd\0\4)", re.DOTALL)
"""Where segments that may follow begin."""
