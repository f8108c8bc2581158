"""What a WebP says beside its pixels (RFC 9649), and the WebP that is left without it."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from sedicfmt.pipeline.picture_beside import MOST_PROFILE, Beside
from sedicfmt.pipeline.picture_encoding import Encoding

ICC, EXIF, XMP, EXTENDED = b"ICCP", b"EXIF", b"XMP ", b"VP8X"
BESIDE_FLAGS = 0x20 | 0x08 | 0x04  # in VP8X: it has a profile, EXIF, XMP


def read_webp(data: bytes) -> Beside:
    """Of a WebP's bytes. A cut chunk keeps the size it says, so that how much is missing can be seen."""
    kept, beside = bytearray(), dict[bytes, bytes]()
    for kind, size, body in chunks(data):
        if kind == EXTENDED and body:
            body = bytes([body[0] & ~BESIDE_FLAGS]) + body[1:]
        if kind in NEEDED:
            kept += kind + struct.pack("<I", size) + body + b"\0" * (size & 1 if len(body) == size else 0)
        else:
            beside.setdefault(kind, body)
    profile = beside.get(ICC, b"")[: MOST_PROFILE + 1]
    return Beside(
        b"RIFF" + struct.pack("<I", 4 + len(kept)) + b"WEBP" + bytes(kept),
        Encoding(profile) if profile else None,
        beside.get(EXIF, b""),
        beside.get(XMP, b""),
    )


def chunks(data: bytes) -> Iterator[tuple[bytes, int, bytes]]:
    """(kind, size, content), cut where the file is; behind a chunk whose size is wrong, from the next one that is needed."""
    at = 12
    while at + 8 <= len(data):
        kind, size = data[at : at + 4], struct.unpack("<I", data[at + 4 : at + 8])[0]
        end = at + 8 + size + (size & 1)
        if kind not in NEEDED and not (end in (len(data), len(data) + 1) or data[end : end + 4] in KINDS):
            match = FOLLOWING.search(data, at + 4)
            end = match.start() if match else len(data)
        yield kind, size, data[at + 8 : min(at + 8 + size, end)]
        at = end


NEEDED = (EXTENDED, b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF")
KINDS = (*NEEDED, ICC, EXIF, XMP)
FOLLOWING = re.compile(b"|".join(NEEDED))
