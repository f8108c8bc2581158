"""A decoded picture as a PNG whose text chunks say where it comes from, and what of it a model made up and how."""

from __future__ import annotations

import hashlib
import io
import re
from typing import TYPE_CHECKING, Any

from PIL import Image, PngImagePlugin

from sedicfmt.latents.registry import name_of
from sedicfmt.picture import Picture

if TYPE_CHECKING:
    from sedicfmt.pipeline.unpack import UnpackResult


def png(picture: Picture, **more: Any) -> bytes:
    """uint8 RGB (height, width, 3) as the bytes of a PNG; `more` is Pillow's."""
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "PNG", compress_level=1, **more)
    return out.getvalue()


def signed() -> PngImagePlugin.PngInfo:
    """The text chunk that says who wrote a PNG."""
    info = PngImagePlugin.PngInfo()
    info.add_text("Software", "sedicfmt")
    return info


def png_text(data: bytes, result: UnpackResult) -> PngImagePlugin.PngInfo:
    """Text chunks that say where the picture comes from, and that a model generated detail if one did."""
    told = {"Source": f"sedic sha256:{hashlib.sha256(data).hexdigest()}", "Description": result.file.text}
    model = (
        "none, the latent was not looked at"
        if result.blind
        else name_of(result.file.model_id) or str(result.file.model_id)
    )
    told |= {"sedic:model": model, "sedic:seed": str(result.file.seed)}
    generated = "a model generated its detail" if result.record else "decoded from a latent, no detail was generated"
    told |= {"sedic:stage": f"{result.stage}; {generated}"}
    told |= {f"sedic:{key}": value for key, value in result.record.items()}
    info = signed()
    for key, value in told.items():  # Pillow makes it iTXt, which is UTF-8, where Latin-1 cannot hold it
        info.add_text(key, STEERING.sub("\ufffd", value))
    return info


# What a PNG's text may not hold, or would do something to a terminal or to the order of what is shown: control characters but
# the line's end, overrides of direction, and halves of surrogate pairs, which no encoding has.
STEERING = re.compile("[\0-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
