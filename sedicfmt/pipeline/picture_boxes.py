"""What AVIF, HEIC and JPEG 2000 say beside their pixels, in boxes (ISO/IEC 14496-12 and 23008-12; 15444-1 annex I).

    AVIF, HEIC   meta: pitm (which item is the picture), iprp (ipco: properties; ipma: which are whose) -> its colr boxes
    JPEG 2000    jp2h: colr

A colr box holds an ICC profile, or numbers of ITU-T H.273 (nclx), or a number of JPEG 2000's own. The profile goes first.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from sedicfmt.pipeline.picture_beside import MOST_PROFILE, Beside
from sedicfmt.pipeline.picture_encoding import Encoding, from_cicp

SRGB, GREY, YCC, CMYK, BILEVEL = 16, 17, 18, 12, (0, 15)  # EnumCS of JPEG 2000
CODESTREAM = b"\xff\x4f\xff\x51"


def read_heif(data: bytes) -> Beside:
    """Of an AVIF's or HEIC's bytes; where Pillow's decoder reads the profile itself, it is the same one."""
    meta = within(data, b"meta")[4:]
    properties = within(meta, b"iprp")
    owned = list(boxes(within(properties, b"ipco")))
    picture = int.from_bytes(within(meta, b"pitm")[4:])
    own = [owned[i - 1] for i in properties_of(picture, within(properties, b"ipma")) if 0 < i <= len(owned)]
    colours = [body for kind, body in own if kind == b"colr"] or [body for kind, body in owned if kind == b"colr"][:1]
    return Beside(data, of_colours(colours))


def of_colours(colours: list[bytes]) -> Encoding | None:
    """Of the contents of an item's colr boxes."""
    for body in colours:
        if body[:4] in (b"prof", b"rICC"):
            return Encoding(body[4 : MOST_PROFILE + 5])
    for body in colours:
        if body[:4] == b"nclx" and len(body) >= 10:
            primaries, transfer = struct.unpack(">HH", body[4:8])
            return from_cicp(primaries, transfer, where="colr box")  # the decoder has undone the matrix and the range
    return None


def properties_of(picture: int, ipma: bytes) -> list[int]:
    """Numbers from 1 of the properties of an item; empty where it has none or they cannot be read."""
    if len(ipma) < 8:
        return []
    wide, long, at = ipma[0] > 0, ipma[3] & 1, 8
    for _ in range(int.from_bytes(ipma[4:8])):
        item, at = int.from_bytes(ipma[at : at + (4 if wide else 2)]), at + (4 if wide else 2)
        number, step = (ipma[at] if at < len(ipma) else 0), (2 if long else 1)
        found = [int.from_bytes(ipma[at + 1 + i * step : at + 1 + (i + 1) * step]) for i in range(number)]
        at += 1 + number * step
        if item == picture:
            return [index & (0x7FFF if long else 0x7F) for index in found]
        if at >= len(ipma):
            break
    return []


def without_words(data: bytes) -> bytes:
    """An AVIF or HEIC whose EXIF and XMP are of a kind that no decoder looks at."""
    at = data.find(b"iinf")
    size = int.from_bytes(data[at - 4 : at]) if at > 3 else 0
    hidden = re.sub(
        rb"(infe[\x02\x03]...(?:..|....)..)(?:Exif|mime)", rb"\1skip", data[at : at + size], flags=re.DOTALL
    )
    return data[:at] + hidden + data[at + size :] if size else data


def read_jp2(data: bytes) -> Beside:
    """Of a JPEG 2000's bytes. Pillow gets of its header only what changes pixels; without a header, the codestream."""
    if data.startswith(CODESTREAM):
        return Beside(data)
    header = list(boxes(within(data, b"jp2h")))
    size = next((body for kind, body in header if kind == b"ihdr" and len(body) == 14), None)
    start = data.find(b"jp2c" + CODESTREAM)
    if start < 0:
        return Beside(data)
    length = int.from_bytes(data[start - 4 : start])
    stream = data[start + 4 : start - 4 + length] if length > 8 else data[start + 4 :]
    if size is None:
        return Beside(stream, warnings=("the JPEG 2000's header is damaged; its colours may be wrong",))
    colours = [body for kind, body in header if kind == b"colr" and len(body) >= 7]
    encoding, kept_as = of_jp2(colours[0], size) if colours else (None, SRGB)
    colr = box(b"colr", b"\1\0\0" + struct.pack(">I", kept_as))
    kept = b"".join(box(kind, body) for kind, body in header if kind in (b"bpcc", b"pclr", b"cmap", b"cdef"))
    whole = (
        box(b"jP  ", b"\r\n\x87\n") + box(b"ftyp", b"jp2 \0\0\0\0jp2 ") + box(b"jp2h", box(b"ihdr", size) + colr + kept)
    )
    return Beside(whole + struct.pack(">I", length if length > 8 else 0) + b"jp2c" + stream, encoding)


def of_jp2(colour: bytes, size: bytes) -> tuple[Encoding | None, int]:
    """(what a colr box says, the number that Pillow gets)."""
    method, number = colour[0], int.from_bytes(colour[3:7])
    plain = GREY if int.from_bytes(size[8:10]) < 3 else SRGB
    if method in (2, 3):
        return Encoding(colour[3 : MOST_PROFILE + 4]), plain
    if method == 1 and number in (SRGB, GREY, YCC, CMYK, *BILEVEL):
        return None, number
    return Encoding(unknown=f"its colr box says {method}, {number}, which is not known here"), plain


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", 8 + len(body)) + kind + body


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(kind, content) of each box, cut where the bytes end."""
    at = 0
    while at + 8 <= len(data):
        size, head = int.from_bytes(data[at : at + 4]), 8
        if size == 1:
            size, head = int.from_bytes(data[at + 8 : at + 16]), 16
        end = at + size if size else len(data)
        if end < at + head:
            return
        yield data[at + 4 : at + 8], data[at + head : end]
        at = end


def within(data: bytes, kind: bytes) -> bytes:
    """The content of the first box of a kind; empty without."""
    return next((body for found, body in boxes(data) if found == kind), b"")


def missing_of_boxes(data: bytes) -> int:
    """Bytes that the boxes say they have more than there are."""
    at = 0 if not data.startswith(CODESTREAM) else len(data)
    while at + 16 <= len(data):
        size = int.from_bytes(data[at : at + 4])
        size = int.from_bytes(data[at + 8 : at + 16]) if size == 1 else size
        if size < 8:
            return 0
        at += size
    return max(at - len(data), 0)
