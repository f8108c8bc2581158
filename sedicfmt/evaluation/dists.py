"""DISTS (Ding et al., 2020): structure and texture of two pictures compared in VGG16's features.

For each channel of the picture itself and of five depths, the means (texture) and the correlation (structure) of the two
pictures are compared as in SSIM; learned weights alpha and beta add them up. 0 for equal pictures. Resampled texture costs
little, a blurred one much: so it complements LPIPS. VGG16's poolings are replaced by an L2 pooling with a 3x3 Hann window.
"""

from __future__ import annotations

from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sedicfmt.picture import Picture, check_pair

from .lpips import POOL2, SMALLEST_SIDE, Lpips, as_tensor
from .metric_weights import dists_file


class Dists(nn.Module):
    """DISTS of pictures (b, 3, h, w) in 0..1, sides at least 32 -> a scalar, the mean over the batch."""

    def __init__(self) -> None:
        super().__init__()
        self.vgg = Lpips("vgg")
        heads = torch.load(dists_file(), weights_only=True)
        total = heads["alpha"].sum() + heads["beta"].sum()
        for name in ("alpha", "beta"):
            self.register_buffer(name, (heads[name] / total).flatten())
        window = torch.hann_window(5, periodic=False)[1:-1]
        self.register_buffer("window", (window[:, None] * window / window.sum() ** 2)[None, None])
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1))
        self.register_buffer("deviation", torch.tensor(DEVIATION).view(1, 3, 1, 1))

    def features(self, picture: Tensor) -> list[Tensor]:
        """The picture, then the last activations of VGG16's five stages."""
        h, number = (picture - self.mean) / self.deviation, 0
        found, stages = [picture], []
        for step in self.vgg.plan:
            if step == POOL2:
                stages.append(h)
                h = self.pool(h)
                continue
            h = F.relu(F.conv2d(h, *(getattr(self.vgg, f"conv_{number}_{part}") for part in ("weight", "bias")), 1, 1))
            number += 1
        return [*found, *stages, h]

    def pool(self, h: Tensor) -> Tensor:
        """L2 pooling of stride 2."""
        channels = h.shape[1]
        squared = F.conv2d(h.square(), self.window.expand(channels, 1, 3, 3), stride=2, padding=1, groups=channels)
        return (squared + 1e-12).sqrt()

    def forward(self, picture: Tensor, wanted: Tensor) -> Tensor:
        return self.between(self.features(picture), self.features(wanted))

    def between(self, a: list[Tensor], b: list[Tensor]) -> Tensor:
        """The distance of two pictures' features."""
        likeness, first = a[0].new_zeros(len(a[0])), 0
        for p, q in zip(a, b, strict=True):
            channels = slice(first, first + p.shape[1])
            texture, structure = compare(p, q)
            likeness = likeness + (texture * self.alpha[channels] + structure * self.beta[channels]).sum(1)
            first = channels.stop
        return (1 - likeness).mean()


def compare(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Likeness of the means, and of what varies, of each channel: two of (b, c)."""
    mean_a, mean_b = a.mean((2, 3)), b.mean((2, 3))
    var_a = (a - mean_a[:, :, None, None]).square().mean((2, 3))
    var_b = (b - mean_b[:, :, None, None]).square().mean((2, 3))
    covariance = (a * b).mean((2, 3)) - mean_a * mean_b
    texture = (2 * mean_a * mean_b + STEADY) / (mean_a.square() + mean_b.square() + STEADY)
    return texture, (2 * covariance + STEADY) / (var_a + var_b + STEADY)


def dists(a: Picture, b: Picture) -> float:
    """DISTS of two uint8 pictures (height, width, 3), sides at least 32, at their own size (not scaled to 256).

    Raises EncodeError for other shapes or types, MissingDependency without torch or the packages of the weights.
    """
    check_pair(a, b, SMALLEST_SIDE)
    with torch.no_grad():
        return float(dists_network()(as_tensor(a), as_tensor(b)))


@cache
def dists_network() -> Dists:
    """The network, opened at the first use."""
    return Dists().eval()


STEADY = 1e-6
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
