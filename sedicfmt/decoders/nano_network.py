"""The bundled restorer's network: predicts the clean picture from a noisy one, the control picture and words.

It works on latents that are 8x8 patches of pixels (`PatchSpace`), so it needs no autoencoder. What it learns is the
control's error: with s the usual deviation of photo - control, what z alone tells of that error and the prediction are

    told = alpha s^2 / v (z - alpha control),   v = alpha^2 s^2 + sigma^2
    x^   = control + G told + sigma s / sqrt(v) F

(the preconditioning of Karras et al., 2022, for a residual). F and G are the network's, of (told / s, control, text, noise
level): F's targets have deviation one at every noise level, and what it sees of z fades as z stops to tell anything. G, 0 to 2
for each sample, is trust: where the control is smooth its error is far below s, and z's noise must go. F = 0 and G = 1 give
the control back where there is only noise.

    grid  1/4    1/8    1/16    1/32   (of the picture)
    down  enter -> down -> down -> down -+
    mid                                 words
    up    leave <- up8  <- up16 <- up32 -+     up16, the middle block of the up branch, attends to words: guidance looks there

`enter` and `leave` look at 3x3 positions, so that what they paint has no seams at the pitch of their positions.
A block is a depthwise 5x5 convolution, a layer norm moved by the noise level, and two linear layers. All maps are
(batch, rows, columns, channels) inside.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SIGMA_RESIDUAL = 0.14  # of photo - reference in -1 .. 1: a PSNR of 23 dB; photos differ, which is what G is for
PATCH = 8
LEVEL_WIDTH = 128


def unshuffle(x: Tensor, r: int = 2) -> Tensor:
    """(b, h, w, c) -> (b, h/r, w/r, c*r*r)."""
    return F.pixel_unshuffle(x.permute(0, 3, 1, 2), r).permute(0, 2, 3, 1)


def shuffle(x: Tensor, r: int = 2) -> Tensor:
    """(b, h, w, c*r*r) -> (b, h*r, w*r, c)."""
    return F.pixel_shuffle(x.permute(0, 3, 1, 2), r).permute(0, 2, 3, 1)


def as_patches(x: Tensor) -> Tensor:
    """Samples on the 1/4 grid (b, 48, h, w) -> patches as a latent has them, (b, 192, h / 2, w / 2)."""
    return F.pixel_unshuffle(F.pixel_shuffle(x, 4), PATCH)


def zero(layer: Any) -> Any:
    """The layer with weights and biases at zero: what it is added to starts unchanged."""
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


class Block(nn.Module):
    """x + narrow(gelu(widen(norm(depthwise(x)) moved by the noise level)))."""

    def __init__(self, width: int, expansion: int = 2):
        super().__init__()
        self.depthwise = nn.Conv2d(width, width, 5, padding=2, groups=width)
        self.move = zero(nn.Linear(LEVEL_WIDTH, 2 * width))
        self.widen = nn.Linear(width, expansion * width)
        self.narrow = zero(nn.Linear(expansion * width, width))

    def forward(self, x: Tensor, level: Tensor) -> Tensor:
        h = self.depthwise(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        scale, shift = self.move(level)[:, None, None].chunk(2, dim=-1)
        h = F.layer_norm(h, h.shape[-1:]) * (1 + scale) + shift
        return x + self.narrow(F.gelu(self.widen(h), approximate="tanh"))


class WordAttention(nn.Module):
    """x + what its positions read in the words; `maps` gives the attention alone (equation 2's A)."""

    def __init__(self, width: int, text_width: int, heads: int = 4):
        super().__init__()
        self.heads = heads
        self.query, self.key = nn.Linear(width, text_width), nn.Linear(text_width, text_width)
        self.value, self.leave = nn.Linear(text_width, text_width), zero(nn.Linear(text_width, width))

    def maps(self, x: Tensor, text: Tensor) -> Tensor:
        """x (b, h, w, c), text (b, tokens, d) -> softmax over tokens, (b, heads, h*w, tokens)."""
        query = self.split(self.query(F.layer_norm(x, x.shape[-1:]).flatten(1, 2)))
        key = self.split(self.key(text))
        return (query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])).softmax(dim=-1)

    def split(self, x: Tensor) -> Tensor:
        """(b, n, d) -> (b, heads, n, d / heads)."""
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def read(self, x: Tensor, maps: Tensor, text: Tensor) -> Tensor:
        """x + what `maps` takes from the words."""
        taken = (maps @ self.split(self.value(text))).transpose(1, 2).flatten(2)
        return x + self.leave(taken).view_as(x)

    def forward(self, x: Tensor, text: Tensor) -> Tensor:
        return self.read(x, self.maps(x, text), text)


class WordEncoder(nn.Module):
    """Word numbers (b, tokens) -> (b, tokens, width): an embedding, a place, and what stands beside each word."""

    def __init__(self, words: int, width: int, places: int):
        super().__init__()
        self.embed, self.place = nn.Embedding(words, width), nn.Embedding(places, width)
        self.beside = nn.Conv1d(width, width, 3, padding=1)
        nn.init.normal_(self.embed.weight, std=0.5)
        nn.init.normal_(self.place.weight, std=0.05)

    def forward(self, numbers: Tensor) -> Tensor:
        x = self.embed(numbers) + self.place.weight[: numbers.shape[1]]
        return F.layer_norm(x + self.beside(x.transpose(1, 2)).transpose(1, 2), x.shape[-1:])


class NanoRestorerNetwork(nn.Module):
    """F and the preconditioning around it. `widths`: channels at grids 1/4, 1/8, 1/16, 1/32; `depths`: blocks there."""

    def __init__(
        self,
        words: int,
        widths: Sequence[int] = (48, 96, 192, 288),
        depths: Sequence[int] = (2, 3, 3, 2),
        text_width: int = 96,
        places: int = 64,
    ):
        super().__init__()
        shape = {"words": words, "text_width": text_width, "places": places}
        self.config = shape | {"widths": list(widths), "depths": list(depths)}
        c4, c8, c16, c32 = widths
        self.level = nn.Sequential(
            nn.Linear(32, LEVEL_WIDTH), nn.SiLU(), nn.Linear(LEVEL_WIDTH, LEVEL_WIDTH), nn.SiLU()
        )
        self.words = WordEncoder(words, text_width, places)
        self.enter = nn.Conv2d(2 * 3 * 16, c4, 3, padding=1)
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
        h, skips, level = self.before_words(told, alpha_bar, text, control)
        maps = self.read16.maps(h, text)
        h = self.run(self.up16, self.read16.read(h, maps, text), level)
        h = self.run(self.up8, shuffle(self.from16(h)) + skips[1], level)
        h = self.run(self.up4, shuffle(self.from8(h)) + skips[0], level)
        detail, trust = (as_patches(part) for part in self.leave(h.permute(0, 3, 1, 2)).chunk(2, dim=1))
        return control + 2 * torch.sigmoid(trust) * told + gain * detail, maps

    def attention(self, z: Tensor, alpha_bar: Tensor, text: Tensor, control: Tensor) -> Tensor:
        """The maps of the up branch's middle block, (b * heads, rows, columns, tokens); what follows is not computed."""
        h, _, _ = self.before_words(precondition(z, alpha_bar, control)[0], alpha_bar, text, control)
        maps = self.read16.maps(h, text)
        return maps.flatten(0, 1).unflatten(1, h.shape[1:3])

    def before_words(
        self, told: Tensor, alpha_bar: Tensor, text: Tensor, control: Tensor
    ) -> tuple[Tensor, list[Tensor], Tensor]:
        """Everything up to the words of the up branch's middle block: its input, the skips of grids 1/4 and 1/8, the level."""
        level = self.level(level_features(alpha_bar))
        both = torch.cat([F.pixel_shuffle(told / SIGMA_RESIDUAL, PATCH), F.pixel_shuffle(control, PATCH)], dim=1)
        h4 = self.run(self.down4, self.enter(F.pixel_unshuffle(both, 4)).permute(0, 2, 3, 1), level)
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


def level_features(alpha_bar: Tensor) -> Tensor:
    """(b,) -> (b, 32): sines and cosines of log(sigma / alpha), which runs from about -5 to 5."""
    log_ratio = 0.5 * torch.log((1 - alpha_bar).clamp(min=1e-6) / alpha_bar.clamp(min=1e-6))
    angles = log_ratio[:, None] * torch.logspace(-1, 1, 16, device=alpha_bar.device)
    return torch.cat([angles.sin(), angles.cos()], dim=1)
