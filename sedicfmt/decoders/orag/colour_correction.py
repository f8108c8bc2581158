"""Colours and low frequencies of the reference picture for a restored one: diffusion shifts them, the latent sent them.

`wavelet`: the restored picture's detail on the reference's low frequencies (a trous pyramid, as StableSR and DiffBIR do);
`adain`: each channel's mean and deviation (Huang and Belongie, 2017). Pictures are float (b, 3, h, w).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

LEVELS = 5  # halvings: detail finer than about 2^5 pixels is the restored picture's


def low_frequencies(picture: Tensor, levels: int = LEVELS) -> Tensor:
    """What is left after `levels` a trous smoothings with the kernel (1, 2, 1) / 4, edges repeated."""
    channels = picture.shape[1]
    line = torch.tensor([0.25, 0.5, 0.25], device=picture.device, dtype=picture.dtype)
    kernel = torch.outer(line, line).expand(channels, 1, 3, 3)
    for level in range(levels):
        reach = 2**level
        picture = F.conv2d(F.pad(picture, (reach,) * 4, mode="replicate"), kernel, groups=channels, dilation=reach)
    return picture


def wavelet(restored: Tensor, reference: Tensor) -> Tensor:
    """The restored picture with the reference's low frequencies."""
    return restored + low_frequencies(reference - restored)


def adain(restored: Tensor, reference: Tensor) -> Tensor:
    """The restored picture with the reference's mean and deviation in each channel."""
    (mean_r, deviation_r), (mean, deviation) = moments(restored), moments(reference)
    return (restored - mean_r) / deviation_r * deviation + mean


def moments(picture: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and deviation over the pixels, (b, 3, 1, 1)."""
    deviation, mean = torch.std_mean(picture, dim=(2, 3), keepdim=True, correction=0)
    return mean, deviation.clamp(min=1e-6)


CORRECTIONS = {"none": lambda restored, reference: restored, "wavelet": wavelet, "adain": adain}
