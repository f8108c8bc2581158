"""What a TIFF says beside its pixels (TIFF 6.0), and the TIFF that is left without it: its first directory, as far as needed.

The directory is rewritten where it stands, so that every offset holds; nothing follows it any more.
"""

from __future__ import annotations

import struct

from sedicfmt.pipeline.picture_beside import MOST_PROFILE, MOST_TEXT, Beside
from sedicfmt.pipeline.picture_encoding import Encoding, from_figures
from sedicfmt.pipeline.picture_ifd import Directory, Entry, first_directory, with_numbers
from sedicfmt.pipeline.picture_kinds import is_raw_photo

BITS, COMPRESSION, PHOTOMETRIC, MOST, PLANAR, TRANSFER, WHITE, PRIMARIES = (
    258,
    259,
    262,
    281,
    284,
    301,
    318,
    319,
)  # tags
COLOURS, XMP, PROFILE = 320, 700, 34675
RGB, YCC = 2, 6


def read_tiff(data: bytes) -> Beside:
    """Of a TIFF's bytes."""
    found = first_directory(data)
    if found is None:
        return Beside(data)
    if is_raw_photo(data, found):
        return Beside(b"")  # nothing that Pillow could take for the photo
    kept = [entry for entry in found.entries if entry.tag in NEEDED]
    return Beside(
        with_entries(deeper_colours(data, found), found, kept),
        encoding_of(found),
        data,  # which EXIF is a directory of
        found.value(XMP)[:MOST_TEXT],
        depth=found.first(BITS) or 1,
        several=found.following != 0,
        by_libtiff=is_misread(found),
    )


def is_misread(found: Directory) -> bool:
    """Whether Pillow's own decoder takes its samples for others: it knows neither range nor fewer samples of YCbCr, nor planes
    of 16 bits.
    """
    if found.first(COMPRESSION) not in (None, 1):
        return False
    planes = found.first(PLANAR) == 2 and (found.first(BITS) or 1) > 8
    return planes or found.first(PHOTOMETRIC) == YCC


def deeper_colours(data: bytes, found: Directory) -> bytes:
    """The file; a palette that has eight bits in its sixteen, as old programs wrote, in all of them."""
    colours = found.numbers(COLOURS)
    if not colours or not 0 < max(colours) < 256:
        return data
    return with_numbers(data, found, COLOURS, [257 * level for level in colours])


def encoding_of(found: Directory) -> Encoding | None:
    """A profile, or primaries; a curve of its own is told, as nothing but a profile is used by others either."""
    if profile := found.value(PROFILE)[: MOST_PROFILE + 1]:
        return Encoding(profile)
    white, primaries = found.numbers(WHITE), found.numbers(PRIMARIES)
    if found.first(PHOTOMETRIC) != RGB or not (white or primaries):
        return Encoding(unknown="it has a curve of its own") if found.numbers(TRANSFER) else None
    if found.numbers(TRANSFER) or len(white) != 2 or len(primaries) != 6:
        return Encoding(unknown="it has colours of its own")
    return from_figures((*white, *primaries), None, "TIFF's primaries")


def with_entries(data: bytes, found: Directory, entries: list[Entry]) -> bytes:
    """The file with these entries in its first directory and none behind it."""
    number, pointer = ("Q", "Q") if found.big else ("H", "I")
    table = struct.pack(found.order + number, len(entries)) + b"".join(entry.raw for entry in entries)
    table += bytes(struct.calcsize("=" + pointer))
    return data[: found.at] + table + data[found.at + len(table) :]


NEEDED = frozenset(
    [256, 257, 258, 259, 262, 266, 273, 277, 278, 279, 280, 281, 284, 292, 293, 317, 320, 322, 323, 324, 325, 332, 338, 339,
     340, 341, 347, 512, 513, 514, 515, 517, 518, 519, 520, 521, 529, 530, 531, 532]
)  # fmt: skip
"""Tags that change pixels."""
