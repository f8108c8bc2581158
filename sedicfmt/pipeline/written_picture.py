"""A decoded picture as a file: PNG, or JPEG, WebP or AVIF at some quality; each says where it comes from (`provenance.py`)."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import PurePath

import numpy as np
from PIL import Image

from sedicfmt.errors import EncodeError
from sedicfmt.pipeline.png_text import png, png_text
from sedicfmt.pipeline.provenance import xmp_of
from sedicfmt.pipeline.unpack import UnpackResult


@dataclass(frozen=True)
class PictureFormat:
    """How pictures are written. `suffix`: one of SUFFIXES; `quality`: 1 to 100, None for the format's usual one;
    `longest`: pixels of a side at most, None for the picture's own size.

    Raises EncodeError for a suffix or a quality that there is not.
    """

    suffix: str = ".png"
    quality: int | None = None
    longest: int | None = None

    def __post_init__(self) -> None:
        if self.suffix not in SUFFIXES:
            raise EncodeError(f"no picture is written as {self.suffix}; there are {', '.join(SUFFIXES)}", "format")
        if self.quality is not None and self.lossless:
            raise EncodeError("PNG keeps every pixel as it is; a quality is for JPEG, WebP and AVIF", "quality")
        if self.quality is not None and not 1 <= self.quality <= 100:
            raise EncodeError(f"a quality is 1 to 100, not {self.quality}", "quality")
        if self.longest is not None and self.longest < 1:
            raise EncodeError(f"a side has 1 pixel or more, not {self.longest}", "longest_side")

    @property
    def lossless(self) -> bool:
        """Whether every pixel is kept."""
        return SUFFIXES[self.suffix] == "PNG"

    def write(self, data: bytes, result: UnpackResult) -> bytes:
        """The picture's file; `data`: the .sedic file that `result` was made of, whose picture is made smaller if need be."""
        if self.longest is not None:
            result.picture.thumbnail((self.longest, self.longest), Image.Resampling.LANCZOS)
        if self.lossless:
            return png(np.asarray(result.picture), pnginfo=png_text(data, result))
        kind, out = SUFFIXES[self.suffix], io.BytesIO()
        result.picture.save(out, kind, quality=self.quality or USUAL[kind], xmp=xmp_of(data, result))
        return out.getvalue()


def format_for(output: str, suffix: str | None, quality: int | None, longest: int | None = None) -> PictureFormat:
    """The format for an output's name; `suffix`: one that was asked for by name, "" and "-" have no say of their own.

    Raises EncodeError where the name says another one.
    """
    own = "" if output == "-" else PurePath(output).suffix.lower()
    if own and suffix and SUFFIXES.get(own) != SUFFIXES.get(suffix):
        raise EncodeError(f"{output} is no name for {suffix[1:]}", "format")
    return PictureFormat(suffix or own or ".png", quality, longest)


SUFFIXES = {
    ".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP", ".avif": "AVIF",
}  # fmt: skip
USUAL = {"JPEG": 92, "WEBP": 90, "AVIF": 80}
