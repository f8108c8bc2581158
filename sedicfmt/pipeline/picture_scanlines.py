"""A PNG's scanlines (ISO/IEC 15948, clauses 7.2 and 8.1): how many bytes they are, and as many as can be unpacked."""

from __future__ import annotations

import struct
import zlib


def unpacked(packed: bytes, most: int) -> bytes:
    """As far as it goes, at most `most` bytes. Its checksum, which is behind all rows, is not looked at."""
    stream, found, step = zlib.decompressobj(-15), bytearray(), max(64, len(packed) >> 17)
    try:
        for at in range(2, len(packed), step):
            found += stream.decompress(packed[at : at + step], most - len(found) + 1)
            if stream.eof or len(found) > most:
                break
    except zlib.error:
        pass
    return bytes(found[:most])


def scanline_bytes(header: bytes) -> tuple[list[tuple[int, int]], bool]:
    """([(rows, bytes a row with its filter)] of each pass, interlaced) of an IHDR."""
    width, height, depth, kind = struct.unpack(">IIBB", header[:10])
    bits = depth * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}.get(kind, 1)
    passes = ADAM7 if header[12] else ((0, 0, 1, 1),)
    sizes = [(-(-(width - x) // dx), -(-(height - y) // dy)) for x, y, dx, dy in passes]
    return [(rows, 1 + (columns * bits + 7) // 8) for columns, rows in sizes if columns > 0 and rows > 0], bool(
        header[12]
    )


ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""(first column, first row, columns apart, rows apart) of the passes of an interlaced PNG."""
