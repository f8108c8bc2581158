"""Latents without an autoencoder: a latent position is a patch of 8x8 pixels, its 192 channels are the patch's samples."""

from __future__ import annotations

from dataclasses import dataclass

from sedicfmt.decoders.interfaces import Array
from sedicfmt.decoders.orag.arrays import library

PATCH = 8


@dataclass(frozen=True)
class PatchSpace:
    """LatentSpace of the bundled restorer; exactly invertible. `multiple`: its network halves the patches' grid twice."""

    multiple: int = 4 * PATCH

    def encode(self, picture: Array) -> Array:
        """(b, 3, h, w) -> (b, 192, h / 8, w / 8), channels in the order of samples, rows, columns."""
        b, c, h, w = picture.shape
        cut = picture.reshape(b, c, h // PATCH, PATCH, w // PATCH, PATCH)
        return library(cut).moveaxis(cut, (3, 5), (2, 3)).reshape(b, c * PATCH**2, h // PATCH, w // PATCH)

    def decode(self, latent: Array) -> Array:
        """(b, 192, h, w) -> (b, 3, 8 h, 8 w)."""
        b, c, h, w = latent.shape
        cut = latent.reshape(b, c // PATCH**2, PATCH, PATCH, h, w)
        return library(cut).moveaxis(cut, (2, 3), (3, 5)).reshape(b, c // PATCH**2, h * PATCH, w * PATCH)
