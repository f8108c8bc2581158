"""Between pictures as files have them, uint8 (h, w, 3), and as models see them: float32 (1, 3, H, W) in -1 .. 1, padded."""

from __future__ import annotations

import numpy as np

from sedicfmt.decoders.interfaces import Array, RestorationModel
from sedicfmt.decoders.orag.arrays import fetch, library, put
from sedicfmt.picture import Picture


def to_array(picture: Picture, model: RestorationModel) -> Array:
    """uint8 (h, w, 3) -> (1, 3, H, W), edges repeated to whole multiples of the model's `multiple`."""
    height, width = picture.shape[:2]
    below, beside = -height % model.space.multiple, -width % model.space.multiple
    padded = np.pad(picture, ((0, below), (0, beside), (0, 0)), mode="edge")
    return put(padded.transpose(2, 0, 1)[None].astype(np.float32), model) / 127.5 - 1


def to_picture(image: Array, height: int, width: int) -> Picture:
    """(1, 3, H, W) -> uint8 (height, width, 3), the padding cut off."""
    xp = library(image)
    pixels = xp.round((xp.clip(image[0, :, :height, :width], -1, 1) + 1) * 127.5)
    return np.ascontiguousarray(fetch(pixels).astype(np.uint8).transpose(1, 2, 0))
