"""A complete JBIG2 file (.jb2, ITU-T T.88 Annex D.1, sequential) around one generic region payload.

With it any JBIG2 decoder can check the masks of a .sedic file. The payload of `generic_region.encode` has no end
marker; it is put back here.
"""

from __future__ import annotations

import struct

from sedicfmt.bitcoding.mq_coder import MARKER


def wrap(payload: bytes, shape: tuple[int, int]) -> bytes:
    """The .jb2 file that shows the bitmap of `shape` (h, w) whose generic region payload is `payload`."""
    return b"".join((
        FILE_HEADER,
        _segment(0, PAGE_INFORMATION, 1, _page_information(shape)),
        _segment(1, IMMEDIATE_GENERIC_REGION, 1, _generic_region(payload, shape)),
        _segment(2, END_OF_PAGE, 1, b""),
        _segment(3, END_OF_FILE, 0, b""),
    ))  # fmt: skip


def _segment(number: int, kind: int, page: int, data: bytes) -> bytes:
    """Segment header (7.2: number, flags, no referred-to segments, page, length) and data."""
    return struct.pack(">IBBBI", number, kind, 0, page, len(data)) + data


def _page_information(shape: tuple[int, int]) -> bytes:
    """7.4.8: width, height, unknown resolution, flags (white, lossless), no striping."""
    h, w = shape
    return struct.pack(">IIIIBH", w, h, 0, 0, 1, 0)


def _generic_region(payload: bytes, shape: tuple[int, int]) -> bytes:
    """7.4.6: region information at (0, 0), flags (MMR, GBTEMPLATE, TPGDON: 0), A1 to A4, coded data, marker."""
    h, w = shape
    return struct.pack(">IIIIBB8b", w, h, 0, 0, 0, 0, *NOMINAL_ADAPTIVE_CELLS) + payload + MARKER


FILE_HEADER = b"\x97JB2\r\n\x1a\n\x01\0\0\0\x01"  # D.4: sequential, one page
IMMEDIATE_GENERIC_REGION, PAGE_INFORMATION, END_OF_PAGE, END_OF_FILE = 38, 48, 49, 51  # 7.3
NOMINAL_ADAPTIVE_CELLS = (3, -1, -3, -1, 2, -2, -2, -2)  # 6.2.5.4, Figure 4: x and y of A1 to A4
