"""Diffusion steps over any table of alpha_bar: DDIM, and the ancestral sampler that adds fresh noise in every step.

    z_t = sqrt(a) x + sqrt(1 - a) e          from a prediction: x and e;      z_s = sqrt(b) x + sqrt(1 - b - w) e + sqrt(w) n

with a = alpha_bar_t, b = alpha_bar_s and n fresh noise. w = 0 is DDIM (Song, Meng and Ermon, 2021). Ancestral is their
equation 16 with their eta = 1:

    w = (1 - b) / (1 - a) (1 - a / b)

which makes z_s a draw from q(z_s | z_t, x), the posterior of DDPM (Ho, Jain and Abbeel, 2020, equations 6 and 7) on the levels
that are used alone; DiffBIR's "spaced sampler" (Lin et al., 2023) is that. (Their eta is no relation of equation 3's here.)
A prediction is the noise e ("epsilon"), v = sqrt(a) e - sqrt(1 - a) x ("v_prediction") or the clean latent x ("sample").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sedicfmt.decoders.interfaces import Array
from sedicfmt.errors import EncodeError

Prediction = Literal["epsilon", "v_prediction", "sample"]
Spacing = Literal["trailing", "ends"]


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

    def timesteps(self, count: int, spacing: Spacing = "trailing") -> list[int]:
        """`count` steps from the noisiest on, evenly spaced, all different. "trailing" (diffusers' word) ends above level 0 by
        a whole stride; "ends" (DiffBIR's) has the noisiest and the cleanest level as its ends.

        Raises EncodeError for more steps than there are noise levels.
        """
        total = len(self.alphas_cumprod)
        if count > total:
            raise EncodeError(
                f"{count} steps are asked for (a strength below 1 counts as more), the model has {total} levels"
            )
        if spacing == "ends" and count > 1:
            return [round((total - 1) * (count - 1 - i) / (count - 1)) for i in range(count)]
        return [round(total * (count - i) / count) - 1 for i in range(count)]

    def add_noise(self, clean: Array, noise: Array, t: int) -> Array:
        """z_t; for t = -1 the clean latent itself."""
        if t < 0:
            return clean
        a = self.alpha_bar(t)
        return a**0.5 * clean + (1 - a) ** 0.5 * noise

    def clean(self, z: Array, prediction: Array, t: int) -> Array:
        """The clean latent x that a prediction stands for. "epsilon" cannot say at alpha_bar = 0: then zero."""
        a = self.alpha_bar(t)
        if self.prediction_type == "sample":
            return prediction
        if self.prediction_type == "v_prediction":
            return a**0.5 * z - (1 - a) ** 0.5 * prediction
        return (z - (1 - a) ** 0.5 * prediction) / max(a, 1e-8) ** 0.5

    def step(
        self, z: Array, prediction: Array, t: int, t_next: int, noise: Array | None = None, share: float = 1.0
    ) -> Array:
        """z_t -> z_{t_next}; t_next = -1 gives the clean latent. `noise`: fresh noise of z's shape for an ancestral step, None
        for DDIM; `share`: eta of DDIM's equation 16, 0 for DDIM, 1 for ancestral."""
        x = self.clean(z, prediction, t)
        if t_next < 0:
            return x
        a, b = self.alpha_bar(t), self.alpha_bar(t_next)
        added = 0.0 if noise is None else share**2 * self.added_variance(t, t_next)
        old = (z - a**0.5 * x) / (1 - a) ** 0.5
        moved = b**0.5 * x + max(0.0, 1 - b - added) ** 0.5 * old
        return moved if noise is None else moved + added**0.5 * noise

    def added_variance(self, t: int, t_next: int) -> float:
        """w of an ancestral step: the variance of q(z_s | z_t, x)."""
        a, b = self.alpha_bar(t), self.alpha_bar(t_next)
        return (1 - b) / (1 - a) * (1 - a / b)


def cosine_level(place: NDArray[np.float64], least: float = 1e-5) -> NDArray[np.float64]:
    """alpha_bar of the cosine schedule (Nichol and Dhariwal, 2021) at places 0 (clean) to 1 (`least`, almost only noise)."""
    return np.maximum(np.cos(np.pi / 2 * place) ** 2, least)


def cosine_alphas(count: int = 1000) -> NDArray[np.float64]:
    """alpha_bar_t for t = 0 ... count - 1, float64."""
    return cosine_level(np.arange(1, count + 1) / (count + 1))
