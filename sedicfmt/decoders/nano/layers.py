"""The layers of the bundled restorer's network. All maps are (batch, rows, columns, channels).

A block is a depthwise 5x5 convolution, a layer norm moved by the noise level, and two linear layers. Words enter as vectors
(`word_vectors.py`), which stay as they are: what is learned is how to read them.
"""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sedicfmt.decoders.nano.word_vectors import DIMENSIONS, load_vectors
from sedicfmt.decoders.nano.words import FIRST_WORD

LEVEL_WIDTH = 128


def unshuffle(x: Tensor, r: int = 2) -> Tensor:
    """(b, h, w, c) -> (b, h/r, w/r, c*r*r)."""
    return F.pixel_unshuffle(x.permute(0, 3, 1, 2), r).permute(0, 2, 3, 1)


def shuffle(x: Tensor, r: int = 2) -> Tensor:
    """(b, h, w, c*r*r) -> (b, h*r, w*r, c)."""
    return F.pixel_shuffle(x.permute(0, 3, 1, 2), r).permute(0, 2, 3, 1)


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
    """Word numbers (b, tokens) -> (b, tokens, width): what a word means, its place, and what stands beside it."""

    def __init__(self, width: int, places: int):
        super().__init__()
        vectors = torch.from_numpy(load_vectors())
        self.register_buffer("vectors", F.pad(vectors, (0, 0, FIRST_WORD, 0)), persistent=False)
        self.meaning, self.place = nn.Linear(DIMENSIONS, width), nn.Embedding(places, width)
        self.special = nn.Embedding(FIRST_WORD, width)  # no word, and a word that is not known
        self.beside = nn.Conv1d(width, width, 3, padding=1)
        nn.init.normal_(self.meaning.weight, std=0.5)
        for table in (self.place, self.special):
            nn.init.normal_(table.weight, std=0.05)

    def forward(self, numbers: Tensor) -> Tensor:
        special = self.special(numbers.clamp(max=FIRST_WORD - 1)) * (numbers < FIRST_WORD)[..., None]
        x = self.meaning(F.embedding(numbers, self.vectors)) + special + self.place.weight[: numbers.shape[1]]
        return F.layer_norm(x + self.beside(x.transpose(1, 2)).transpose(1, 2), x.shape[-1:])


def level_features(alpha_bar: Tensor) -> Tensor:
    """(b,) -> (b, 32): sines and cosines of log(sigma / alpha), which runs from about -5 to 5."""
    log_ratio = 0.5 * torch.log((1 - alpha_bar).clamp(min=1e-6) / alpha_bar.clamp(min=1e-6))
    angles = log_ratio[:, None] * torch.logspace(-1, 1, 16, device=alpha_bar.device)
    return torch.cat([angles.sin(), angles.cos()], dim=1)
