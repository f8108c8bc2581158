"""What a PNG says beside its pixels (ISO/IEC 15948, PNG 3rd edition), as far as it changes how it looks.

Pillow refuses a picture for a comment that is too long, so comments are taken out before it sees the file. Of the chunks that
say what the samples mean, the first of these holds: cICP, iCCP, sRGB, then gAMA and cHRM.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

SIGNATURE = b"\x89PNG\r\n\x1a\n"
TEXTS = (b"tEXt", b"zTXt", b"iTXt")


@dataclass(frozen=True)
class PngChunks:
    """Of a PNG's chunks before its pixels; empty for other files.

    `depth`: bits a sample, 0 for none; `cicp`: (primaries, transfer, matrix, full range) of ITU-T H.273; `gamma`: the file's
    exponent; `primaries`: x and y of white, red, green, blue; `srgb`: it says so; `without_texts`: the file, for Pillow.
    """

    depth: int = 0
    cicp: tuple[int, ...] = ()
    gamma: float = 0.0
    primaries: tuple[float, ...] = ()
    srgb: bool = False
    without_texts: bytes = b""


def read_chunks(data: bytes) -> PngChunks:
    """Of any file's bytes. Chunks that are no good count as not there: what is broken, Pillow tells."""
    if not data.startswith(SIGNATURE):
        return PngChunks()
    found, kept = dict[bytes, bytes](), [SIGNATURE]
    for kind, body, whole in chunks(data):
        found.setdefault(kind, body)
        kept += [] if kind in TEXTS else [whole]
    header = found.get(b"IHDR", b"")
    primaries = found.get(b"cHRM", b"")
    return PngChunks(
        depth=header[8] if len(header) == 13 else 0,
        cicp=tuple(found[b"cICP"]) if len(found.get(b"cICP", b"")) == 4 else (),
        gamma=int.from_bytes(found[b"gAMA"]) / 1e5 if len(found.get(b"gAMA", b"")) == 4 else 0.0,
        primaries=tuple(v / 1e5 for v in struct.unpack(">8I", primaries)) if len(primaries) == 32 else (),
        srgb=b"sRGB" in found,
        without_texts=b"".join(kept),
    )


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """(type, content, the whole) of each chunk up to a cut one, which is given as far as it goes."""
    at = len(SIGNATURE)
    while at < len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4])
        yield data[at + 4 : at + 8], data[at + 8 : min(end, len(data)) - 4] if end <= len(data) else b"", data[at:end]
        at = end
