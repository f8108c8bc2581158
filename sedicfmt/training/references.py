"""The reference pictures that the restorer learns on, made while it trains: by the learned codec, or by AV1.

The learned codec is part of the run: the restored picture's losses reach its latent through the reference, so bits go where
the restored picture gains most (equation 1 with the decoder's last stage in its distortion).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from sedicfmt.latents.av1 import still_picture
from sedicfmt.latents.nano.network import NanoCodec
from sedicfmt.training.grid import repeated

AV1_SCALES, AV1_STEPS = (4, 10), (3, 16)  # sixteenths and quality steps: what budgets of 500 to 3,000 bytes lead to
AV1_SPEED = 8


@dataclass
class Reference:
    """References (b, 3, c, c) in -1..1, and what they cost: bits a coded pixel, and at the coded size the squared error (of
    255) and what of it repeats from patch to patch."""

    control: Tensor
    bpp: Tensor
    mse: Tensor
    grid: Tensor


def learned(codec: NanoCodec, photo: Tensor, coded: int) -> Reference:
    """References of photos (b, 3, c, c) in -1..1, coded at `coded` pixels a side; differentiable."""
    size = photo.shape[-1]
    small = resized(photo, coded).clamp(-1, 1) / 2
    x_hat, bits_y, bits_z = codec(small.contiguous(memory_format=torch.channels_last))
    mse = (x_hat - small).square().mean() * 255**2
    grid = repeated(2 * (x_hat - small))
    bpp = (bits_y.mean() + bits_z.mean()) / coded**2
    return Reference(resized(2 * x_hat.clamp(-0.5, 0.5), size).clamp(-1, 1), bpp, mse, grid)


def classical(photos: list[np.ndarray], rng: np.random.Generator) -> Reference:
    """References of uint8 photos (c, c, 3) as model `av1` gives them, each at a scale and a quality of its own."""
    made = [through_av1(Image.fromarray(photo), rng) for photo in photos]
    stacked = np.stack(made).transpose(0, 3, 1, 2).astype(np.float32) / 127.5 - 1
    return Reference(torch.from_numpy(stacked), *torch.zeros(3))


def through_av1(photo: Image.Image, rng: np.random.Generator) -> np.ndarray:
    """A photo coded small and shown at its size again."""
    scale, step = int(rng.integers(*AV1_SCALES)), int(rng.integers(*AV1_STEPS))
    size = (max(1, round(photo.width * scale / 16)), max(1, round(photo.height * scale / 16)))
    small = photo.resize(size, Image.Resampling.LANCZOS)
    decoded = Image.fromarray(still_picture.decode(still_picture.encode(small, step, AV1_SPEED), *size))
    return np.asarray(decoded.resize(photo.size, Image.Resampling.BICUBIC))


def resized(picture: Tensor, side: int) -> Tensor:
    """As Pillow's bicubic resampling."""
    if picture.shape[-1] == side:
        return picture
    return F.interpolate(picture, (side, side), mode="bicubic", antialias=True)
