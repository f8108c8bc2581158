"""Pictures and maps at another size, by Pillow: means over areas where a picture shrinks, cubic where it grows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sedicfmt.picture import Picture

Map = NDArray[np.float32]
Part = tuple[float, float, float, float]  # left, top, right, bottom


def resized(picture: Picture, width: int, height: int) -> Picture:
    """uint8 (h, w, 3) or (h, w) -> (height, width, ...)."""
    shrinks = width <= picture.shape[1] and height <= picture.shape[0]
    way = Image.Resampling.BOX if shrinks else Image.Resampling.BICUBIC
    return np.asarray(Image.fromarray(picture).resize((width, height), way))


def resized_map(
    values: Map, width: int, height: int, part: Part | None = None, way: Image.Resampling = Image.Resampling.BILINEAR
) -> Map:
    """float32 (h, w) -> (height, width); of `part` of it, in its cells, where one is given."""
    return np.asarray(Image.fromarray(values).resize((width, height), way, part))


def fitted(width: int, height: int, longest: int) -> tuple[int, int]:
    """The size (width, height) with its longer side at most `longest`, neither below 1; as it is where it is small enough."""
    scale = min(1.0, longest / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))
