"""A file's bytes in hexadecimal, sixteen a line, those of one part in one piece of the line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element

from sedicfmt.showing.bit_allocation import Part
from sedicfmt.showing.elements import tag

MOST_BYTES = 1 << 16  # that a page shows
A_LINE = 16


def hex_lines(data: bytes, parts: Sequence[Part]) -> Iterator[Element | str]:
    """Offset, bytes, and what of them is ASCII, for each line; a span for each part in it, numbered by `data-part`."""
    end = min(len(data), MOST_BYTES)
    for at in range(0, end, A_LINE):
        pieces = list(pieces_of(at, min(at + A_LINE, end), parts))
        yield tag("span", f"{at:06x}  ", class_="at")
        for number, begin, stop in pieces:
            yield tag("span", " ".join(f"{byte:02x}" for byte in data[begin:stop]), data_part=number)
            yield " "
        yield "   " * (at + A_LINE - min(at + A_LINE, end)) + " "
        for number, begin, stop in pieces:
            yield tag("span", "".join(map(readable, data[begin:stop])), data_part=number)
        yield "\n"


def pieces_of(begin: int, end: int, parts: Sequence[Part]) -> Iterator[tuple[int, int, int]]:
    """(number of the part, first byte, byte behind the last) of each part that has bytes within begin … end."""
    for number, part in enumerate(parts):
        first, stop = max(begin, part.offset), min(end, part.offset + part.bytes)
        if first < stop:
            yield number, first, stop


def readable(byte: int) -> str:
    """A byte as ASCII shows it, a dot for what it does not."""
    return chr(byte) if 32 <= byte < 127 else "\u00b7"
