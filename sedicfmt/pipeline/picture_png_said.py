"""PNG's chunks beside the pixels -> what they say: cICP before iCCP before sRGB before gAMA and cHRM; EXIF; XMP.

ImageMagick writes EXIF as hexadecimal text, older programs write the orientation as XMP: both are read, as Pillow does.
"""

from __future__ import annotations

import binascii
import struct
import zlib

from sedicfmt.pipeline.picture_beside import MOST_PROFILE, MOST_TEXT
from sedicfmt.pipeline.picture_encoding import Encoding, from_cicp, from_figures

SIZES = {b"cICP": 4, b"sRGB": 1, b"gAMA": 4, b"cHRM": 32}  # bytes


def encoding_of(bodies: dict[bytes, bytes]) -> tuple[Encoding | None, set[bytes]]:
    """(what the first chunk that can be read says, the kinds that cannot)."""
    unread = {kind for kind, size in SIZES.items() if kind in bodies and len(bodies[kind]) != size}
    if b"cICP" in bodies.keys() - unread:
        return from_cicp(*bodies[b"cICP"]), unread
    if b"iCCP" in bodies:
        profile = inflated(bodies[b"iCCP"].partition(b"\0")[2][1:], MOST_PROFILE)
        if profile:
            return Encoding(profile), unread
        unread.add(b"iCCP")
    if b"sRGB" in bodies.keys() - unread:
        return Encoding(), unread
    figures = bodies.keys() & {b"gAMA", b"cHRM"} - unread
    if not figures:
        return None, unread
    primaries = struct.unpack(">8I", bodies[b"cHRM"]) if b"cHRM" in figures else ()
    gamma = int.from_bytes(bodies[b"gAMA"]) if b"gAMA" in figures else None
    exponent = gamma if gamma is None else 1e5 / gamma if gamma else float("inf")
    where = " and ".join(sorted(kind.decode() for kind in figures))
    return from_figures(tuple(v / 1e5 for v in primaries), exponent, where), unread


def exif_of(bodies: dict[bytes, bytes], texts: list[bytes]) -> bytes:
    """EXIF as a TIFF, of eXIf or of a text that holds it in hexadecimal digits; empty without."""
    if bodies.get(b"eXIf"):
        return bodies[b"eXIf"]
    for text in texts:
        if text.startswith((b"Raw profile type exif\0", b"Raw profile type APP1\0")):
            lines = unpacked(text).split(b"\n", 3)
            digits = lines[3] if len(lines) == 4 else b""
            try:
                return binascii.unhexlify(b"".join(digits.split()))
            except ValueError:
                continue
    return b""


def xmp_of(texts: list[bytes]) -> bytes:
    """The XMP packet; empty without."""
    return next((unpacked(text) for text in texts if text.startswith(b"XML:com.adobe.xmp\0")), b"")


def unpacked(text: bytes) -> bytes:
    """What is said in the body of a tEXt, zTXt or iTXt, up to MOST_TEXT bytes; they are told apart by what follows the key."""
    said = text.partition(b"\0")[2]
    if text.startswith(b"XML:com.adobe.xmp\0") and said[:1] in (
        b"\0",
        b"\1",
    ):  # iTXt: flag, method, language, translation
        packed, said = said[:1] == b"\1", said[2:].partition(b"\0")[2].partition(b"\0")[2]
        return inflated(said, MOST_TEXT) if packed else said[:MOST_TEXT]
    return inflated(said[1:], MOST_TEXT) if said[:1] == b"\0" else said[:MOST_TEXT]


def inflated(packed: bytes, most: int) -> bytes:
    """Empty for what is no zlib stream, or has more than `most` bytes."""
    try:
        stream = zlib.decompressobj()
        found = stream.decompress(packed, most)
    except zlib.error:
        return b""
    return found if stream.eof else b""
