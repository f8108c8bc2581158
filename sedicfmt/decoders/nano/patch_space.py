"""Latents without an autoencoder: a latent position is a patch of 8x8 pixels, its 192 channels are the patch's samples."""

from __future__ import annotations

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor

from sedicfmt.decoders.nano.network import PATCH


@dataclass(frozen=True)
class PatchSpace:
    """LatentSpace of the bundled restorer; exactly invertible. `multiple`: its network halves the patches' grid twice."""

    multiple: int = 4 * PATCH

    def encode(self, picture: Tensor) -> Tensor:
        """(b, 3, h, w) -> (b, 192, h / 8, w / 8)."""
        return F.pixel_unshuffle(picture, PATCH)

    def decode(self, latent: Tensor) -> Tensor:
        """(b, 192, h, w) -> (b, 3, 8 h, 8 w)."""
        return F.pixel_shuffle(latent, PATCH)
