"""The nano latent codec: g_a, h_a, h_s, g_s of the paper's equation 1, sized for two CPU cores, with a context for z and y.

At a fiftieth of a bit a pixel a photo has about twenty bits for 32x32 pixels, so the latent y lives on a grid of
stride 32 and the hyper-latent z on stride 64. g_a and g_s are each a linear transform (starting as the KLT of 32x32
patches) plus a pyramid of depthwise-separable residual blocks that starts at zero. h_s is small and keeps to what
integer arithmetic can repeat exactly: int8 weights (trained with them), a rectifier, no normalisation.

    x (3, H, W) -g_a-> y (Cy, H/32, W/32) -h_a-> z (Cz, H/64, W/64) -h_s-> mean, scale of y;  y^ -g_s-> x~

The context: z's distribution follows from the z above and to the left; y's at odd positions of a chequerboard from the values
of the even ones around it. Both networks keep to the same integers as h_s (`entropy.py`).
"""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sedicfmt.latents.nano.depthwise import Depthwise
from sedicfmt.latents.nano.entropy import HyperSynthesis, PriorZ, round_through
from sedicfmt.latents.nano.likelihood import SCALE_COUNT, SCALE_MIN, SCALE_STEP, hard_bits, soft_bits
from sedicfmt.segments.latent import LAST_SHIFTED

STRIDE_Y, STRIDE_Z = 32, 64


Triple = tuple[int, int, int]


class Block(nn.Module):
    """Depthwise 5x5, then two 1x1 convolutions around a rectifier, added to the input; starts as the identity."""

    def __init__(self, channels: int, expansion: int = 2):
        super().__init__()
        self.depthwise = Depthwise(channels, 5)
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


def exactly(layer: nn.Module, x: Tensor) -> Tensor:
    """The layer in float32 whatever autocast says: bfloat16 is too coarse for the brightness of a patch."""
    with torch.autocast(x.device.type, enabled=False):
        return layer(x.float())


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
        return exactly(self.linear, F.pixel_unshuffle(x, STRIDE_Y)) + self.leave(h)


class Synthesis(nn.Module):
    """g_s: y^ (B, Cy, H/32, W/32) -> x~ (B, 3, H, W), around -0.5..0.5, not clipped.

    `fine`: channels and blocks at stride 4, whose patches overlap; (0, 0) for none, as in sedic-nano-2.
    """

    def __init__(self, cy: int, widths: Triple, blocks: Triple, fine: tuple[int, int]):
        super().__init__()
        c8, c16, c32 = widths
        c4, blocks4 = fine
        self.linear = nn.Conv2d(cy, 3 * STRIDE_Y**2, 1)
        self.enter32, self.body32 = nn.Conv2d(cy, c32, 1), stage(c32, blocks[2])
        self.enter16, self.body16 = nn.Conv2d(c32, 4 * c16, 1), stage(c16, blocks[1])
        self.enter8, self.body8 = nn.Conv2d(c16, 4 * c8, 1), stage(c8, blocks[0])
        self.leave = zero(nn.Conv2d(c8, 192, 1))
        if c4:
            self.enter4, self.body4 = nn.Conv2d(c8, 4 * c4, 1), stage(c4, blocks4)
            self.leave4 = zero(nn.Conv2d(c4, 48, 3, padding=1))
        self.is_fine = bool(c4)

    def forward(self, y: Tensor) -> Tensor:
        h = self.body32(self.enter32(y))
        h = self.body16(F.pixel_shuffle(self.enter16(h), 2))
        h = self.body8(F.pixel_shuffle(self.enter8(h), 2))
        x = F.pixel_shuffle(exactly(self.linear, y), STRIDE_Y) + F.pixel_shuffle(self.leave(h), 8)
        if self.is_fine:
            x = x + F.pixel_shuffle(self.leave4(self.body4(F.pixel_shuffle(self.enter4(h), 2))), 4)
        return x


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


class NanoCodec(nn.Module):
    """All four transforms, the prior of z and the context of y."""

    def __init__(
        self,
        cy: int = 192,
        cz: int = 24,
        widths: Triple = (96, 192, 320),
        blocks_a: Triple = (2, 2, 3),
        blocks_s: Triple = (3, 4, 4),
        fine: tuple[int, int] = (48, 2),
    ):
        super().__init__()
        self.config = {"cy": cy, "cz": cz, "widths": widths, "blocks_a": blocks_a, "blocks_s": blocks_s, "fine": fine}
        self.g_a = Analysis(cy, widths, blocks_a)
        self.g_s = Synthesis(cy, widths, blocks_s, fine)
        self.h_a = HyperAnalysis(cy, cz)
        self.h_s = HyperSynthesis(cy, cz)
        self.prior_z = PriorZ(cz)

    def start_from_klt(self, basis: np.ndarray, deviation: np.ndarray, step: float) -> None:
        """Set the linear paths to the KLT (`klt.fit_klt`, pixels in -0.5..0.5) with quantiser step `step`."""
        rows = torch.from_numpy(basis)
        with torch.no_grad():
            self.g_a.linear.weight.copy_((rows / step)[:, :, None, None])
            self.g_s.linear.weight.copy_((rows.T * step)[:, :, None, None])
            for layer in (self.g_a.linear, self.g_s.linear):
                nn.init.zeros_(layer.bias)
            index = torch.log(torch.from_numpy(deviation) / step / SCALE_MIN) / math.log(SCALE_STEP)
            self.h_s.start(index.clamp(0, SCALE_COUNT - 1))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """x in -0.5..0.5 -> (x~, bits of y for each picture, bits of z for each picture)."""
        y = self.g_a(x).float()
        z, bits_z = self.code_z(y)
        with torch.autocast(x.device.type, enabled=False):
            hidden = self.h_s.hidden(round_through(z))
            y_hat, bits_y = self.h_s.in_two_passes(y, hidden, noisy)
        return self.g_s(y_hat), bits_y.sum((1, 2, 3)), bits_z.sum((1, 2, 3))

    def code_z(self, y: Tensor) -> tuple[Tensor, Tensor]:
        """z and its bits under noise."""
        z = self.h_a(y).float()
        with torch.autocast(y.device.type, enabled=False):
            mean, index = self.prior_z(round_through(z))
            return z, soft_bits(z + torch.rand_like(z) - 0.5, mean, index)

    @torch.no_grad()
    def evaluate(self, x: Tensor) -> tuple[Tensor, float, float]:
        """As `forward` with rounding in place of noise: (x~, bits of y, bits of z), for one picture."""
        y = self.g_a(x).float()
        z = torch.round(self.h_a(y).float())
        mean, index = self.prior_z(z)
        bits_z = hard_bits(*shifted_parts(z, mean, index))
        y_hat, bits_y = self.h_s.in_two_passes(y, self.h_s.hidden(z), rounded)
        return self.g_s(y_hat), float(bits_y.sum()), float(bits_z.sum())


def shifted_parts(z: Tensor, mean: Tensor, index: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """H-8: (what is coded, its index, the eighth of a step that its table is for)."""
    base = torch.floor(mean + 0.5)
    eighth = torch.floor((mean - base + 0.5) * 8)
    return z - base, index.clamp(1, LAST_SHIFTED), (eighth - 3.5) / 8


def noisy(y: Tensor, mean: Tensor, index: Tensor) -> tuple[Tensor, Tensor]:
    """For training: (values y - mean rounded with the identity's gradient, bits of y under noise)."""
    return round_through(y - mean), soft_bits(y + torch.rand_like(y) - 0.5, mean, index)


def rounded(y: Tensor, mean: Tensor, index: Tensor) -> tuple[Tensor, Tensor]:
    """What a file has: (values, their bits); nothing is coded where the index is 0 (L-6)."""
    value = torch.round(y - mean) * (torch.round(index) > 0)
    return value, hard_bits(value, index)
