"""Deterministic diffusion steps over any table of alpha_bar (DDIM: Song, Meng and Ermon, 2021, eta = 0).

    z_t = sqrt(a_t) x + sqrt(1 - a_t) e          from a prediction: x and e;      z_s = sqrt(a_s) x + sqrt(1 - a_s) e

A prediction is the noise e ("epsilon"), v = sqrt(a) e - sqrt(1 - a) x ("v_prediction") or the clean latent x ("sample").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from torch import Tensor

from sedicfmt.errors import EncodeError

Prediction = Literal["epsilon", "v_prediction", "sample"]


@dataclass(frozen=True)
class Ddim:
    """`alphas_cumprod`: alpha_bar_t for t = 0 ... T - 1, falling; `prediction_type`: what the denoiser's output is."""

    alphas_cumprod: Sequence[float]
    prediction_type: Prediction = "epsilon"

    def alpha_bar(self, t: int) -> float:
        """alpha_bar_t; 1 for t = -1, the clean latent."""
        return 1.0 if t < 0 else float(self.alphas_cumprod[t])

    def noise_variance(self, t: int) -> float:
        """1 - alpha_bar_t."""
        return 1 - self.alpha_bar(t)

    def timesteps(self, count: int) -> list[int]:
        """`count` steps from the noisiest on, evenly spaced ("trailing" in diffusers), all different.

        Raises EncodeError for more steps than there are noise levels.
        """
        total = len(self.alphas_cumprod)
        if count > total:
            raise EncodeError(
                f"{count} steps are asked for (a strength below 1 counts as more), the model has {total} levels"
            )
        return [round(total * (count - i) / count) - 1 for i in range(count)]

    def add_noise(self, clean: Tensor, noise: Tensor, t: int) -> Tensor:
        """z_t; for t = -1 the clean latent itself."""
        if t < 0:
            return clean
        a = self.alpha_bar(t)
        return a**0.5 * clean + (1 - a) ** 0.5 * noise

    def clean(self, z: Tensor, prediction: Tensor, t: int) -> Tensor:
        """The clean latent x that a prediction stands for. "epsilon" cannot say at alpha_bar = 0: then zero."""
        a = self.alpha_bar(t)
        if self.prediction_type == "sample":
            return prediction
        if self.prediction_type == "v_prediction":
            return a**0.5 * z - (1 - a) ** 0.5 * prediction
        return (z - (1 - a) ** 0.5 * prediction) / max(a, 1e-8) ** 0.5

    def step(self, z: Tensor, prediction: Tensor, t: int, t_next: int) -> Tensor:
        """z_t -> z_{t_next}; t_next = -1 gives the clean latent."""
        x = self.clean(z, prediction, t)
        if t_next < 0:
            return x
        a, b = self.alpha_bar(t), self.alpha_bar(t_next)
        noise = (z - a**0.5 * x) / (1 - a) ** 0.5
        return b**0.5 * x + (1 - b) ** 0.5 * noise


def cosine_level(place: np.ndarray, least: float = 1e-5) -> np.ndarray:
    """alpha_bar of the cosine schedule (Nichol and Dhariwal, 2021) at places 0 (clean) to 1 (`least`, almost only noise)."""
    return np.maximum(np.cos(np.pi / 2 * place) ** 2, least)


def cosine_alphas(count: int = 1000) -> np.ndarray:
    """alpha_bar_t for t = 0 ... count - 1, float64."""
    return cosine_level(np.arange(1, count + 1) / (count + 1))
