"""The nano latent codec: g_a, h_a, h_s, g_s of the paper's equation 1, sized for two CPU cores.

At a fiftieth of a bit a pixel a photo has about twenty bits for 32x32 pixels, so the latent y lives on a grid of
stride 32 and the hyper-latent z on stride 64. g_a and g_s are each a linear transform (starting as the KLT of 32x32
patches) plus a pyramid of depthwise-separable residual blocks that starts at zero. h_s is small and keeps to what
integer arithmetic can repeat exactly: int8 weights (trained with them), a rectifier, no normalisation.

    x (3, H, W) -g_a-> y (Cy, H/32, W/32) -h_a-> z (Cz, H/64, W/64) -h_s-> mean, scale of y;  y^ -g_s-> x~
"""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sedicfmt.training.likelihood import LogisticMixture, gaussian_bits

STRIDE_Y, STRIDE_Z = 32, 64
SCALE_MIN, SCALE_STEP, SCALE_COUNT = 0.15, 1.15, 48  # sigma of index i is SCALE_MIN * SCALE_STEP**i


def round_through(x: Tensor) -> Tensor:
    """Rounding whose gradient is that of the identity."""
    return x + (torch.round(x) - x).detach()


def int8_through(weight: Tensor) -> Tensor:
    """Weights as int8 times one scale an output channel, with the identity's gradient."""
    scale = weight.detach().abs().flatten(1).amax(1).clamp(min=1e-8) / 127
    return round_through(weight / scale.view(-1, 1, 1, 1)) * scale.view(-1, 1, 1, 1)


Triple = tuple[int, int, int]


class Block(nn.Module):
    """Depthwise 5x5, then two 1x1 convolutions around a rectifier, added to the input; starts as the identity."""

    def __init__(self, channels: int, expansion: int = 2):
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels, 5, padding=2, groups=channels)
        self.widen = nn.Conv2d(channels, channels * expansion, 1)
        self.narrow = nn.Conv2d(channels * expansion, channels, 1)
        nn.init.zeros_(self.narrow.weight)
        nn.init.zeros_(self.narrow.bias)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.narrow(F.relu(self.widen(self.depthwise(x))))


def stage(channels: int, blocks: int) -> nn.Sequential:
    """`blocks` residual blocks one after another; (B, channels, h, w) -> the same."""
    return nn.Sequential(*[Block(channels) for _ in range(blocks)])


def zero(layer: nn.Conv2d) -> nn.Conv2d:
    """The layer with weights and biases at zero."""
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


class Analysis(nn.Module):
    """g_a: x in -0.5..0.5, (B, 3, H, W) -> y (B, Cy, H/32, W/32)."""

    def __init__(self, cy: int, widths: Triple, blocks: Triple):
        super().__init__()
        c8, c16, c32 = widths
        self.linear = nn.Conv2d(3 * STRIDE_Y**2, cy, 1)
        self.enter8, self.body8 = nn.Conv2d(192, c8, 1), stage(c8, blocks[0])
        self.enter16, self.body16 = nn.Conv2d(4 * c8, c16, 1), stage(c16, blocks[1])
        self.enter32, self.body32 = nn.Conv2d(4 * c16, c32, 1), stage(c32, blocks[2])
        self.leave = zero(nn.Conv2d(c32, cy, 1))

    def forward(self, x: Tensor) -> Tensor:
        h = self.body8(self.enter8(F.pixel_unshuffle(x, 8)))
        h = self.body16(self.enter16(F.pixel_unshuffle(h, 2)))
        h = self.body32(self.enter32(F.pixel_unshuffle(h, 2)))
        return self.linear(F.pixel_unshuffle(x, STRIDE_Y)) + self.leave(h)


class Synthesis(nn.Module):
    """g_s: y^ (B, Cy, H/32, W/32) -> x~ (B, 3, H, W), around -0.5..0.5, not clipped."""

    def __init__(self, cy: int, widths: Triple, blocks: Triple):
        super().__init__()
        c8, c16, c32 = widths
        self.linear = nn.Conv2d(cy, 3 * STRIDE_Y**2, 1)
        self.enter32, self.body32 = nn.Conv2d(cy, c32, 1), stage(c32, blocks[2])
        self.enter16, self.body16 = nn.Conv2d(c32, 4 * c16, 1), stage(c16, blocks[1])
        self.enter8, self.body8 = nn.Conv2d(c16, 4 * c8, 1), stage(c8, blocks[0])
        self.leave = zero(nn.Conv2d(c8, 192, 1))

    def forward(self, y: Tensor) -> Tensor:
        h = self.body32(self.enter32(y))
        h = self.body16(F.pixel_shuffle(self.enter16(h), 2))
        h = self.body8(F.pixel_shuffle(self.enter8(h), 2))
        return F.pixel_shuffle(self.linear(y), STRIDE_Y) + F.pixel_shuffle(self.leave(h), 8)


class HyperAnalysis(nn.Module):
    """h_a: y (B, Cy, h, w), h and w even -> z (B, Cz, h/2, w/2)."""

    def __init__(self, cy: int, cz: int, width: int = 128):
        super().__init__()
        self.enter, self.body = nn.Conv2d(cy, width, 1), stage(width, 1)
        self.shrink, self.body2 = nn.Conv2d(4 * width, width, 1), stage(width, 1)
        self.leave = nn.Conv2d(width, cz, 1)

    def forward(self, y: Tensor) -> Tensor:
        h = self.body(F.relu(self.enter(y)))
        return self.leave(self.body2(F.relu(self.shrink(F.pixel_unshuffle(h, 2)))))


class HyperSynthesis(nn.Module):
    """h_s: z^ (B, Cz, h, w) -> mean of y and log-scale index, both (B, Cy, 2h, 2w). Runs in integers in the decoder."""

    def __init__(self, cy: int, cz: int, width: int = 64):
        super().__init__()
        self.grow = nn.Conv2d(cz, 4 * width, 3, padding=1)
        self.leave = nn.Conv2d(width, 2 * cy, 1)

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor]:
        h = F.conv2d(z, int8_through(self.grow.weight), self.grow.bias, padding=1)
        h = F.relu(F.pixel_shuffle(h, 2))
        mean, index = F.conv2d(h, int8_through(self.leave.weight), self.leave.bias).chunk(2, dim=1)
        return mean, index * 8  # a weight of one moves the index by eight steps: log-scales learn as fast as means


class NanoCodec(nn.Module):
    """All four transforms and the prior of z."""

    def __init__(
        self,
        cy: int = 192,
        cz: int = 24,
        widths: Triple = (96, 192, 320),
        blocks_a: Triple = (2, 2, 3),
        blocks_s: Triple = (3, 4, 4),
    ):
        super().__init__()
        self.config = {"cy": cy, "cz": cz, "widths": widths, "blocks_a": blocks_a, "blocks_s": blocks_s}
        self.g_a = Analysis(cy, widths, blocks_a)
        self.g_s = Synthesis(cy, widths, blocks_s)
        self.h_a = HyperAnalysis(cy, cz)
        self.h_s = HyperSynthesis(cy, cz)
        self.prior_z = LogisticMixture(cz)

    def start_from_klt(self, basis: np.ndarray, deviation: np.ndarray, step: float) -> None:
        """Set the linear paths to the KLT (`klt.fit_klt`, pixels in -0.5..0.5) with quantiser step `step`."""
        rows = torch.from_numpy(basis)
        with torch.no_grad():
            self.g_a.linear.weight.copy_((rows / step)[:, :, None, None])
            self.g_s.linear.weight.copy_((rows.T * step)[:, :, None, None])
            for layer in (self.g_a.linear, self.g_s.linear, self.h_s.leave):
                nn.init.zeros_(layer.bias)
            index = torch.log(torch.from_numpy(deviation) / step / SCALE_MIN) / math.log(SCALE_STEP)
            self.h_s.leave.weight.mul_(0.3)
            self.h_s.leave.bias[len(basis) :] = index.clamp(0, SCALE_COUNT - 1) / 8

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """x in -0.5..0.5 -> (x~, bits of y for each picture, bits of z for each picture)."""
        y = self.g_a(x)
        z = self.h_a(y)
        bits_z = self.prior_z.bits(z + torch.rand_like(z) - 0.5)
        mean, index = self.h_s(round_through(z))
        scale = SCALE_MIN * torch.exp(index.clamp(0, SCALE_COUNT - 1) * math.log(SCALE_STEP))
        # leak a little gradient past the clamp, so that a scale at its floor can rise again
        scale = scale + (index - index.clamp(0, SCALE_COUNT - 1)) * 1e-3
        scale = scale.clamp(min=SCALE_MIN * 0.9)
        bits_y = gaussian_bits(y + torch.rand_like(y) - 0.5, mean, scale)
        y_hat = round_through(y - mean) + mean
        return self.g_s(y_hat), bits_y.sum((1, 2, 3)), bits_z.sum((1, 2, 3))

    @torch.no_grad()
    def evaluate(self, x: Tensor) -> tuple[Tensor, float, float]:
        """As `forward` with rounding in place of noise: (x~, bits of y, bits of z), for one picture."""
        y = self.g_a(x)
        z = torch.round(self.h_a(y))
        mean, index = self.h_s(z)
        index = torch.round(index).clamp(0, SCALE_COUNT - 1)
        symbols = torch.round(y - mean) * (index > 0)
        bits = gaussian_bits(symbols, torch.zeros(()), SCALE_MIN * SCALE_STEP**index) * (index > 0)
        return self.g_s(symbols + mean), float(bits.sum()), float(self.prior_z.bits(z).sum())
