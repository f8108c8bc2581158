"""What a PNG says beside its pixels (ISO/IEC 15948, PNG 3rd edition), and the PNG that is left without it.

    file -chunks-> the first of each kind -read_png-> IHDR, PLTE, tRNS, IDAT, IEND with checksums made anew, for Pillow
                                                      cICP, iCCP, sRGB, gAMA, cHRM, eXIf, orientation in texts, read here

Nothing else reaches Pillow, which refuses a picture for a comment that is too long or one byte of its date. A chunk whose
checksum is wrong counts as not there; where its length is wrong, the next sound chunk is looked for.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from sedicfmt.limits import MAX_SIDE
from sedicfmt.pipeline.picture_beside import Beside
from sedicfmt.pipeline.picture_png_said import encoding_of, exif_of, xmp_of
from sedicfmt.pipeline.picture_scanlines import scanline_bytes, unpacked

SIGNATURE = b"\x89PNG\r\n\x1a\n"


class Chunk(NamedTuple):
    """`sound`: its checksum is right."""

    kind: bytes
    body: bytes
    sound: bool


def read_png(data: bytes) -> Beside:
    """Of a PNG's bytes. Where they hold no header or no pixels, `pixels` are the bytes as they are, for Pillow to refuse."""
    found, pixels, texts, bad = dict[bytes, Chunk](), list[Chunk](), list[bytes](), set[bytes]()
    for chunk in chunks(data):
        if chunk.kind == b"IDAT":
            pixels.append(chunk)
        elif chunk.sound or chunk.kind in (b"IHDR", b"PLTE"):
            found.setdefault(chunk.kind, chunk)
            texts += [chunk.body] if chunk.kind in (b"tEXt", b"zTXt", b"iTXt") else []
        else:
            bad.add(chunk.kind)
    header = found.get(b"IHDR", Chunk(b"IHDR", b"", False))
    if len(header.body) != 13 or not pixels:
        return Beside(data)
    packed = b"".join(chunk.body for chunk in pixels)
    if not (header.sound or fits(header.body, packed)):
        return Beside(data)
    bodies = {kind: chunk.body for kind, chunk in found.items()}
    clear = bodies.get(b"tRNS", b"") if transparency_fits(header.body, bodies) else b""
    if b"tRNS" in bodies and not clear:
        bad.add(b"tRNS")
    encoding, unread = encoding_of(bodies)
    kept = [(b"IHDR", header.body), (b"PLTE", bodies.get(b"PLTE")), (b"tRNS", clear or None),
            (b"IDAT", packed), (b"IEND", b"")]  # fmt: skip
    return Beside(
        SIGNATURE + b"".join(made(kind, body) for kind, body in kept if body is not None),
        encoding,
        exif_of(bodies, texts),
        xmp_of(texts),
        depth=header.body[8],
        several=int.from_bytes(bodies.get(b"acTL", b"")[:4]) > 1,
        warnings=told(found, bad | unread),
    )


def told(found: dict[bytes, Chunk], bad: set[bytes]) -> tuple[str, ...]:
    """Of what is damaged, what changes how the picture looks."""
    critical = [kind.decode() for kind in (b"IHDR", b"PLTE") if kind in found and not found[kind].sound]
    names = [kind.decode() for kind in (b"cICP", b"iCCP", b"sRGB", b"gAMA", b"cHRM", b"tRNS", b"eXIf") if kind in bad]
    return (
        *(f"the PNG's {name} has a wrong checksum; its colours or its size may be wrong" for name in critical),
        *(f"the PNG's {name} is damaged; it is passed over" for name in names),
    )


def fits(header: bytes, packed: bytes) -> bool:
    """Whether the pixels are as many as a header says whose checksum is wrong."""
    width, height = struct.unpack(">II", header[:8])
    if not 0 < max(width, height) <= MAX_SIDE:
        return False
    total = sum(rows * size for rows, size in scanline_bytes(header)[0])
    return len(unpacked(packed, total + 1)) == total


def transparency_fits(header: bytes, bodies: dict[bytes, bytes]) -> bool:
    """Whether tRNS has the length that the kind of samples asks for."""
    size, kind = len(bodies.get(b"tRNS", b"")), header[9]
    return size == {0: 2, 2: 6}.get(kind, -1) or (kind == 3 and 1 <= size <= len(bodies.get(b"PLTE", b"")) // 3)


def made(kind: bytes, body: bytes) -> bytes:
    """A chunk."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def chunks(data: bytes) -> Iterator[Chunk]:
    """Each chunk up to IEND; of one whose length is wrong, what lies before the next one."""
    at = len(SIGNATURE)
    while at + 8 <= len(data):
        kind, end = data[at + 4 : at + 8], end_of(data, at)
        sound = is_sound(data, at)
        if not sound and not goes_on(data, end):
            end = next_chunk(data, at + 8)
        yield Chunk(kind, data[at + 8 : end - 4 if end < len(data) or sound else end], sound)
        if kind == b"IEND" and sound:
            return
        at = end


def end_of(data: bytes, at: int) -> int:
    """Where the chunk at `at` says that it ends."""
    return at + 12 + int.from_bytes(data[at : at + 4])


def is_sound(data: bytes, at: int) -> bool:
    end = end_of(data, at)
    return end <= len(data) and zlib.crc32(memoryview(data)[at + 4 : end - 4]) == int.from_bytes(data[end - 4 : end])


def goes_on(data: bytes, at: int) -> bool:
    """Whether a chunk of a known kind begins here."""
    kind = data[at + 4 : at + 8]
    return bool(KINDS.fullmatch(kind)) and (kind == b"IDAT" or end_of(data, at) <= len(data))


def next_chunk(data: bytes, start: int) -> int:
    """Where the next sound chunk begins, or the first cut one of pixels; the end without one."""
    cut, left = len(data), 8 * len(data)  # bytes looked at, or a hostile file has a header in every eighth byte
    for match in KINDS.finditer(data, start + 4):
        at = match.start() - 4
        if end_of(data, at) > len(data):
            cut = min(cut, at) if match[0] == b"IDAT" else cut
        elif is_sound(data, at):
            return at
        else:
            left -= end_of(data, at) - at
            if left < 0:
                break
    return cut


KINDS = re.compile(
    b"IHDR|PLTE|IDAT|IEND|tRNS|cHRM|gAMA|iCCP|sBIT|sRGB|cICP|mDCV|cLLI|tEXt|zTXt|iTXt|bKGD|hIST|pHYs|sPLT|eXIf|tIME|acTL|fcTL|fdAT"
)
