"""What BMP, QOI, TGA and GIF say of their colours: a header's field, or a profile behind the pixels."""

from __future__ import annotations

import struct

from sedicfmt.pipeline.picture_beside import MOST_PROFILE, Beside
from sedicfmt.pipeline.picture_encoding import Encoding, from_figures

CALIBRATED, EMBEDDED, LINKED = 0, b"DEBM", b"KNIL"  # bV5CSType, little endian
FOOTER = b"TRUEVISION-XFILE.\0"


def read_bmp(data: bytes) -> Beside:
    """Of a bitmap with a header of the fourth or fifth version; others say nothing (Microsoft, BITMAPV5HEADER)."""
    size = int.from_bytes(data[14:18], "little")
    if size < 108 or len(data) < 14 + 108:
        return Beside(data)
    space = data[70:74]
    if space == EMBEDDED and size >= 124 and len(data) >= 138:
        at, length = struct.unpack("<II", data[126:134])
        profile = data[14 + at : 14 + at + min(length, MOST_PROFILE + 1)]
        whole = Encoding(profile) if len(profile) == length else Encoding(unknown="its colour profile is incomplete")
        return Beside(data, whole)
    if space == LINKED:
        return Beside(data, Encoding(unknown="its colour profile is another file"))
    return Beside(data, calibrated(data[74:122]) if int.from_bytes(space, "little") == CALIBRATED else None)


def calibrated(figures: bytes) -> Encoding | None:
    """Of X, Y, Z of red, green and blue in 2.30 bits, and an exponent of each in 16.16; many programs write zeros."""
    colours = [tuple(v / 2**30 for v in struct.unpack("<3i", figures[i : i + 12])) for i in (0, 12, 24)]
    exponents = [v / 2**16 for v in struct.unpack("<3I", figures[36:48])]
    if not any(map(any, colours)) and not any(exponents):
        return None
    if len(set(exponents)) > 1:
        return Encoding(unknown="its header gives a curve for each colour")
    exponent = exponents[0] or None
    if not any(map(any, colours)):
        return from_figures((), exponent, "header")
    white = tuple(map(sum, zip(*colours, strict=True)))
    if any(sum(colour) <= 0 for colour in (white, *colours)):
        return Encoding(unknown="its header gives primaries that no light has")
    return from_figures(tuple(v / sum(c) for c in (white, *colours) for v in c[:2]), exponent, "header")


def read_qoi(data: bytes) -> Beside:
    """Of a QOI: 1 in its fourteenth byte means light, and is what Pillow and others write for any picture."""
    told = Encoding(unknown="its header says that it is light, as many programs write of sRGB")
    return Beside(data, told if data[13:14] == b"\1" else None)


def read_tga(data: bytes) -> Beside:
    """Of a TGA with the footer and extension area of version 2, which has a quotient for the exponent."""
    at = int.from_bytes(data[-26:-22], "little") if data.endswith(FOOTER) else 0
    over, under = struct.unpack("<HH", data[at + 478 : at + 482]) if 0 < at <= len(data) - 482 else (0, 0)
    return Beside(data, from_figures((), over / under, "extension area") if over and under and over != under else None)


def read_gif(data: bytes) -> Beside:
    """Of a GIF: the profile in its application extension ICCRGBG1012."""
    at, profile = data.find(b"\x21\xff\x0bICCRGBG1012"), bytearray()
    if at < 0:
        return Beside(data)
    at += 14
    while at < len(data) and data[at] and len(profile) <= MOST_PROFILE:
        profile += data[at + 1 : at + 1 + data[at]]
        at += 1 + data[at]
    return Beside(data, Encoding(bytes(profile)))
