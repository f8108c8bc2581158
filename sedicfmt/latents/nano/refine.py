"""A latent refined for its own picture (Campos et al., 2019): y moves down equation 1's gradient, the decoder stays as it is.

g_a gives a good y for every picture, not the best for one. Some steps of Adam on y itself, through g_s, find a better one: the
picture comes nearer to the photo for about the same bits. Rounding is a draw between floor and ceiling that gets surer with
every step (Yang et al., 2020). z stays; means and indices follow from the values of y around: they are looked up now and then.
Within a budget the error's weight lambda follows the file's size, so that the last bytes are spent without a price on them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sedicfmt.latents.nano.analyse import AnalysedPicture, quantise
from sedicfmt.latents.nano.context import walk
from sedicfmt.latents.nano.hyper_synthesis import MEAN_UNIT
from sedicfmt.latents.nano.likelihood import hard_bits
from sedicfmt.latents.nano.nano_latent import NanoLatent
from sedicfmt.latents.nano.network import Synthesis
from sedicfmt.picture import Picture
from sedicfmt.segments.latent import Symbols

Fullness = Callable[[AnalysedPicture], float]


def refine(
    latent: AnalysedPicture, picture: Picture, model: NanoLatent, fullness: Fullness = lambda latent: 1.0
) -> AnalysedPicture:
    """`latent` with a better y for `picture`, the uint8 RGB (height, width, 3) that it was made of.

    `fullness`: the file's bytes with a latent as part of the budget, to be brought to 1.
    """
    synthesis, draws = synthesis_of(model), torch.Generator().manual_seed(0)  # one picture, one file
    y, weight = torch.from_numpy(latent.y.astype(np.float32)).requires_grad_(), LAMBDA
    wanted = torch.from_numpy(picture.transpose(2, 0, 1).copy()).float() / 255 - 0.5
    optimiser = torch.optim.Adam([y], lr=RATE)
    for step in range(STEPS):
        if step % LOOK_AGAIN == 0:
            now = replace(latent, y=y.detach().numpy())
            mean, index = distributions(now)
            weight *= fullness(now) ** -STEER
        value = drawn(y - mean, FIRST_TAU + (LAST_TAU - FIRST_TAU) * step / STEPS, draws) * (index > 0)
        loss = cost(value, mean, index, wanted, synthesis, weight)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return replace(latent, y=y.detach().numpy())


def distributions(latent: AnalysedPicture) -> tuple[Tensor, Tensor]:
    """y's means, and indices as numbers, float32 (Cy, rows, columns), if y is rounded as it stands."""
    indices = np.zeros(latent.y.shape, np.int64)

    def choose(mean: NDArray[np.int64], index: NDArray[np.int64]) -> Symbols:
        np.maximum(indices, index, out=indices)  # each pass has its own positions, zeros elsewhere
        return quantise(latent.y - mean / MEAN_UNIT, index, 0)

    _, mean = walk(latent.scan, choose)
    return torch.from_numpy((mean / MEAN_UNIT).astype(np.float32)), torch.from_numpy(indices.astype(np.float32))


def cost(value: Tensor, mean: Tensor, index: Tensor, wanted: Tensor, synthesis: Synthesis, weight: float) -> Tensor:
    """Equation 1 for one picture: bits a pixel + `weight` x squared error in 0..255."""
    _, height, width = wanted.shape
    painted = synthesis((value + mean)[None])[0, :, :height, :width]
    bits = hard_bits(value, index).sum() / (height * width)
    return bits + weight * 255**2 * (painted - wanted).square().mean()


def drawn(x: Tensor, tau: float, draws: torch.Generator) -> Tensor:
    """x between its two neighbouring integers, nearly at one of them: the likelier, the nearer; surer at a small `tau`."""
    low = torch.floor(x).detach()
    above = (x - low).clamp(EDGE, 1 - EDGE)
    upper = (torch.atanh(above) - torch.atanh(1 - above)) / tau  # log of the odds
    luck = torch.logit(torch.rand(x.shape, generator=draws), eps=EDGE)
    return low + torch.sigmoid((upper + luck) / tau)


def synthesis_of(model: NanoLatent) -> Synthesis:
    """g_s with the model's weights, frozen."""
    parts = {n[4:]: torch.from_numpy(w.astype(np.float32)) for n, w in model.weights.items() if n.startswith("g_s.")}
    c32, cy = parts["enter32.weight"].shape[:2]
    c16, c8 = parts["enter16.weight"].shape[0] // 4, parts["enter8.weight"].shape[0] // 4
    blocks = [sum(name.startswith(f"body{grid}.") for name in parts) // len(A_BLOCK) for grid in (4, 8, 16, 32)]
    c4 = parts["enter4.weight"].shape[0] // 4 if "enter4.weight" in parts else 0
    synthesis = Synthesis(cy, (c8, c16, c32), (blocks[1], blocks[2], blocks[3]), (c4, blocks[0]))
    synthesis.load_state_dict(parts)
    synthesis.eval().requires_grad_(False)
    return synthesis


A_BLOCK = [f"{layer}.{of}" for layer in ("depthwise", "widen", "narrow") for of in ("weight", "bias")]
STEPS, RATE, LOOK_AGAIN = 50, 0.03, 5
LAMBDA = 2.5e-4  # weight of the squared error: at it a refined file has about the bytes of the other
STEER = 3.0  # bytes go about with lambda's third root
FIRST_TAU, LAST_TAU = 0.5, 0.1  # how unsure rounding is
EDGE = 1e-4  # a draw is never certain
