"""The training of the bundled restorer: `sedic-train run restorer --data PAIRS`, PAIRS made by `training.pairs`.

A batch is crops of photos at random noise levels, each with a reference as the control and words: the whole picture's,
one object's, or none (so that guidance without a classifier has its unconditional side). The loss is

    |F - target|^2 (the residual's error in units of its own deviation, the same at all noise levels)
    + feature_weight * distance of x^ and the photo in EfficientNet-Lite0's features: what squared error calls noise, eyes miss
    + texture_weight * texture distance in the same features: detail of the right strength, though in another place
    + critic_weight * a critic's verdict on x^ in the same features (`critic.py`): does it look like a photo?
    + energy_weight * E (equation 2) where the words are one object's: so words look where their object is

In part of the crops the control shows an object already restored, by the network as it stands, as in the loop's later
stages: what is restored once must not be sharpened twice.
"""

from __future__ import annotations

from collections.abc import Sequence
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
from sedicfmt.training.critic import Critic
from sedicfmt.training.depthwise import use_depthwise
from sedicfmt.training.examples import Example, ExampleSettings, PairSource
from sedicfmt.training.run import CHECKPOINT, Run
from sedicfmt.training.start_restorer import start_from

LEAST_NOISE = 0.01  # place on the schedule; with no noise at all F has nothing to say and its error is 0 / 0


@dataclass
class Settings(ExampleSettings):
    """What a run of the restorer is made of."""

    rate: float = 1.5e-3
    warmup: int = 200
    ema: float = 0.999
    steps: int = 5000
    error_weight: float = 1.0
    feature_weight: float = 10.0
    texture_weight: float = 10.0
    critic_weight: float = 0.3
    critic_rate: float = 1e-3
    feature_share: float = 0.5  # of the batch's crops that the features look at
    start_share: float = 0.5  # of the crops at full noise, where sampling starts: what it misses no later step knows
    energy_weight: float = 0.02
    start: str = ""  # weights of an earlier restorer (`sedic-train export`) to begin with


class RestorerRun(Run):
    """A run of the restorer."""

    def __init__(self, pairs: Path, out: Path, settings: Settings, device: str, check_photos: Path | None = None):
        if check_photos:
            raise EncodeError("the restorer's training has no check; `sedic_tools.measure_restorer` measures weights")
        torch.manual_seed(settings.seed)
        self.source = PairSource(pairs, settings)
        self.features = EfficientNetLiteFeatures(0).to(device).eval().requires_grad_(False)
        use_depthwise(self.features)
        self.critic = Critic(self.features).to(device)
        self.critic_optimiser = torch.optim.Adam(self.critic.parameters(), settings.critic_rate, betas=(0.5, 0.99))
        network = NanoRestorerNetwork(len(self.source.words))
        if settings.start and not (out / CHECKPOINT).exists():
            start_from(network, self.source.words, Path(settings.start))
        use_depthwise(network)
        super().__init__(network, np.random.default_rng(settings.seed), out, settings, device, self.source.digest)

    def loss(self) -> tuple[Tensor, dict[str, float]]:
        examples = [self.source.example(self.rng) for _ in range(self.s.batch)]
        photo, control = (self.tensor([getattr(e, n) for e in examples]) for n in ("photo", "control"))
        clean, steered = F.pixel_unshuffle(photo, PATCH), F.pixel_unshuffle(control, PATCH)
        self.restore_before(examples, steered)
        alpha_bar = self.noise_levels(len(examples))
        text = self.model.words(self.numbers([e.numbers for e in examples]))
        guess, maps = self.model.with_maps(noisy(clean, alpha_bar), alpha_bar, text, steered)
        _, gain = precondition(clean, alpha_bar, steered)
        error = ((guess - clean) / gain).square().mean()
        seen = max(1, round(self.s.feature_share * len(examples)))
        parts = {"error": error, "energy": self.energy(examples, maps)}
        parts |= self.looked_at(F.pixel_shuffle(guess[:seen], PATCH), photo[:seen])
        total = torch.stack([getattr(self.s, f"{name}_weight") * part for name, part in parts.items()]).sum()
        return total, {name: part.item() for name, part in parts.items()}

    def restore_before(self, examples: list[Example], steered: Tensor) -> None:
        """Paint into the control the objects that a stage before would have restored."""
        first = [(i, *e.before) for i, e in enumerate(examples) if e.before]
        if not first:
            return
        rows, numbers, cells = zip(*first, strict=True)
        control, alpha_bar = steered[list(rows)], self.full_noise(len(rows))
        with torch.no_grad():
            text = self.model.words(self.numbers(numbers))
            guess = self.model(noisy(control, alpha_bar), alpha_bar, text, control)
            inside = torch.from_numpy(np.stack(cells)[:, None] > 0).to(self.device)
            steered[list(rows)] = torch.where(inside, guess.to(control.dtype).clamp(-1, 1), control)

    def looked_at(self, guess: Tensor, photo: Tensor) -> dict[str, Tensor]:
        """What the features tell of x^ and the photo, both in -1 .. 1; the critic learns from the same."""
        with torch.no_grad():
            wanted = self.features((photo + 1) * 127.5)
        painted = self.features((guess + 1) * 127.5)
        parts = {"feature": distance_of(painted, wanted), "texture": texture_of(painted, wanted)}
        if self.s.critic_weight:
            self.critic_optimiser.zero_grad(set_to_none=True)
            self.critic.own_loss(wanted, painted).backward()
            self.critic_optimiser.step()
            parts["critic"] = self.critic.verdict(painted)
        return parts

    def extra(self) -> dict[str, Any]:
        critic = {"critic": self.critic.state_dict(), "critic_optimiser": self.critic_optimiser.state_dict()}
        return {"vocabulary": list(self.source.words.vocabulary), **critic}

    def resume_extra(self, state: dict[str, Any]) -> None:
        self.critic.load_state_dict(state["critic"])
        self.critic_optimiser.load_state_dict(state["critic_optimiser"])

    def tensor(self, pictures: list[np.ndarray]) -> Tensor:
        """uint8 pictures -> (b, 3, h, w) in -1 .. 1."""
        stacked = np.stack(pictures).transpose(0, 3, 1, 2).astype(np.float32) / 127.5 - 1
        return torch.from_numpy(stacked).to(self.device)

    def numbers(self, numbers: Sequence[np.ndarray]) -> Tensor:
        """Word numbers as a tensor, (b, places)."""
        return torch.from_numpy(np.stack(numbers)).to(self.device)

    def full_noise(self, count: int) -> Tensor:
        """alpha_bar (count,) where sampling starts."""
        return torch.full((count,), float(cosine_level(np.ones(1))[0]), device=self.device)

    def noise_levels(self, count: int) -> Tensor:
        """alpha_bar (count,): `start_share` at full noise, the others spread over the cosine schedule."""
        spread = count - round(self.s.start_share * count)
        places = np.ones(count)
        places[:spread] = (np.arange(spread) + self.rng.random(spread)) / max(1, spread)
        places = LEAST_NOISE + (1 - LEAST_NOISE) * self.rng.permutation(places)
        return torch.from_numpy(cosine_level(places).astype(np.float32)).to(self.device)

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
