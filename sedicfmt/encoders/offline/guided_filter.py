"""The guided filter (He, Sun, Tang 2010) with a picture in colour as the guide: a rough map follows the picture's edges.

In every window of (2 RADIUS + 1)^2 pixels the result is a . I + b, the linear function of the colours I that is nearest to
the map p there, with EPSILON |a|^2 to pay:

    a = (Sigma + EPSILON)^-1 cov(I, p),   b = mean(p) - a . mean(I)

Each pixel takes the mean of the functions of all windows that it lies in.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sedicfmt.encoders.resized import Map
from sedicfmt.picture import Picture

RADIUS = 4  # pixels
EPSILON = 1e-4  # squared colours of 0 to 1
Values = NDArray[np.floating[Any]]


def guided(picture: Picture, values: Map) -> Map:
    """uint8 (h, w, 3) and float32 (h, w) -> float32 (h, w)."""
    colours, wanted = picture / 255.0, values.astype(np.float64)
    products = colours[..., :, None] * colours[..., None, :]
    mean, level = _window_mean(colours), _window_mean(wanted)
    spread = _window_mean(products) - mean[..., :, None] * mean[..., None, :] + EPSILON * np.eye(3)
    common = _window_mean(colours * wanted[..., None]) - mean * level[..., None]
    slope = np.linalg.solve(spread, common[..., None])[..., 0]
    offset = level - (slope * mean).sum(-1)
    return np.asarray((_window_mean(slope) * colours).sum(-1) + _window_mean(offset), np.float32)


def _window_mean(values: Values) -> Values:
    """(h, w, ...) -> the same, each place the mean of its window; at the edges the outermost values go on."""
    flat, size = [(0, 0)] * (values.ndim - 2), 2 * RADIUS + 1
    sums = np.pad(values, [(RADIUS + 1, RADIUS)] * 2 + flat, mode="edge").cumsum(0).cumsum(1)
    return np.asarray((sums[size:, size:] - sums[:-size, size:] - sums[size:, :-size] + sums[:-size, :-size]) / size**2)
