"""A file's pictures, one after each stage, as a page can hold them."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass

from PIL import Image

from sedicfmt.picture import Picture
from sedicfmt.pipeline.provenance import COMPOSITE, packet
from sedicfmt.pipeline.unpack import UnpackOptions, UnpackResult, Watcher, unpack_bytes

MARK = packet({}, COMPOSITE)  # of what a model made
LONGEST, QUALITY = 1600, 92  # pixels of a side, of WebP: for looking, not for measuring


@dataclass(frozen=True)
class StagePicture:
    """`name` for people; the picture's address, its bytes within it."""

    name: str
    address: str


def pictures_of(
    data: bytes, options: UnpackOptions, watcher: Watcher | None = None
) -> tuple[UnpackResult, list[StagePicture]]:
    """What unpacking gives, and the picture after each stage up to `options.stage`. Raises SedicError."""
    seen: list[StagePicture] = []
    watcher = watcher or Watcher()

    def keep(stage: str, picture: Picture) -> None:
        seen.append(shown(stage, Image.fromarray(picture)))

    result = unpack_bytes(data, options, Watcher(watcher.on_stage, watcher.on_step, keep))
    return result, seen


def shown(stage: str, picture: Image.Image) -> StagePicture:
    """A picture no larger than a page needs."""
    picture = picture.copy()
    picture.thumbnail((LONGEST, LONGEST))
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=QUALITY, method=2, xmp=MARK if stage != "reference" else b"")
    return StagePicture(stage, "data:image/webp;base64," + base64.b64encode(out.getvalue()).decode())
