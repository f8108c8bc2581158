"""Directories of tags, as TIFF has them and EXIF in every format (TIFF 6.0; BigTIFF; EXIF 2.32), read without trust.

A tag whose value lies outside of the bytes counts as not there: the others are read.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any, NamedTuple

MOST_ENTRIES = 4096
ORDERS = {b"II": "<", b"MM": ">"}


class Entry(NamedTuple):
    """`raw`: the entry as it stands in the directory; `value`: its bytes, of `number` values of type `kind`."""

    tag: int
    kind: int
    number: int
    raw: bytes
    value: bytes


@dataclass(frozen=True)
class Directory:
    """`at`: where its number of entries stands; `following`: where the next one says it is, 0 for none."""

    order: str
    big: bool
    at: int
    entries: tuple[Entry, ...]
    following: int

    def numbers(self, tag: int) -> tuple[Any, ...]:
        """A tag's integers, floats or quotients; empty for what is not there or is no number."""
        entry = next((entry for entry in self.entries if entry.tag == tag), None)
        letter = LETTERS.get(entry.kind, "") if entry else ""
        if entry is None or not letter:
            return ()
        found = struct.unpack(f"{self.order}{len(entry.value) // struct.calcsize('=' + letter)}{letter}", entry.value)
        if entry.kind in (5, 10):
            return tuple(a / b if b else float("nan") for a, b in zip(found[::2], found[1::2], strict=True))
        return found

    def first(self, tag: int) -> Any:
        """The first number of a tag, None without."""
        return next(iter(self.numbers(tag)), None)

    def value(self, tag: int) -> bytes:
        """A tag's bytes; empty without."""
        return next((entry.value for entry in self.entries if entry.tag == tag), b"")


def first_directory(data: bytes) -> Directory | None:
    """Of a TIFF's bytes; None for what is none."""
    order = ORDERS.get(data[:2])
    if order is None or len(data) < 8:
        return None
    big = struct.unpack(order + "H", data[2:4])[0] == 43
    if big and len(data) < 16:
        return None
    at = struct.unpack(order + "Q", data[8:16])[0] if big else struct.unpack(order + "I", data[4:8])[0]
    return directory(data, at, order, big)


def directory(data: bytes, at: int, order: str, big: bool = False) -> Directory | None:
    """The directory at an offset, as far as it is there; None where there is not even its number of entries."""
    head, size, pointer = ("Q", 20, "Q") if big else ("H", 12, "I")
    begin = at + struct.calcsize("=" + head)
    if not 0 < at < begin <= len(data):
        return None
    count = min(struct.unpack(order + head, data[at:begin])[0], MOST_ENTRIES)
    whole = min(count, (len(data) - begin) // size)
    entries = [entry(data, data[begin + i * size : begin + (i + 1) * size], order, big) for i in range(whole)]
    end = begin + count * size
    after = data[end : end + struct.calcsize("=" + pointer)]
    following = struct.unpack(order + pointer, after)[0] if len(after) == struct.calcsize("=" + pointer) else 0
    return Directory(order, big, at, tuple(found for found in entries if found), following)


def entry(data: bytes, raw: bytes, order: str, big: bool) -> Entry | None:
    """None where its type is unknown or its value is not in the bytes."""
    tag, kind, count = struct.unpack(order + ("HHQ" if big else "HHI"), raw[:12] if big else raw[:8])
    size = SIZES.get(kind, 0) * count
    held = raw[12:] if big else raw[8:]
    if size > len(held):
        at = struct.unpack(order + ("Q" if big else "I"), held)[0]
        held = data[at : at + size]
    return Entry(tag, kind, count, raw, held[:size]) if size and len(held) >= size else None


def with_numbers(data: bytes, found: Directory, tag: int, numbers: list[int]) -> bytes:
    """The file with other numbers for a tag, where they stand."""
    entry = next(entry for entry in found.entries if entry.tag == tag)
    table = struct.pack(f"{found.order}{len(numbers)}{LETTERS[entry.kind]}", *numbers)
    field = entry.raw[12:] if found.big else entry.raw[8:]
    if SIZES[entry.kind] * entry.number <= len(field):
        at = data.index(entry.raw, found.at) + len(entry.raw) - len(field)
    else:
        at = struct.unpack(found.order + ("Q" if found.big else "I"), field)[0]
    return data[:at] + table + data[at + len(table) :]


SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
"""Bytes of a value of each type."""
LETTERS = {
    1: "B",
    3: "H",
    4: "I",
    5: "I",
    6: "b",
    8: "h",
    9: "i",
    10: "i",
    11: "f",
    12: "d",
    13: "I",
    16: "Q",
    17: "q",
    18: "Q",
}
"""struct's letter for the numbers among the types; 5 and 10 are quotients of two."""
