"""Where a box lies in a picture, and pictures too thin for a network's own scaling."""

from __future__ import annotations

import math

import numpy as np

from sedicfmt.encoders.interfaces import Box
from sedicfmt.picture import Picture

THINNEST = 32  # the longer side over the shorter, beyond which a network's own scaling leaves nothing of the shorter


def thickened(image: Picture) -> tuple[Picture, int, int]:
    """`image`, its shorter side repeated where it is extremely thin, and how often a row and a column are there."""
    height, width = image.shape[:2]
    rows, columns = (max(1, math.ceil(b / (THINNEST * a))) for a, b in ((height, width), (width, height)))
    return image.repeat(rows, axis=0).repeat(columns, axis=1) if rows * columns > 1 else image, rows, columns


def clipped(box: Box, image: Picture) -> Box:
    """What of `box` lies in the picture; of no area where nothing does. A coordinate that is no number counts as 0."""
    height, width = image.shape[:2]
    left, right = np.clip(np.nan_to_num([box.left, box.right], nan=0.0), 0, width)
    top, bottom = np.clip(np.nan_to_num([box.top, box.bottom], nan=0.0), 0, height)
    return Box(float(left), float(top), float(right), float(bottom))
