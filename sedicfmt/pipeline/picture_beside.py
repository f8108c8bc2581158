"""What a picture's file says beside its pixels, the same for every format; and the file as its decoder gets it."""

from __future__ import annotations

from dataclasses import dataclass

from sedicfmt.pipeline.picture_encoding import Encoding

MOST_PROFILE = 16 << 20  # bytes of an ICC profile; those of printers have two or three MiB
MOST_TEXT = 1 << 20  # bytes of EXIF or XMP that are unpacked: only an orientation is looked for


@dataclass(frozen=True)
class Beside:
    """`pixels`: the file without what changes no pixel, which so cannot refuse it.

    `encoding`: of its samples, None where it says nothing; `exif`, `xmp`: as they are; `depth`: bits a sample, 0 for unknown;
    `several`: it holds more pictures than one; `warnings`: what could not be used; `by_libtiff`: a TIFF without compression
    that Pillow itself reads wrongly.
    """

    pixels: bytes
    encoding: Encoding | None = None
    exif: bytes = b""
    xmp: bytes = b""
    depth: int = 0
    several: bool = False
    warnings: tuple[str, ...] = ()
    by_libtiff: bool = False
