"""From a box to how likely each place in and around it belongs to the thing: a small head on EfficientNet-Lite's features.

The box, with MARGIN of its size around it, is squeezed to SIDE pixels a side. Features at strides 4, 8, 16 and 32 each go
through one matrix, are brought to GRID cells a side and added to a matrix of the place in the box; rectified, a 3x3
convolution gives one logit a cell. `sedic_tools.tables.train_mask_head` fits the 8,000 numbers on COCO's train2017 photos.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from importlib import resources
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from sedicfmt.encoders.interfaces import Box
from sedicfmt.encoders.offline.efficientnet_numpy import EfficientNetLite, Floats
from sedicfmt.encoders.resized import resized
from sedicfmt.errors import BackendFailed
from sedicfmt.picture import Picture

MARGIN = 0.2  # of the box a side
SIDE = 192  # pixels a side of what the network sees
GRID = 24  # cells a side of the answer
ENDS = (1, 2, 4, 6)  # the network's stages that are looked at
CHANNELS = (24, 40, 112, 320)


@dataclass
class MaskHead:
    """The head with its network, both read at first use."""

    network: EfficientNetLite = field(default_factory=EfficientNetLite)

    def probabilities(self, image: Picture, box: Box) -> Floats:
        """(GRID, GRID) of 0 to 1 over `surroundings(box)`. Raises MissingDependency, BackendFailed."""
        features = self.network.features(crop(image, box))
        hidden = positions() @ self._weights["place"] + self._weights["bias"]
        for number, end in enumerate(ENDS):
            hidden = hidden + _to_grid(features[end] @ self._weights[f"stage{number}"])
        padded = np.pad(np.maximum(hidden, 0), ((1, 1), (1, 1), (0, 0)))
        around = [padded[y : y + GRID, x : x + GRID] for y in range(3) for x in range(3)]
        logits = sum(part @ w for part, w in zip(around, self._weights["out"], strict=True)) + self._weights["out_bias"]
        return np.asarray(1 / (1 + np.exp(-logits)), np.float32)

    @cached_property
    def _weights(self) -> dict[str, Floats]:
        source = resources.files("sedicfmt.encoders.offline").joinpath("mask_head.npz")
        try:
            with source.open("rb") as file, np.load(file) as stored:
                return {name: stored[name].astype(np.float32) for name in stored.files}
        except (OSError, ValueError, EOFError, BadZipFile) as error:
            raise BackendFailed(f"{source.name} cannot be read; install sedicfmt anew") from error


def surroundings(box: Box) -> Box:
    """The box with its margin, which may reach out of the picture."""
    wide, tall = MARGIN * (box.right - box.left), MARGIN * (box.bottom - box.top)
    return Box(box.left - wide, box.top - tall, box.right + wide, box.bottom + tall)


def crop(image: Picture, box: Box) -> Picture:
    """The box's surroundings at SIDE x SIDE; beyond the picture's edges its last pixels go on. `box`: within the picture."""
    grown, (height, width) = surroundings(box), image.shape[:2]
    across, columns = _seen(grown.left, grown.right, width)
    down, rows = _seen(grown.top, grown.bottom, height)
    small = resized(image[rows, columns], across.stop - across.start, down.stop - down.start)
    return np.pad(small, ((down.start, SIDE - down.stop), (across.start, SIDE - across.stop), (0, 0)), mode="edge")


def _seen(start: float, end: float, length: int) -> tuple[slice, slice]:
    """Which of the SIDE pixels show something of the picture, and its pixels that they show; of an interval on one axis."""
    first, last = int(np.floor(start)), int(np.ceil(end))
    inside = slice(max(0, first), min(length, last))
    near, far = (round((place - first) * SIDE / (last - first)) for place in (inside.start, inside.stop))
    near = min(near, SIDE - 1)
    return slice(near, max(far, near + 1)), inside


def positions() -> NDArray[np.float32]:
    """(GRID, GRID, 8): where each cell lies in half sides of the box (1 is its side), and how far from its middle."""
    line = ((np.arange(GRID) + 0.5) / GRID * 2 - 1) * (1 + 2 * MARGIN)
    y, x = np.meshgrid(line, line, indexing="ij")
    radius, farthest = np.hypot(x, y), np.maximum(abs(x), abs(y))
    return np.stack([x, y, x**2, y**2, radius, farthest, farthest <= 1, radius <= 1], -1).astype(np.float32)


def _to_grid(stage: Floats) -> Floats:
    """The stage's (rows, columns, c) at GRID cells a side: means where it has more, bilinear between where it has less."""
    count = len(stage)
    if count > GRID:
        step = count // GRID
        return np.asarray(stage.reshape(GRID, step, GRID, step, -1).mean((1, 3)))
    where = np.clip((np.arange(GRID) + 0.5) * count / GRID - 0.5, 0, count - 1)
    low = np.minimum(where.astype(int), max(0, count - 2))
    part = (where - low).astype(np.float32)
    ways = np.zeros((GRID, count), np.float32)
    ways[np.arange(GRID), low] = 1 - part
    ways[np.arange(GRID), np.minimum(low + 1, count - 1)] += part
    return np.einsum("ya,abc,xb->yxc", ways, stage, ways, optimize=True)
