"""Rates of latents in bits, differentiable, for equation 1: a Gaussian's mass on the unit interval around a value.

The symbols that a file carries are coded with integer tables made from the same function (`spec/tables/`).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

FLOOR = 2.0**-16  # the least frequency of an integer table: nothing costs more than 16 bits
SCALE_MIN, SCALE_STEP, SCALE_COUNT = 0.15, 1.15, 48  # sigma of index i is SCALE_MIN * SCALE_STEP**i


def gaussian_bits(value: Tensor, mean: Tensor | float, scale: Tensor) -> Tensor:
    """-log2 of the mass of [value - 1/2, value + 1/2] under N(mean, scale^2); shapes broadcast."""
    distance = (value - mean).abs()
    upper = torch.special.ndtr((0.5 - distance) / scale)
    lower = torch.special.ndtr((-0.5 - distance) / scale)
    return -torch.log2(torch.clamp(upper - lower, min=FLOOR))


def soft_bits(value: Tensor, mean: Tensor, index: Tensor) -> Tensor:
    """Bits at a log-scale index of any size; some gradient leaks past the clamp, so that a floored scale can rise again."""
    kept = index.clamp(0, SCALE_COUNT - 1)
    scale = SCALE_MIN * torch.exp(kept * math.log(SCALE_STEP)) + (index - kept) * 1e-3
    return gaussian_bits(value, mean, scale.clamp(min=SCALE_MIN * 0.9))


def hard_bits(value: Tensor, index: Tensor, mean: Tensor | float = 0.0) -> Tensor:
    """Bits of integers at the rounded index; none where that is 0."""
    index = torch.round(index).clamp(0, SCALE_COUNT - 1)
    return gaussian_bits(value, mean, SCALE_MIN * SCALE_STEP**index) * (index > 0)
