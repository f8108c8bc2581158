"""A Pillow picture that says, in every file that it is saved to, that a model generated its detail.

Pillow hands a picture's XMP on only where `save` is told to, and to PNG not even then. So the restored pictures of
`sedicfmt.unpack` and `sedicfmt.pillow` are of this class. What is made of one (a crop, a smaller one) is an ordinary picture
again, with the packet in its `info`: `marked` makes it one of these.
"""

from __future__ import annotations

from typing import Any

from PIL import Image, PngImagePlugin

from sedicfmt.pipeline.png_text import add_xmp, signed


class MarkedPicture(Image.Image):
    """Saved with `info["xmp"]`, if it has one, wherever the format has a place for it."""

    def save(self, fp: Any, format: str | None = None, **params: Any) -> None:
        """As Pillow's; `xmp` and `pnginfo` of the caller's own are taken as they are."""
        self.load()
        if xmp := self.info.get("xmp"):
            params = {"xmp": xmp, "pnginfo": png_info(xmp), **params}
        super().save(fp, format, **params)


def marked(picture: Image.Image) -> Image.Image:
    """The same picture, not copied, which marks what it is saved to."""
    made = MarkedPicture()
    made.__dict__ |= picture.__dict__
    return made


def png_info(xmp: bytes) -> PngImagePlugin.PngInfo:
    """For PNG, where a packet has a chunk of its own."""
    info = signed()
    add_xmp(info, xmp)
    return info
