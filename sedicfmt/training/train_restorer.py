"""The training of the bundled restorer: `sedic-train run restorer --data PAIRS`, PAIRS made by `training.pairs`.

A batch is crops of photos at random noise levels, each with a reference as the control and words: the whole picture's,
one object's, or none (so that guidance without a classifier has its unconditional side). The loss is

    |F - target|^2 (the residual's error in units of its own deviation, the same at all noise levels)
    + feature_weight * distance of x^ and the photo in EfficientNet-Lite0's features: what squared error calls noise, eyes miss
    + texture_weight * texture distance in the same features: detail of the right strength, though in another place
    + energy_weight * E (equation 2) where the words are one object's: so words look where their object is

A control may already show an object restored: part of the crops get the photo blended in inside the object's mask, as in
the loop's later stages.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from sedicfmt.decoders.nano_network import PATCH, NanoRestorerNetwork, precondition
from sedicfmt.decoders.scheduler_ddim import cosine_level
from sedicfmt.errors import EncodeError
from sedicfmt.evaluation.efficientnet_lite import EfficientNetLiteFeatures
from sedicfmt.evaluation.feature_distance import distance_of, texture_of
from sedicfmt.training.examples import Example, ExampleSettings, PairSource
from sedicfmt.training.run import Run

LEAST_NOISE = 0.01  # place on the schedule; with no noise at all F has nothing to say and its error is 0 / 0


@dataclass
class Settings(ExampleSettings):
    """What a run of the restorer is made of."""

    rate: float = 1.5e-3
    warmup: int = 200
    ema: float = 0.999
    steps: int = 5000
    feature_weight: float = 3.0
    texture_weight: float = 15.0
    feature_share: float = 0.5  # of the batch's crops that both distances look at
    start_share: float = (
        0.25  # of the crops at full noise: sampling starts there, and what it misses no later step knows
    )
    energy_weight: float = 0.02


class RestorerRun(Run):
    """A run of the restorer."""

    def __init__(self, pairs: Path, out: Path, settings: Settings, device: str, check_photos: Path | None = None):
        if check_photos:
            raise EncodeError("the restorer's training has no check; `sedic_tools.measure_restorer` measures weights")
        torch.manual_seed(settings.seed)
        self.source = PairSource(pairs, settings)
        self.features = EfficientNetLiteFeatures(0).to(device).eval().requires_grad_(False)
        network = NanoRestorerNetwork(len(self.source.words))
        super().__init__(network, np.random.default_rng(settings.seed), out, settings, device, self.source.digest)

    def loss(self) -> tuple[Tensor, dict[str, float]]:
        examples = [self.source.example(self.rng) for _ in range(self.s.batch)]
        photo, control = (self.tensor([getattr(e, n) for e in examples]) for n in ("photo", "control"))
        numbers = torch.from_numpy(np.stack([e.numbers for e in examples])).to(self.device)
        clean, steered = F.pixel_unshuffle(photo, PATCH), F.pixel_unshuffle(control, PATCH)
        alpha_bar = self.noise_levels(len(examples))
        z = noisy(clean, alpha_bar)
        text = self.model.words(numbers)
        guess, maps = self.model.with_maps(z, alpha_bar, text, steered)
        _, gain = precondition(z, alpha_bar, steered)
        error = ((guess - clean) / gain).square().mean()
        seen = max(1, round(self.s.feature_share * len(examples)))
        distance, texture = self.distances(F.pixel_shuffle(guess[:seen], PATCH), photo[:seen])
        energy = self.energy(examples, maps)
        total = (
            error + self.s.feature_weight * distance + self.s.texture_weight * texture + self.s.energy_weight * energy
        )
        parts = {"error": error, "features": distance, "texture": texture, "energy": energy}
        return total, {name: part.item() for name, part in parts.items()}

    def extra(self) -> dict[str, Any]:
        return {"vocabulary": list(self.source.words.vocabulary)}

    def tensor(self, pictures: list[np.ndarray]) -> Tensor:
        """uint8 pictures -> (b, 3, h, w) in -1 .. 1."""
        stacked = np.stack(pictures).transpose(0, 3, 1, 2).astype(np.float32) / 127.5 - 1
        return torch.from_numpy(stacked).to(self.device)

    def noise_levels(self, count: int) -> Tensor:
        """alpha_bar (count,): `start_share` at full noise, the others spread over the cosine schedule."""
        spread = count - round(self.s.start_share * count)
        places = np.ones(count)
        places[:spread] = (np.arange(spread) + self.rng.random(spread)) / spread
        places = LEAST_NOISE + (1 - LEAST_NOISE) * self.rng.permutation(places)
        return torch.from_numpy(cosine_level(places).astype(np.float32)).to(self.device)

    def distances(self, guess: Tensor, photo: Tensor) -> tuple[Tensor, Tensor]:
        """Feature and texture distance of x^ and the photo, both in -1 .. 1."""
        with torch.no_grad():
            wanted = self.features((photo + 1) * 127.5)
        painted = self.features((guess + 1) * 127.5)
        return distance_of(painted, wanted), texture_of(painted, wanted)

    def energy(self, examples: list[Example], maps: Tensor) -> Tensor:
        """Equation 2 over the named tokens, a mean over the crops whose words are one object's. maps (b, heads, n, tokens)."""
        rows = [i for i, e in enumerate(examples) if e.cells is not None]
        if not rows:
            return maps.sum() * 0
        attended = maps[rows].mean(1)
        cells = torch.from_numpy(np.stack([e.cells.astype(np.float32) for e in examples if e.cells is not None]))
        mask = F.avg_pool2d(cells.to(maps.device)[:, None], 2).flatten(1)  # the maps' grid is 1/16, the cells' 1/8
        named = torch.from_numpy(np.stack([examples[i].numbers > 0 for i in rows])).to(maps.device).float()
        share = (attended * mask[..., None]).sum(1) / attended.sum(1).clamp(min=1e-8)
        return ((1 - share).square() * named).sum() / named.sum().clamp(min=1)


def noisy(clean: Tensor, alpha_bar: Tensor) -> Tensor:
    """z_t of clean latents."""
    shape = (-1, 1, 1, 1)
    return alpha_bar.sqrt().view(shape) * clean + (1 - alpha_bar).sqrt().view(shape) * torch.randn_like(clean)
