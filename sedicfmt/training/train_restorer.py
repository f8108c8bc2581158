"""Train the bundled restorer: `python -m sedicfmt.training.train_restorer PAIRS --out FOLDER`, PAIRS made by `training.pairs`.

A batch is crops of photos at random noise levels, each with a reference as the control and words: the whole picture's,
one object's, or none (so that guidance without a classifier has its unconditional side). The loss is

    |F - target|^2 (the residual's error in units of its own deviation, the same at all noise levels)
    + feature_weight * distance of x^ and the photo in EfficientNet-Lite0's features: what squared error calls noise, eyes miss
    + energy_weight * E (equation 2) where the words are one object's: so words look where their object is

A control may already show an object restored: part of the crops get the photo blended in inside the object's mask, as in
the loop's later stages.
"""

from __future__ import annotations

import argparse
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from sedicfmt.decoders.nano_network import PATCH, NanoRestorerNetwork, precondition
from sedicfmt.decoders.nano_words import UNKNOWN, NanoWords, build_vocabulary
from sedicfmt.decoders.scheduler_ddim import cosine_level
from sedicfmt.evaluation.efficientnet_lite import EfficientNetLiteFeatures
from sedicfmt.evaluation.feature_distance import distance_of
from sedicfmt.training.pairs import CELL, Pair, load_pair
from sedicfmt.training.run import Run, RunSettings, add_run_arguments, prepare

LEAST_NOISE = 0.01  # place on the schedule; with no noise at all F has nothing to say and its error is 0 / 0
PHASE = 32  # crops start at multiples of this: the reference's faults stand on the codec's grid


@dataclass
class Settings(RunSettings):
    """What a run of the restorer is made of."""

    crop: int = 192
    rate: float = 1.5e-3
    warmup: int = 200
    ema: float = 0.999
    steps: int = 5000
    feature_weight: float = 3.0
    feature_share: float = 0.5  # of the batch's crops that the feature distance looks at
    energy_weight: float = 0.02
    drop_text: float = 0.15
    drop_word: float = 0.03
    object_text: float = 0.35
    restored_share: float = 0.25  # of the crops with an object: the control shows it restored


@dataclass
class Example:
    """One crop: uint8 photo and control (c, c, 3); word numbers; the object's cells (c / 8, c / 8) or None."""

    photo: np.ndarray
    control: np.ndarray
    numbers: np.ndarray
    cells: np.ndarray | None


class PairSource:
    """Random examples of a folder of pairs, all held in memory."""

    def __init__(self, folder: Path, settings: Settings):
        self.s = settings
        paths = sorted(folder.glob("*.npz"))
        self.pairs = [p for p in map(load_pair, paths) if min(p.photo.shape[:2]) >= settings.crop]
        if not self.pairs:
            raise FileNotFoundError(f"no pair of at least {settings.crop} pixels a side in {folder}")
        self.words = NanoWords(build_vocabulary(t for p in self.pairs for t in p.texts))
        left, right = (self.words.number.get(word, UNKNOWN) for word in ("left", "right"))
        self.mirrored = {left: right, right: left}
        self.digest = hashlib.sha256("\n".join(f"{p.name} {p.stat().st_size}" for p in paths).encode()).hexdigest()
        areas = np.array([p.photo.shape[0] * p.photo.shape[1] for p in self.pairs], float) ** 0.5
        self.weights = areas / areas.sum()

    def example(self, rng: np.random.Generator) -> Example:
        """A random crop of a random photo, flipped half of the time."""
        pair, c = self.pairs[rng.choice(len(self.pairs), p=self.weights)], self.s.crop
        top, left = (int(rng.integers(0, (side - c) // PHASE + 1)) * PHASE for side in pair.photo.shape[:2])
        window = (slice(top, top + c), slice(left, left + c))
        grid = (slice(top // CELL, (top + c) // CELL), slice(left // CELL, (left + c) // CELL))
        photo, control = pair.photo[window], pair.references[rng.integers(len(pair.references))][window]
        numbers, cells = self.words_for(pair, grid, rng)
        if cells is not None and rng.random() < self.s.restored_share:
            control, cells = restored_control(photo, control, cells, rng.uniform(0.5, 1.0)), None
        if rng.random() < 0.5:
            return Example(photo, control, numbers, cells)
        mirrored = self.mirrored.get
        numbers = np.array([mirrored(n, n) for n in numbers.tolist()])
        return Example(photo[:, ::-1], control[:, ::-1], numbers, None if cells is None else cells[:, ::-1])

    def words_for(
        self, pair: Pair, grid: tuple[slice, slice], rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Numbers of nothing, an object in the crop, or the whole; and the object's cells."""
        inside = [j for j, mask in enumerate(pair.masks) if 0.04 < mask[grid].mean() < 0.96]
        draw = rng.random()
        if draw < self.s.drop_text:
            return self.words.encode("")[0], None
        if inside and draw < self.s.drop_text + self.s.object_text:
            j = inside[rng.integers(len(inside))]
            return self.without_some(self.words.encode(pair.texts[1 + j])[0], rng), pair.masks[j][grid]
        return self.without_some(self.words.encode(pair.texts[0])[0], rng), None

    def without_some(self, numbers: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Some words unknown, so that unknown ones do no harm."""
        return np.where((numbers > UNKNOWN) & (rng.random(numbers.shape) < self.s.drop_word), UNKNOWN, numbers)


def restored_control(photo: np.ndarray, control: np.ndarray, cells: np.ndarray, share: float) -> np.ndarray:
    """The control with `share` of the photo's detail inside the object's cells."""
    mask = cells.repeat(CELL, 0).repeat(CELL, 1)[..., None] * share
    return np.rint(control + mask * (photo.astype(np.float32) - control)).astype(np.uint8)


class RestorerRun(Run):
    """A run of the restorer."""

    def __init__(self, pairs: Path, out: Path, settings: Settings, device: str):
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
        distance = self.feature_distance(F.pixel_shuffle(guess[:seen], PATCH), photo[:seen])
        energy = self.energy(examples, maps)
        total = error + self.s.feature_weight * distance + self.s.energy_weight * energy
        return total, {"error": error.item(), "features": distance.item(), "energy": energy.item()}

    def extra(self) -> dict[str, Any]:
        return {"vocabulary": list(self.source.words.vocabulary)}

    def tensor(self, pictures: list[np.ndarray]) -> Tensor:
        """uint8 pictures -> (b, 3, h, w) in -1 .. 1."""
        stacked = np.stack(pictures).transpose(0, 3, 1, 2).astype(np.float32) / 127.5 - 1
        return torch.from_numpy(stacked).to(self.device)

    def noise_levels(self, count: int) -> Tensor:
        """alpha_bar (count,) as evenly spread over the cosine schedule as sampling visits it, in random order."""
        places = (self.rng.permutation(count) + self.rng.random(count)) / count
        places = LEAST_NOISE + (1 - LEAST_NOISE) * places
        return torch.from_numpy(cosine_level(places).astype(np.float32)).to(self.device)

    def feature_distance(self, guess: Tensor, photo: Tensor) -> Tensor:
        """Of x^ and the photo, both in -1 .. 1."""
        with torch.no_grad():
            wanted = self.features((photo + 1) * 127.5)
        return distance_of(self.features((guess + 1) * 127.5), wanted)

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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", type=Path, help="folder that training.pairs made")
    add_run_arguments(parser, Settings())
    args = parser.parse_args()
    settings = prepare(args, Settings())
    RestorerRun(args.pairs, args.out, settings, args.device).run(args.minutes, args.every)


if __name__ == "__main__":
    main()
