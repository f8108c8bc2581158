"""FID and KID by torchmetrics, as papers on compression take them, where a set is small: of patches.

- FID/256, KID/256 (HiFiC, Mentzer et al., 2020; NeuralCompression's `update_patch_fid`): patches of 256x256 without overlap,
  and the same grid moved by 128 both ways where a picture holds it; what fills no patch is left out.
- The smaller protocols of Kodak: the middle 512x512 in patches of 64 (CoD), and whole pictures (StableCodec).

Inception-v3 is that of the TensorFlow original, in torch-fidelity's port, which torchmetrics uses. KID is the mean over 100
subsets of 1,000 patches, or of all where there are fewer, drawn from one seed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from sedicfmt.errors import EncodeError, MissingDependency
from sedicfmt.evaluation.frechet import NETWORKS, crop_vectors, crops_of, fid
from sedicfmt.evaluation.metrics import load_picture
from sedicfmt.harness.metrics.metric import OfAll, Weights
from sedicfmt.installing import pip_install
from sedicfmt.picture import Picture

INCEPTION = "weights-inception-2015-12-05-6726825d.pth"
SUBSETS, SUBSET_SIZE = 100, 1000
BATCH = 32  # patches looked at together


@dataclass(frozen=True)
class Patches:
    """How a picture is cut: its middle `crop` pixels a side (0: all), then patches of `side` (0: whole), `shifted` too."""

    side: int
    shifted: bool = False
    crop: int = 0

    def of(self, picture: Picture) -> list[Picture]:
        """The patches, uint8 (side, side, 3). Raises EncodeError for a picture that is too small."""
        if self.crop:
            picture = middle(picture, self.crop)
        return crops_of(picture, self.side, self.shifted) if self.side else [picture]


def middle(picture: Picture, side: int) -> Picture:
    """The square in the middle. Raises EncodeError for a smaller picture."""
    height, width = picture.shape[:2]
    if min(height, width) < side:
        raise EncodeError(f"a square of {side} does not fit {width}x{height} pixels")
    top, left = (height - side) // 2, (width - side) // 2
    return picture[top : top + side, left : left + side]


@dataclass
class Distance(OfAll):
    """`make` gives a torchmetrics metric with `update(patches, real=…)`, from the number of patches."""

    patches: Patches
    kind: str
    network: Any
    seen: dict[tuple[Path, ...], Any] = field(default_factory=dict)  # the photos' side, kept

    def value(self, photos: Sequence[Path], pictures: Sequence[Path]) -> dict[str, Any]:
        """As `OfAll` has it."""
        import torch

        count = sum(len(self.patches.of(load_picture(path))) for path in pictures)
        if count < 2:
            raise EncodeError(f"{count} patches make no distribution")
        metric = self._with_photos(tuple(photos), count)
        metric.reset()  # of the pictures; the photos' features stay
        for batch in self._batches(pictures):
            metric.update(batch, real=False)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            found = metric.compute()
        if self.kind == "fid":
            return {"value": float(found), "patches": count}
        mean, spread = map(float, found)
        return {"value": mean, "deviation": spread, "patches": count, "subset": min(SUBSET_SIZE, count)}

    def _with_photos(self, photos: tuple[Path, ...], count: int) -> Any:
        if photos not in self.seen:
            metric = self._metric(count)
            for batch in self._batches(photos):
                metric.update(batch, real=True)
            self.seen = {photos: metric}
        return self.seen[photos]

    def _metric(self, count: int) -> Any:
        from torchmetrics.image.fid import FrechetInceptionDistance
        from torchmetrics.image.kid import KernelInceptionDistance

        if self.kind == "fid":
            return FrechetInceptionDistance(feature=self.network, reset_real_features=False)
        sizes = {"subsets": SUBSETS, "subset_size": min(SUBSET_SIZE, count)}
        return KernelInceptionDistance(feature=self.network, reset_real_features=False, **sizes)

    def _batches(self, paths: Sequence[Path]) -> Iterator[Any]:
        """Patches of one size as uint8 tensors (number, 3, height, width)."""
        import torch

        for path in paths:
            patches = self.patches.of(load_picture(path))
            for start in range(0, len(patches), BATCH):
                yield torch.from_numpy(np.stack(patches[start : start + BATCH]).transpose(0, 3, 1, 2).copy())


@dataclass
class OwnFid(OfAll):
    """FID in the features of a network of NETWORKS (evaluation/frechet.py)."""

    network: str

    def value(self, photos: Sequence[Path], pictures: Sequence[Path]) -> dict[str, Any]:
        """As `OfAll` has it."""
        clouds = [[crop_vectors(load_picture(path), self.network) for path in paths] for paths in (photos, pictures)]
        return {"value": fid(*clouds), "patches": sum(map(len, clouds[1]))}


def own_fid(network: str) -> Any:
    """Opens OwnFid."""
    assert network in NETWORKS
    return lambda weights: OwnFid(network)


def distance(kind: str, patches: Patches) -> Any:
    """Opens a Distance with Inception-v3."""
    return lambda weights: Distance(patches, kind, inception(weights))


def inception(weights: Weights) -> Any:
    """Inception-v3 to 2048 features. Raises MissingDependency without its packages or weights."""
    path = weights.find(INCEPTION, "torch-fidelity's releases on GitHub")
    try:
        from torchmetrics.image.fid import NoTrainInceptionV3

        return NoTrainInceptionV3("inception-v3-compat", ["2048"], str(path))
    except ModuleNotFoundError as missing:
        told = pip_install("torchmetrics", "torch-fidelity", "torchvision")
        raise MissingDependency(f"needs torchmetrics and torch-fidelity: {told}") from missing
