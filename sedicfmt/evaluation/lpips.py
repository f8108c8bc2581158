"""LPIPS (Zhang et al., 2018, version 0.1): how far apart a pretrained network sees two pictures, by learned weights.

At five depths every position's feature vector is scaled to length one; the squared differences are weighted by channel (the
learned heads), summed, averaged over positions, and added over the depths. Lower is nearer; 0 for equal pictures. The network
is AlexNet ("alex", what most papers on compression print) or VGG16 ("vgg"); figures of one and the other do not compare.

Differentiable, so that a model can be trained on it. Trained on windows at fixed places, a model learns a grid that pleases
AlexNet's stride of 4 and no eye: move the window.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sedicfmt.picture import Picture, check_pair

from .metric_weights import lpips_arrays

SMALLEST_SIDE = 32


class Lpips(nn.Module):
    """LPIPS of pictures (b, 3, h, w) in -1..1, sides at least 32 -> a scalar, the mean over the batch."""

    def __init__(self, network: str = "alex"):
        super().__init__()
        self.plan = PLANS[network]
        for name, array in lpips_arrays(network).items():
            self.register_buffer(name.replace(".", "_"), torch.from_numpy(np.ascontiguousarray(array)))
        self.register_buffer("shift", torch.tensor(SHIFT).view(1, 3, 1, 1))
        self.register_buffer("scale", torch.tensor(SCALE).view(1, 3, 1, 1))

    def features(self, picture: Tensor) -> list[Tensor]:
        """The activations at the five depths, (b, c, h / s, w / s)."""
        h, found, number = (picture.float() - self.shift) / self.scale, [], 0
        for step in self.plan:
            if step in (POOL2, POOL3):
                h = F.max_pool2d(h, step, 2)
                continue
            stride, keep = step
            weight = getattr(self, f"conv_{number}_weight")
            padding = 2 if stride == 4 else weight.shape[-1] // 2
            h = F.relu(F.conv2d(h, weight, getattr(self, f"conv_{number}_bias"), stride, padding))
            found += [h] if keep else []
            number += 1
        return found

    def forward(self, picture: Tensor, wanted: Tensor) -> Tensor:
        with torch.autocast(picture.device.type, enabled=False):
            with torch.no_grad():
                there = self.features(wanted)
            return self.between(self.features(picture), there)

    def between(self, a: list[Tensor], b: list[Tensor]) -> Tensor:
        """The distance of two pictures' features."""
        parts = []
        for number, (p, q) in enumerate(zip(a, b, strict=True)):
            apart = (F.normalize(p, dim=1, eps=EPSILON) - F.normalize(q, dim=1, eps=EPSILON)).square()
            parts.append(torch.einsum("bchw,c->bhw", apart, getattr(self, f"head_{number}")).mean())
        return torch.stack(parts).sum()


def lpips(a: Picture, b: Picture, network: str = "alex") -> float:
    """LPIPS of two uint8 pictures (height, width, 3), sides at least 32, as published tables have it: whole 8-bit pictures.

    Raises EncodeError for other shapes or types, MissingDependency without torch or the package of the weights.
    """
    check_pair(a, b, SMALLEST_SIDE)
    with torch.no_grad():
        return float(lpips_network(network)(as_tensor(a) * 2 - 1, as_tensor(b) * 2 - 1))


def as_tensor(picture: Picture) -> Tensor:
    """uint8 (h, w, 3) -> float32 (1, 3, h, w) in 0..1."""
    return torch.from_numpy(picture[None].astype(np.float32) / 255).permute(0, 3, 1, 2)


@cache
def lpips_network(name: str) -> Lpips:
    """The network of that name, opened at the first use."""
    return Lpips(name).eval()


EPSILON = 1e-10
SHIFT, SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)
POOL2, POOL3 = 2, 3
C, K = (1, False), (1, True)  # a convolution of stride 1, and one whose output is compared
PLANS: dict[str, tuple] = {
    "alex": ((4, True), POOL3, K, POOL3, K, K, K),
    "vgg": (C, K, POOL2, C, K, POOL2, C, C, K, POOL2, C, C, K, POOL2, C, C, K),
}
"""The networks' convolutions (stride, whether compared) and poolings (window), in order."""
