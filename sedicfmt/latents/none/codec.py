"""No latent at all (model `none`, spec clause N-1): the file is words and masks, and its reference picture is one grey.

This is the paper's table 3, row 7: restored from words and masks alone. What does need a reference runs on the grey.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from sedicfmt.errors import EncodeError, Malformed
from sedicfmt.latents.interfaces import CodedLatent, DecodedLatent, FileSize, LatentEncoder
from sedicfmt.model import SedicFile
from sedicfmt.picture import Picture

GREY = 128


class NoLatent:
    """The codec and the encoder of any picture: there is nothing to choose."""

    name, model_id = "none", 4
    licence = "none is needed"
    least_scale = 1

    def encoder(self, picture: Picture, refine: bool = False) -> LatentEncoder:
        """Raises EncodeError for `refine`."""
        if refine:
            raise EncodeError("the model none has no latent to refine", "refine")
        return self

    def usual(self) -> CodedLatent:
        return CodedLatent(16, b"", b"")

    smallest = usual

    def best(self, size: FileSize, most_bytes: int, least_scale: int) -> CodedLatent | None:
        return self.usual() if size(self.usual()) <= most_bytes else None

    def decode(self, file: SedicFile) -> DecodedLatent:
        """Raises Malformed with path "z", "y" or "header.latent_scale" (N-1)."""
        for path, payload in (("z", file.z), ("y", file.y)):
            if payload:
                raise Malformed(f"the model none has no {path}, and the file {len(payload)} bytes of it (N-1)", path)
        if file.latent_scale != 16:
            raise Malformed(f"the model none has the scale 16, not {file.latent_scale} (N-1)", "header.latent_scale")
        return Grey(*file.coded_size)


@dataclass(frozen=True)
class Grey:
    """A grey picture."""

    width: int
    height: int

    def digests(self) -> dict[str, str]:
        """SHA-256 of nothing."""
        return dict.fromkeys(("z", "y"), hashlib.sha256(b"").hexdigest())

    def paint(self) -> Picture:
        """uint8 RGB (height, width, 3), GREY everywhere."""
        return np.full((self.height, self.width, 3), GREY, np.uint8)


def open_none() -> NoLatent:
    """There is nothing that could lack."""
    return NoLatent()
