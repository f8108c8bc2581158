"""A decoded picture as a PNG whose text chunks and XMP say where it comes from, and what of it a model made up and how."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from PIL import Image, PngImagePlugin

from sedicfmt.picture import Picture
from sedicfmt.pipeline.provenance import COMPOSITE, facts_of, packet, xmp_of

if TYPE_CHECKING:
    from sedicfmt.pipeline.unpack import UnpackResult


def png(picture: Picture, **more: Any) -> bytes:
    """uint8 RGB (height, width, 3) as the bytes of a PNG; `more` is Pillow's."""
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "PNG", compress_level=1, **more)
    return out.getvalue()


def signed(generated: bool = False) -> PngImagePlugin.PngInfo:
    """The text chunk that says who wrote a PNG; `generated`: and the XMP that says that a model made detail of it up."""
    info = PngImagePlugin.PngInfo()
    info.add_text("Software", "sedicfmt")
    if generated:
        add_xmp(info, packet({}, COMPOSITE))
    return info


def png_text(data: bytes, result: UnpackResult) -> PngImagePlugin.PngInfo:
    """Text chunks that say where the picture comes from, and that a model generated detail if one did."""
    info = signed()
    for key, value in facts_of(
        data, result
    ).items():  # Pillow makes it iTXt, which is UTF-8, where Latin-1 cannot hold it
        info.add_text(key, value)
    add_xmp(info, xmp_of(data, result))
    return info


def add_xmp(info: PngImagePlugin.PngInfo, xmp: bytes) -> None:
    """As the XMP specification has it for PNG."""
    info.add_itxt("XML:com.adobe.xmp", xmp.decode())
