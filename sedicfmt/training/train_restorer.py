"""The training of the bundled restorer, and of the latent codec with it: `sedic-train run restorer --data PHOTOS`.

A batch is windows of photos at random noise levels, each with a reference as the control (`references.py`) and words: the
whole picture's, one object's, or none (so that guidance without a classifier has its unconditional side). The loss is

    error_weight * |F - target|^2 (the residual's error in units of its own deviation, the same at all noise levels)
    + lpips_weight * LPIPS (AlexNet) of x^ and the photo
    + feature_weight * distance in EfficientNet-Lite0's features: what squared error calls noise, eyes miss
    + texture_weight * texture distance in the same features: detail of the right strength, though in another place
    + critic_weight, pixel_weight * two critics' verdicts (`critic.py`): does it look like a photo?
    + colour_weight * the squared error's part that is colour, not brightness: colours that are made up are specks to an eye
    + grid_weight * the part of the error that repeats from patch to patch (`grid.py`), and the same of the reference's
    + energy_weight * E (equation 2) where the words are one object's: so words look where their object is
    + bits a coded pixel + lmbda * squared error of the reference, where the codec made it

LPIPS, features, texture and critics on a window that stands elsewhere at every step (`window.py`). In part of the crops the
control shows an object already restored, by the network as it stands, as in the loop's later stages: what is restored once
must not be sharpened twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sedicfmt.decoders.nano.network import PATCH, NanoRestorerNetwork, precondition
from sedicfmt.decoders.orag.scheduler_ddim import cosine_level
from sedicfmt.errors import EncodeError
from sedicfmt.evaluation.efficientnet_lite import EfficientNetLiteFeatures
from sedicfmt.evaluation.feature_distance import distance_of, texture_of
from sedicfmt.evaluation.lpips import Lpips
from sedicfmt.latents.nano.depthwise import use_depthwise
from sedicfmt.latents.nano.network import NanoCodec
from sedicfmt.training import references
from sedicfmt.training.colour import colour
from sedicfmt.training.critic import Critic, PixelCritic
from sedicfmt.training.examples import Example, ExampleSettings, ExampleSource
from sedicfmt.training.grid import repeated
from sedicfmt.training.run import CHECKPOINT, TrainingRun
from sedicfmt.training.shipped import shipped_codec
from sedicfmt.training.start_restorer import start_from
from sedicfmt.training.weights import load_weights
from sedicfmt.training.window import moved_window

EARLIER = 2  # sedic-nano-2: files of 1.0 are restored too
LEAST_NOISE = 0.01  # place on the schedule; with no noise at all F has nothing to say and its error is 0 / 0
SHAPES = (
    (320, 192),
    (256, 192),
    (192, 192),
    (256, 128),
)  # crop and coded side: the latent at 10, 12, 16 and 8 sixteenths
OFTEN = (0.3, 0.35, 0.15, 0.2)
BATCH_SIDE = 256  # `batch` is of crops of this size; of others so many that a step has about as many pixels


@dataclass
class RestorerSettings(ExampleSettings):
    """What a run of the restorer is made of."""

    rate: float = 5e-4
    warmup: int = 200
    ema: float = 0.999
    batch: int = 4
    error_weight: float = 0.02
    lpips_weight: float = 0.2
    feature_weight: float = 0.1
    texture_weight: float = 0.1
    critic_weight: float = 0.015
    pixel_weight: float = 0.02
    grid_weight: float = 0.01
    colour_weight: float = 0.2
    energy_weight: float = 0.0007
    lmbda: float = 1.5e-4
    critic_rate: float = 5e-4
    codec_rate: float = 0.2  # the codec learns at this share of the rate; 0: it stays as it is
    av1_share: float = 0.15  # of the steps, whose references are AV1's
    earlier_share: float = 0.15  # of the steps, whose references are those of sedic-nano-2: old files are restored too
    feature_share: float = 0.5  # of the batch's crops that the features look at
    start_share: float = 0.75  # of the crops at full noise, where sampling starts: what it misses no later step knows
    start: str = ""  # weights of an earlier restorer (`sedic-train export`) to begin with
    codec: str = ""  # weights of the codec (`sedic-train weights`)


class Pair(nn.Module):
    """The codec and the restorer, which share a run."""

    def __init__(self, codec: NanoCodec, restorer: NanoRestorerNetwork):
        super().__init__()
        self.codec, self.restorer = codec, restorer
        self.config = {"codec": codec.config, "restorer": restorer.config}


class RestorerRun(TrainingRun):
    """A run of the restorer and the codec."""

    def __init__(
        self, data: Path, out: Path, settings: RestorerSettings, device: str, check_photos: Path | None = None
    ):
        if check_photos:
            raise EncodeError(
                "the restorer's training has no check; `sedic-eval --config experiments/restoring.toml` measures weights"
            )
        torch.manual_seed(settings.seed)
        self.source = ExampleSource(data, settings)
        self.lpips = Lpips("alex").to(device)
        self.features = EfficientNetLiteFeatures(0).to(device).eval().requires_grad_(False)
        use_depthwise(self.features)
        self.critic, self.pixel_critic = Critic(self.features).to(device), PixelCritic().to(device)
        own = [*self.critic.parameters(), *self.pixel_critic.parameters()]
        self.critic_optimiser = torch.optim.Adam(own, settings.critic_rate, betas=(0.5, 0.99))
        self.earlier = shipped_codec(EARLIER).to(device).requires_grad_(False)
        pair = Pair(NanoCodec(), NanoRestorerNetwork())
        if not (out / CHECKPOINT).exists():
            self.start(pair, settings)
        use_depthwise(pair.restorer)
        super().__init__(pair, np.random.default_rng(settings.seed), out, settings, device, self.source.digest)

    @staticmethod
    def start(pair: Pair, settings: RestorerSettings) -> None:
        """Given weights of either."""
        if settings.codec:
            load_weights(pair.codec, Path(settings.codec))
        if settings.start:
            start_from(pair.restorer, Path(settings.start))

    def groups(self) -> list[dict]:
        """The codec's gradient is held apart, and its rate is a share of the restorer's."""
        codec = {"params": list(self.model.codec.parameters()), "factor": self.s.codec_rate, "apart": True}
        return [{"params": list(self.model.restorer.parameters()), "factor": 1.0}, codec]

    def loss(self) -> tuple[Tensor, dict[str, float]]:
        crop, coded = SHAPES[self.rng.choice(len(SHAPES), p=OFTEN)]
        count = max(1, round(self.s.batch * (BATCH_SIDE / crop) ** 2))
        examples = [self.source.example(self.rng, crop) for _ in range(count)]
        photo = self.tensor([e.photo for e in examples])
        reference = self.reference(examples, photo, coded)
        clean = F.pixel_unshuffle(photo, PATCH)
        steered = self.restored_before(examples, F.pixel_unshuffle(reference.control, PATCH))
        alpha_bar = self.noise_levels(len(examples))
        text = self.model.restorer.words(self.numbers([e.numbers for e in examples]))
        guess, maps = self.model.restorer.with_maps(noisy(clean, alpha_bar), alpha_bar, text, steered)
        _, gain = precondition(clean, alpha_bar, steered)
        error = (guess - clean) / gain
        parts = {"error": error.square().mean(), "energy": self.energy(examples, maps)}
        whole = F.pixel_shuffle(error, PATCH)
        parts |= {"grid": repeated(whole) + reference.grid, "colour": colour(whole).square().mean()}
        parts |= self.looked_at(*(F.pixel_shuffle(part, PATCH) for part in (guess, clean, steered)))
        total = torch.stack([getattr(self.s, f"{name}_weight") * part for name, part in parts.items()]).sum()
        parts |= {"bpp": reference.bpp, "mse": reference.mse}
        return total + reference.bpp + self.s.lmbda * reference.mse, {name: part.item() for name, part in parts.items()}

    def reference(self, examples: list[Example], photo: Tensor, coded: int) -> references.Reference:
        """By AV1, by sedic-nano-2, or by the one that learns."""
        draw = self.rng.random()
        if draw < self.s.av1_share:
            made = references.classical([e.photo for e in examples], self.rng)
            return references.Reference(
                *(part.to(self.device) for part in (made.control, made.bpp, made.mse, made.grid))
            )
        if draw < self.s.av1_share + self.s.earlier_share:
            with torch.no_grad():
                return references.learned(self.earlier, photo, coded)
        with torch.set_grad_enabled(self.s.codec_rate > 0):
            return references.learned(self.model.codec, photo, coded)

    def restored_before(self, examples: list[Example], steered: Tensor) -> Tensor:
        """The controls with the objects painted in that a stage before would have restored."""
        first = [(i, *e.before) for i, e in enumerate(examples) if e.before]
        if not first:
            return steered
        rows, numbers, cells = zip(*first, strict=True)
        control, alpha_bar = steered[list(rows)].detach(), self.full_noise(len(rows))
        with torch.no_grad():
            text = self.model.restorer.words(self.numbers(numbers))
            guess = self.model.restorer(noisy(control, alpha_bar), alpha_bar, text, control).clamp(-1, 1)
        inside = torch.from_numpy(np.stack(cells)[:, None] > 0).to(self.device)
        painted = steered.clone()
        painted[list(rows)] = torch.where(inside, guess.to(steered.dtype), steered[list(rows)])
        return painted

    def looked_at(self, guess: Tensor, photo: Tensor, control: Tensor) -> dict[str, Tensor]:
        """What LPIPS, the features and the critics tell of pictures in -1..1 at a window; the critics learn from the same."""
        seen = moved_window(self.rng, photo.shape[-1])
        guess, photo, control = (part[seen].float() for part in (guess, photo, control))
        parts = {"lpips": self.lpips(guess, photo)}
        some = max(1, round(self.s.feature_share * len(guess)))
        guess, photo, control = guess[:some], photo[:some], control[:some]
        with torch.no_grad():
            wanted = self.features((photo + 1) * 127.5)
        painted = self.features((guess + 1) * 127.5)
        parts |= {"feature": distance_of(painted, wanted), "texture": texture_of(painted, wanted)}
        self.critic_optimiser.zero_grad(set_to_none=True)
        own = self.critic.own_loss(wanted, painted) + self.pixel_critic.own_loss(photo, guess, control)
        own.backward()
        self.critic_optimiser.step()
        return parts | {"critic": self.critic.verdict(painted), "pixel": self.pixel_critic.verdict(guess, control)}

    def extra(self) -> dict[str, Any]:
        return {name: getattr(self, name).state_dict() for name in EXTRA}

    def resume_extra(self, state: dict[str, Any]) -> None:
        for name in EXTRA:
            getattr(self, name).load_state_dict(state[name])

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


EXTRA = ("critic", "pixel_critic", "critic_optimiser")
