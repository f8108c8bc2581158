"""All that a decoded picture is measured by beside its photo, computed together: each network looks at a picture once.

PSNR, MS-SSIM, distances in features and texture (feature_distance.py), NIQE, and a crop's vectors (frechet.py), from
which FID comes when all pictures are there.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, NamedTuple

from ..errors import EncodeError
from .feature_distance import detector_features, distance_of, network_features, texture_of
from .frechet import NETWORKS, Array, crop_vectors
from .metrics import Picture, ms_ssim, psnr
from .niqe import niqe


class Measure(NamedTuple):
    """A measure's name, whether more of it is better, and how it is written."""

    name: str
    higher_is_better: bool
    form: str


class Judge:
    """Judges pictures of one photo (uint8 RGB, shape (height, width, 3), sides at least 192)."""

    def __init__(self, photo: Picture):
        self.photo = photo

    @cached_property
    def _features(self) -> dict[str, list[Any]]:
        return _features_of(self.photo)

    def figures(self, picture: Picture) -> list[float | None]:
        """One figure for each of MEASURES; None is NIQE's where the picture is too flat for it.

        Raises what the measures raise.
        """
        mine, found = self._features, _features_of(picture)
        figures = [
            psnr(self.photo, picture),
            ms_ssim(self.photo, picture),
            float(distance_of(mine["ssd"], found["ssd"])),
            float(distance_of(mine["lite1"], found["lite1"])),
            float(texture_of(mine["ssd"], found["ssd"])),
        ]
        return [*(round(figure, 4) for figure in figures), natural(picture)]


def natural(picture: Picture) -> float | None:
    """NIQE, or None for a picture without detail."""
    try:
        return round(niqe(picture), 3)
    except EncodeError:
        return None


def vectors(picture: Picture) -> dict[str, Array]:
    """The vectors of a picture's crops for each network of FID."""
    return {network: crop_vectors(picture, network) for network in NETWORKS}


def _features_of(picture: Picture) -> dict[str, list[Any]]:
    import torch

    looked = {"ssd": detector_features(picture), "lite1": network_features(picture)}
    return {name: [torch.from_numpy(plane) for plane in planes] for name, planes in looked.items()}


MEASURES = (
    Measure("PSNR, dB", True, ".2f"),
    Measure("MS-SSIM", True, ".3f"),
    Measure("features-ssd", False, ".3f"),
    Measure("features-lite1", False, ".3f"),
    Measure("texture-ssd", False, ".3f"),
    Measure("NIQE", False, ".2f"),
)
OVER_ALL = (Measure("FID-ssd", False, ".1f"), Measure("FID-lite1", False, ".1f"))
"""What all pictures have together, in the order of NETWORKS."""
