"""A picture as a model gets it: at most so many pixels a side, and as the data URL of a JPEG for those that are far away.

Models scale pictures to about a thousand pixels themselves; sending more costs time and, with some, tokens.
"""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image

from sedicfmt.picture import Picture

JPEG_QUALITY = 90


def scaled(image: Picture, longest: int) -> Picture:
    """`image` with its longest side at most `longest` pixels, neither side below 1; as it is where it is small enough."""
    height, width = image.shape[:2]
    scale = longest / max(height, width)
    if scale >= 1:
        return image
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.LANCZOS))


def data_url(image: Picture) -> str:
    """`image` as "data:image/jpeg;base64,..."."""
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "JPEG", quality=JPEG_QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode()
