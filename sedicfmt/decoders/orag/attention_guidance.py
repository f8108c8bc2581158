"""Backward guidance by cross-attention: equations 2 and 3 of the paper, after layout-guidance (Chen et al., 2024).

    E(A, M_j, k) = (1 - sum_{m in M_j} A_{m,k} / sum_m A_{m,k})^2            (2)
    z_{j,t} <- z_{j,t} - eta grad_z E                                        (3)

A is the attention of the layers that the denoiser gives, after softmax; E is a mean over layers, heads and the tokens k that
name the object. What the paper leaves open is in `Guidance`; where its defaults come from: spec/rationale.md.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sedicfmt.decoders.interfaces import Array, TokenSpan
from sedicfmt.decoders.orag.values import GUIDANCE_RULES, checked
from sedicfmt.errors import BackendFailed

InsideAt = Callable[[int, int], Array]
"""The mask on a grid of so many rows and columns, as `mask_on_grid` gives it, an array of the model's."""
_NAME_ENDS = re.compile(r"[,.;:]| (?:in|with|on|at|of|is|are|that|which|wearing|standing|sitting) ", re.IGNORECASE)


@dataclass(frozen=True)
class Guidance:
    """How strongly and for how long attention is guided.

    `eta`: equation 3's scale (the paper: 40, 30 to 50 work). `share`: T' as a share of the steps: guided are the first
    `share` of an object's steps. `updates`: gradient steps within one of them. `tokens`: k, the object's name at the head of
    Text_d or all of its words. `by_noise`: eta times 1 - alpha_bar_t, as layout-guidance scales it, instead of constant.
    `full_gradient`: grad_z E goes through the control branch too, as equation 3 has it; without, through the UNet alone, which
    is less work in another direction.
    """

    eta: float = 40.0
    share: float = 0.5
    updates: int = 1
    tokens: Literal["name", "all"] = "all"
    by_noise: bool = False
    full_gradient: bool = False

    def __post_init__(self) -> None:
        """Raises EncodeError for what guides nothing."""
        for name in GUIDANCE_RULES:
            object.__setattr__(self, name, checked(name, getattr(self, name), GUIDANCE_RULES))

    def steps(self, count: int) -> int:
        """How many of `count` steps stand above T': the first does unless the share is 0."""
        return math.ceil(round(self.share * count, 9))


def name_in(text: str) -> str:
    """What an object's description begins with: its name, up to the first comma, full stop or "in", "with", "on" ..."""
    found = _NAME_ENDS.search(text)
    return text[: found.start()] if found and found.start() else text


def named_tokens(text: str, spans: Sequence[TokenSpan], tokens: str) -> list[int]:
    """k: indices of the tokens that guidance looks at; all of them where the name has none."""
    end = len(name_in(text)) if tokens == "name" else len(text)
    return [s.index for s in spans if s.start < end] or [s.index for s in spans]


def mask_on_grid(mask: NDArray[np.bool_], rows: int, columns: int) -> NDArray[np.bool_]:
    """bool (h, w) -> bool (rows, columns): cells at least half covered, or the fullest where none is: never empty."""
    height, width = mask.shape
    if height % rows == 0 and width % columns == 0:  # nothing overlaps: no need for sums of eight bytes a pixel
        lines = np.add.reduceat(mask, np.arange(0, height, height // rows), axis=0, dtype=np.int32)
        share = np.add.reduceat(lines, np.arange(0, width, width // columns), axis=1) / (
            height * width / rows / columns
        )
        return np.asarray(share >= min(share.max(), 0.5))
    above = np.pad(mask.astype(np.int64), ((1, 0), (1, 0))).cumsum(0).cumsum(1)  # how many there are above and left
    (top, bottom), (left, right) = (edges(n, cells) for n, cells in zip(mask.shape, (rows, columns), strict=True))
    inside = above[bottom][:, right] - above[top][:, right] - above[bottom][:, left] + above[top][:, left]
    share = inside / np.outer(bottom - top, right - left)
    return np.asarray(share >= min(share.max(), 0.5))


def edges(size: int, cells: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First places of so many cells on `size` places, and the places behind their last; they overlap where it must be."""
    numbers = np.arange(cells)
    return numbers * size // cells, -(-(numbers + 1) * size // cells)


def energy(maps: Sequence[Array], inside_at: InsideAt, tokens: Sequence[int]) -> Array:
    """E of equation 2, a scalar in 0 .. 1. maps: each (heads, rows, columns, tokens)."""
    import torch

    parts = []
    for attention in maps:
        a = attention[..., list(tokens)].float()
        inside = (a * inside_at(*a.shape[1:3])[..., None]).sum((1, 2))
        parts.append((1 - inside / a.sum((1, 2)).clamp(min=1e-12)).square().mean())
    return torch.stack(parts).mean()


def guide(
    z: Array,
    maps_of: Callable[[Array], Sequence[Array]],
    inside_at: InsideAt,
    tokens: Sequence[int],
    eta: float,
    updates: int = 1,
) -> tuple[Array, list[float]]:
    """Equation 3, `updates` times. z (1, c, h, w); `maps_of(z)`: the maps, differentiable. Returns z and E before each.

    Raises BackendFailed for a model whose attention has no gradient.
    """
    import torch

    energies = []
    for _ in range(updates):
        with torch.enable_grad():
            moved = z.detach().requires_grad_(True)
            value = energy(maps_of(moved), inside_at, tokens)
            if not value.requires_grad:
                raise BackendFailed("the model's attention has no gradient, so nothing can guide it; --no-guidance")
            (gradient,) = torch.autograd.grad(value, moved)
        z = z - eta * gradient
        energies.append(float(value.detach()))
    return z.detach(), energies
