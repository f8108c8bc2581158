"""The bundled restorer's network: predicts the clean picture from a noisy one, the control picture and words.

It works on latents that are 8x8 patches of pixels (`PatchSpace`), so it needs no autoencoder. What it learns is the
control's error: with s the usual deviation of photo - control, what z alone tells of that error and the prediction are

    told = alpha s^2 / v (z - alpha control),   v = alpha^2 s^2 + sigma^2
    x^   = control + G told + sigma s / sqrt(v) F

(the preconditioning of Karras et al., 2022, for a residual). F and G are the network's, of (told / s, z, control, text, noise
level): F's targets have deviation one at every noise level. G, 0 to 2 for each sample, is trust: where the control is smooth
its error is far below s, and z's noise must go. At full noise `told` says nothing any more, but z itself is there: which of
the textures that fit the control is painted is the noise's choice, so another seed gives another picture.

    grid  1/1    1/4    1/8    1/16    1/32   (of the picture)
    down         enter -> down -> down -> down -+
    mid                                        words
    up    fine <- leave <- up8  <- up16 <- up32 -+     up16, the middle block of the up branch, attends to words: guidance
                                                       looks there

`enter` and `leave` look at 3x3 positions; `fine`, two small convolutions, goes over every pixel with the control and the
noise beside it, so that what is painted has no seams at the pitch of any grid.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sedicfmt.decoders.nano.layers import (
    LEVEL_WIDTH,
    Block,
    WordAttention,
    WordEncoder,
    level_features,
    shuffle,
    unshuffle,
    zero,
)
from sedicfmt.decoders.nano.patch_space import PATCH

SIGMA_RESIDUAL = 0.14  # of photo - reference in -1 .. 1: a PSNR of 23 dB; photos differ, which is what G is for
FINE_WIDTH = 24


class NanoRestorerNetwork(nn.Module):
    """F and the preconditioning around it. `widths`: channels at grids 1/4, 1/8, 1/16, 1/32; `depths`: blocks there."""

    def __init__(
        self,
        widths: Sequence[int] = (48, 96, 192, 288),
        depths: Sequence[int] = (6, 10, 8, 3),
        text_width: int = 96,
        places: int = 64,
    ):
        super().__init__()
        shape = {"text_width": text_width, "places": places}
        self.config = shape | {"widths": list(widths), "depths": list(depths)}
        c4, c8, c16, c32 = widths
        self.level = nn.Sequential(
            nn.Linear(32, LEVEL_WIDTH), nn.SiLU(), nn.Linear(LEVEL_WIDTH, LEVEL_WIDTH), nn.SiLU()
        )
        self.words = WordEncoder(text_width, places)
        self.enter = nn.Conv2d(3 * 3 * 16, c4, 3, padding=1)
        self.down4 = self.stage(c4, depths[0])
        self.to8, self.down8 = nn.Linear(4 * c4, c8), self.stage(c8, depths[1])
        self.to16, self.down16 = nn.Linear(4 * c8, c16), self.stage(c16, depths[2])
        self.to32, self.down32 = nn.Linear(4 * c16, c32), self.stage(c32, depths[3])
        self.mid = WordAttention(c32, text_width)
        self.up32, self.from32 = self.stage(c32, depths[3]), nn.Linear(c32, 4 * c16)
        self.read16 = WordAttention(c16, text_width)
        self.up16, self.from16 = self.stage(c16, depths[2]), nn.Linear(c16, 4 * c8)
        self.up8, self.from8 = self.stage(c8, depths[1]), nn.Linear(c8, 4 * c4)
        self.up4, self.leave = self.stage(c4, depths[0]), zero(nn.Conv2d(c4, 2 * 3 * 16, 3, padding=1))
        self.fine1 = nn.Conv2d(3 * 3, FINE_WIDTH, 3, padding=1)
        self.fine2 = zero(nn.Conv2d(FINE_WIDTH, 3, 3, padding=1))

    @staticmethod
    def stage(width: int, depth: int) -> nn.ModuleList:
        """`depth` blocks."""
        return nn.ModuleList(Block(width) for _ in range(depth))

    def forward(self, z: Tensor, alpha_bar: Tensor, text: Tensor, control: Tensor) -> Tensor:
        """z and control (b, 192, h, w) patches in -1 .. 1, alpha_bar (b,), text (b, tokens, d) -> x^, of z's shape."""
        return self.with_maps(z, alpha_bar, text, control)[0]

    def with_maps(self, z: Tensor, alpha_bar: Tensor, text: Tensor, control: Tensor) -> tuple[Tensor, Tensor]:
        """x^ and the maps of `attention`, at the price of one."""
        told, gain = precondition(z, alpha_bar, control)
        h, skips, level = self.before_words(told, z, alpha_bar, text, control)
        maps = self.read16.maps(h, text)
        h = self.run(self.up16, self.read16.read(h, maps, text), level)
        h = self.run(self.up8, shuffle(self.from16(h)) + skips[1], level)
        h = self.run(self.up4, shuffle(self.from8(h)) + skips[0], level)
        detail, trust = (F.pixel_shuffle(part, 4) for part in self.leave(h.permute(0, 3, 1, 2)).chunk(2, dim=1))
        detail = F.pixel_unshuffle(self.fine(detail, z, control), PATCH)
        trust = F.pixel_unshuffle(trust, PATCH)
        return control + 2 * torch.sigmoid(trust) * told + gain * detail, maps

    def fine(self, detail: Tensor, z: Tensor, control: Tensor) -> Tensor:
        """What is painted, (b, 3, height, width), looked over at every pixel."""
        beside = [F.pixel_shuffle(part, PATCH) for part in (control, z)]
        return detail + self.fine2(F.gelu(self.fine1(torch.cat([detail, *beside], 1)), approximate="tanh"))

    def attention(self, z: Tensor, alpha_bar: Tensor, text: Tensor, control: Tensor) -> Tensor:
        """The maps of the up branch's middle block, (b * heads, rows, columns, tokens); what follows is not computed."""
        h, _, _ = self.before_words(precondition(z, alpha_bar, control)[0], z, alpha_bar, text, control)
        maps = self.read16.maps(h, text)
        return maps.flatten(0, 1).unflatten(1, h.shape[1:3])

    def before_words(
        self, told: Tensor, z: Tensor, alpha_bar: Tensor, text: Tensor, control: Tensor
    ) -> tuple[Tensor, list[Tensor], Tensor]:
        """Everything up to the words of the up branch's middle block: its input, the skips of grids 1/4 and 1/8, the level."""
        level = self.level(level_features(alpha_bar))
        seen = torch.cat([F.pixel_shuffle(part, PATCH) for part in (told / SIGMA_RESIDUAL, control, z)], dim=1)
        h4 = self.run(self.down4, self.enter(F.pixel_unshuffle(seen, 4)).permute(0, 2, 3, 1), level)
        h8 = self.run(self.down8, self.to8(unshuffle(h4)), level)
        h16 = self.run(self.down16, self.to16(unshuffle(h8)), level)
        h32 = self.mid(self.run(self.down32, self.to32(unshuffle(h16)), level), text)
        return shuffle(self.from32(self.run(self.up32, h32, level))) + h16, [h4, h8], level

    @staticmethod
    def run(stage: nn.ModuleList, x: Tensor, level: Tensor) -> Tensor:
        """The stage's blocks in order."""
        for block in stage:
            x = block(x, level)
        return x


def precondition(z: Tensor, alpha_bar: Tensor, control: Tensor) -> tuple[Tensor, Tensor]:
    """(told, gain) of the formulas above; `gain`, the factor of F, is (b, 1, 1, 1)."""
    alpha, variance = alpha_bar.sqrt().view(-1, 1, 1, 1), (1 - alpha_bar).view(-1, 1, 1, 1)
    v = alpha**2 * SIGMA_RESIDUAL**2 + variance
    return alpha * SIGMA_RESIDUAL**2 / v * (z - alpha * control), (variance / v).sqrt() * SIGMA_RESIDUAL
