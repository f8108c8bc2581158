"""A complete AVIF file around the OBUs of one still picture, and the OBUs out of one (ISO/IEC 14496-12, 23008-12; AVIF 1.1).

AVIF's boxes cost 280 bytes and say nothing that a .sedic file does not know. With them any AVIF decoder can read the picture.
"""

from __future__ import annotations

import struct

from sedicfmt.errors import Malformed
from sedicfmt.latents.av1.obus import low_overhead


def wrap(frame: bytes, width: int, height: int) -> bytes:
    """The .avif file of a picture whose frame OBU has this content (`obus.py`)."""
    data = low_overhead(frame, width, height)
    kind = _box(b"ftyp", b"avif\0\0\0\0avifmif1miaf")
    size = len(kind) + len(_meta(0, len(data), width, height))
    return kind + _meta(size + 8, len(data), width, height) + _box(b"mdat", data)


def obus_of(avif: bytes) -> bytes:
    """What the file's one `mdat` box holds. Raises Malformed."""
    at = 0
    while at + 8 <= len(avif):
        size, name = struct.unpack_from(">I4s", avif, at)
        if size < 8 or at + size > len(avif):
            break
        if name == b"mdat":
            return avif[at + 8 : at + size]
        at += size
    raise Malformed("no media data box in an AVIF file", offset=at)


def _meta(at: int, length: int, width: int, height: int) -> bytes:
    """Item 1, an AV1 picture, whose `length` bytes of data begin at byte `at` of the file, and its properties."""
    handler = _full(b"hdlr", struct.pack(">I4s12xB", 0, b"pict", 0))
    primary = _full(b"pitm", struct.pack(">H", 1))
    location = _full(b"iloc", struct.pack(">BBHHHHII", 0x44, 0, 1, 1, 0, 1, at, length))
    entry = _full(b"infe", struct.pack(">HH4sB", 1, 0, b"av01", 0), version=2)
    items = _full(b"iinf", struct.pack(">H", 1) + entry)
    properties = b"".join((
        _full(b"ispe", struct.pack(">II", width, height)),
        _full(b"pixi", bytes([3, 8, 8, 8])),
        _box(b"av1C", AV1_CONFIGURATION),
        _box(b"colr", b"nclx" + struct.pack(">HHHB", 1, 13, 6, 0x80)),
    ))  # fmt: skip
    # Properties 1 to 4 of item 1; the configuration is marked as essential.
    association = _full(b"ipma", struct.pack(">IHB4B", 1, 1, 4, 1, 2, 0x80 | 3, 4))
    properties = _box(b"iprp", _box(b"ipco", properties) + association)
    return _full(b"meta", handler + primary + location + items + properties)


def _box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), name) + content


def _full(name: bytes, content: bytes, version: int = 0) -> bytes:
    """A box with version and flags of 0."""
    return _box(name, struct.pack(">I", version << 24) + content)


# Version 1; profile 1, level 31; tier 0, 8 bits, colour, 4:4:4; no delay stated: as the sequence header says.
AV1_CONFIGURATION = bytes([0x81, 1 << 5 | 31, 0, 0])
