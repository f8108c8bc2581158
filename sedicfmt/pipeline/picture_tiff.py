"""What a TIFF says beside its pixels (TIFF 6.0), and the TIFF that is left without it: its first directory, as far as needed.

The directory is rewritten where it stands, so that every offset holds; nothing follows it any more.
"""

from __future__ import annotations

import struct

from sedicfmt.pipeline.picture_beside import MOST_PROFILE, MOST_TEXT, Beside
from sedicfmt.pipeline.picture_encoding import Encoding, from_figures
from sedicfmt.pipeline.picture_ifd import Directory, Entry, first_directory

BITS, PHOTOMETRIC, MOST, TRANSFER, WHITE, PRIMARIES, XMP, PROFILE = 258, 262, 281, 301, 318, 319, 700, 34675  # tags
RGB = 2


def read_tiff(data: bytes) -> Beside:
    """Of a TIFF's bytes."""
    found = first_directory(data)
    if found is None:
        return Beside(data)
    kept = [entry for entry in found.entries if entry.tag in NEEDED]
    return Beside(
        with_entries(data, found, kept),
        encoding_of(found),
        data,  # which EXIF is a directory of
        found.value(XMP)[:MOST_TEXT],
        depth=found.first(BITS) or 1,
        several=found.following != 0,
    )


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
