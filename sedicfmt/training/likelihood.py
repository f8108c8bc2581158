"""Rates of latents in bits, differentiable, for equation 1: R(y) under a Gaussian, R(z) under a mixture of logistics.

Both are the probability of the unit interval around the value; the symbols that a file carries are coded with integer
tables made from the same functions (`export.py`).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

FLOOR = 2.0**-16  # the least frequency of an integer table: nothing costs more than 16 bits


def gaussian_bits(value: Tensor, mean: Tensor, scale: Tensor) -> Tensor:
    """-log2 of the mass of [value - 1/2, value + 1/2] under N(mean, scale^2); shapes broadcast."""
    distance = (value - mean).abs()
    upper = torch.special.ndtr((0.5 - distance) / scale)
    lower = torch.special.ndtr((-0.5 - distance) / scale)
    return -torch.log2(torch.clamp(upper - lower, min=FLOOR))


class LogisticMixture(nn.Module):
    """The factorized prior of z: for each channel a mixture of `count` logistic distributions."""

    def __init__(self, channels: int, count: int = 3):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(channels, count))
        self.mean = nn.Parameter(torch.linspace(-2, 2, count).repeat(channels, 1))
        self.log_scale = nn.Parameter(torch.full((channels, count), math.log(1.0)))

    def cdf(self, value: Tensor) -> Tensor:
        """P(Z < value), value of shape (batch, channels, h, w)."""
        shape = (1, -1, 1, 1, self.mean.shape[1])
        scaled = (value[..., None] - self.mean.view(shape)) / self.log_scale.exp().view(shape)
        return (torch.sigmoid(scaled) * self.weight.softmax(dim=1).view(shape)).sum(-1)

    def bits(self, value: Tensor) -> Tensor:
        """-log2 of the mass of [value - 1/2, value + 1/2]; same shape as value."""
        return -torch.log2(torch.clamp(self.cdf(value + 0.5) - self.cdf(value - 0.5), min=FLOOR))
