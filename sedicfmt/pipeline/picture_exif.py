"""EXIF and XMP -> which side is up, and in which colours a camera wrote. Of what is broken, the rest is read.

A camera says Adobe RGB without a profile by DCF 2.0: ColorSpace 65535 ("uncalibrated") and the interoperability index "R03".
"""

from __future__ import annotations

import re

from PIL import Image

from sedicfmt.pipeline.picture_encoding import ADOBE_EXPONENT, ADOBE_RGB, Encoding
from sedicfmt.pipeline.picture_ifd import Directory, directory, first_directory

ORIENTATION, EXIF, INTEROPERABILITY, COLOR_SPACE, INDEX = 0x0112, 0x8769, 0xA005, 0xA001, 1  # tags
UNCALIBRATED, ADOBE = 65535, 2  # of ColorSpace; 2 is no value of EXIF's, and cameras write it


def orientation_told(exif: bytes, xmp: bytes) -> tuple[int, bool]:
    """(1 to 8, whether EXIF can be read); 1 for what says nothing or no such number."""
    found = first_directory(tiff_of(exif))
    told = found.first(ORIENTATION) if found else None
    if told is None:
        match = re.search(rb'tiff:Orientation(?:\s*=\s*["\']|>)\s*([1-8])\b', xmp)
        told = int(match[1]) if match else 1
    return (told if told in range(1, 9) else 1), found is not None or not exif


def encoding_by_camera(exif: bytes) -> Encoding | None:
    """What EXIF says of the colours; None for sRGB or nothing."""
    data = tiff_of(exif)
    camera = below(data, first_directory(data), EXIF)
    space = camera.first(COLOR_SPACE) if camera else None
    if space == ADOBE:
        return Encoding(primaries=ADOBE_RGB, curve=ADOBE_EXPONENT)
    if space != UNCALIBRATED:
        return None
    index = below(data, camera, INTEROPERABILITY)
    if index and index.value(INDEX).startswith(b"R03"):
        return Encoding(primaries=ADOBE_RGB, curve=ADOBE_EXPONENT)
    return Encoding(unknown="its EXIF says that its colours are not sRGB's, and not which")


def below(data: bytes, above: Directory | None, tag: int) -> Directory | None:
    """The directory that a tag points at."""
    at = above.first(tag) if above else None
    return directory(data, at, above.order, above.big) if above and isinstance(at, int) else None


def tiff_of(exif: bytes) -> bytes:
    """EXIF without what formats put before its TIFF header."""
    for start in (b"Exif\0\0", b"\0\0\0\6Exif\0\0"):
        exif = exif.removeprefix(start)
    return exif


def words_of(image: Image.Image) -> tuple[bytes, bytes]:
    """(EXIF, XMP) that Pillow has read, as bytes; empty for what is not there or is something else."""
    exif, xmp = image.info.get("exif"), image.info.get("xmp") or image.info.get("XML:com.adobe.xmp")
    xmp = xmp.encode() if isinstance(xmp, str) else xmp
    return bytes(exif) if isinstance(exif, bytes) else b"", xmp if isinstance(xmp, bytes) else b""
