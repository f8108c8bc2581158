"""All that a decoded picture is measured by beside its photo, computed together: each network looks at the photo once.

PSNR, MS-SSIM, SSIMULACRA2; LPIPS and DISTS, which the field prints; the distance in the features of SSD-MobileNet-v2
(feature_distance.py) and ColorVideoVDP, which no model here was trained on; NIQE; the dot grid (grid.py). And a crop's
vectors (frechet.py), from which FID comes when all pictures are there.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple

from sedicfmt.picture import Picture, psnr

from ..errors import EncodeError
from .feature_distance import detector_features, distance_of
from .frechet import NETWORKS, Array, crop_vectors
from .grid import grid_peak
from .metrics import ms_ssim
from .niqe import niqe
from .outside_metrics import colour_video_vdp, ssimulacra2


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
    def _features(self) -> dict[str, Any]:
        return {name: network.features(self.photo) for name, network in networks().items()}

    def figures(self, picture: Picture) -> list[float | None]:
        """One figure for each of MEASURES; None where one cannot be had: NIQE of a flat picture, cvvdp without its package.

        Raises what the measures raise.
        """
        found: dict[str, float | None] = {
            name: round(network.between(self._features[name], network.features(picture)), 4)
            for name, network in networks().items()
        }
        found |= {name: round(measure(self.photo, picture), 4) for name, measure in OF_PAIRS.items()}
        found |= {"cvvdp, JOD": colour_video_vdp(self.photo, picture), "NIQE": natural(picture)}
        found["grid"] = round(grid_peak(picture), 2)
        return [found[measure.name] for measure in MEASURES]


class Network(NamedTuple):
    """A picture's features, and how far two pictures' features are apart."""

    features: Callable[[Picture], Any]
    between: Callable[[Any, Any], float]


def networks() -> dict[str, Network]:
    """The measures that compare features; torch is imported here."""
    import torch

    from .dists import dists_network
    from .lpips import as_tensor, lpips_network

    def of(network: Any, grow: Callable[[Any], Any]) -> Network:
        @torch.no_grad()
        def features(picture: Picture) -> Any:
            return network.features(grow(as_tensor(picture)))

        return Network(features, lambda a, b: float(network.between(a, b)))

    def detector(picture: Picture) -> Any:
        return [torch.from_numpy(plane) for plane in detector_features(picture)]

    return {
        "LPIPS-alex": of(lpips_network("alex"), lambda x: 2 * x - 1),
        "LPIPS-vgg": of(lpips_network("vgg"), lambda x: 2 * x - 1),
        "DISTS": of(dists_network(), lambda x: x),
        "features-ssd": Network(detector, lambda a, b: float(distance_of(a, b))),
    }


def natural(picture: Picture) -> float | None:
    """NIQE, or None for a picture without detail."""
    try:
        return round(niqe(picture), 3)
    except EncodeError:
        return None


def vectors(picture: Picture) -> dict[str, Array]:
    """The vectors of a picture's crops for each network of FID."""
    return {network: crop_vectors(picture, network) for network in NETWORKS}


OF_PAIRS: dict[str, Callable[[Picture, Picture], float]] = {
    "PSNR, dB": psnr,
    "MS-SSIM": ms_ssim,
    "SSIMULACRA2": ssimulacra2,
}
MEASURES = (
    Measure("PSNR, dB", True, ".2f"),
    Measure("MS-SSIM", True, ".3f"),
    Measure("LPIPS-alex", False, ".3f"),
    Measure("LPIPS-vgg", False, ".3f"),
    Measure("DISTS", False, ".3f"),
    Measure("SSIMULACRA2", True, ".1f"),
    Measure("cvvdp, JOD", True, ".2f"),
    Measure("features-ssd", False, ".3f"),
    Measure("NIQE", False, ".2f"),
    Measure("grid", False, ".1f"),
)
OVER_ALL = (Measure("FID-ssd", False, ".1f"), Measure("FID-lite1", False, ".1f"))
"""What all pictures have together, in the order of NETWORKS."""
