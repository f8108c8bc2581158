"""Between pictures and latents: epsilon(.) and D(.) of Algorithm 1, by the autoencoder of a latent diffusion model.

    z = (mode of q(z | picture) - shift) * scale;      picture = D(z / scale + shift)

An encoder's mode and not a sample, so that two runs give one picture. Whatever type the autoencoder computes in, what
goes in and out is float32. (The bundled restorer needs no autoencoder: `patch_space.py`.)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor


class VaeSpace:
    """LatentSpace over diffusers' AutoencoderKL, which computes in the type that it has.

    `halvings`: how often the denoiser halves its grids (three for Stable Diffusion's four levels). `tiled`: pictures
    larger than the VAE was trained on go through it in overlapping tiles: less memory, and slightly other colours from
    tile to tile.
    """

    def __init__(self, vae: Any, halvings: int = 3, tiled: bool = False):
        self.vae = vae
        self.scale = float(vae.config.scaling_factor)
        self.shift = float(getattr(vae.config, "shift_factor", None) or 0.0)
        halved = len(vae.config.block_out_channels) - 1  # by the autoencoder itself
        self.multiple = 2 ** (halved + halvings)
        if tiled:
            vae.enable_tiling()
            vae.enable_slicing()  # a batch one by one

    @torch.no_grad()
    def encode(self, picture: Tensor) -> Tensor:
        """(batch, 3, height, width) in -1 .. 1 -> float32 (batch, channels, rows, columns)."""
        mode = self.vae.encode(picture.to(self.vae.dtype)).latent_dist.mode()
        return (mode.float() - self.shift) * self.scale

    @torch.no_grad()
    def decode(self, latent: Tensor) -> Tensor:
        """The inverse as far as the autoencoder goes: float32 (batch, 3, height, width), not clipped."""
        values = latent / self.scale + self.shift
        picture: Tensor = self.vae.decode(values.to(self.vae.dtype)).sample
        return picture.float()


def vae_dtype(config: Mapping[str, Any], dtype: torch.dtype) -> torch.dtype:
    """What a VAE computes in beside a UNet of `dtype`: the same, but float32 for float16 unless the VAE's config
    forgoes it (`force_upcast`), for within Stable Diffusion's decoder values can exceed float16's 65,504."""
    return torch.float32 if dtype == torch.float16 and config.get("force_upcast", True) else dtype
