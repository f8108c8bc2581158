"""Where to look in a picture in which no known object was found: the box of what stands out from its surroundings.

A photo's border shows mostly background. So each pixel of a small, blurred Lab picture is as salient as its colour is far
from the nearest of the border's colours, weighed by how central it is; the box frames the most salient connected part.
A flat picture, where nothing is far from anything, has no such part.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from sedicfmt.encoders.connected_parts import connected_parts
from sedicfmt.encoders.interfaces import Box
from sedicfmt.encoders.offline.measure_region import to_lab
from sedicfmt.encoders.resized import fitted, resized
from sedicfmt.picture import Picture, Pixels

SIDE = 64  # pixels of the longer side that saliency is computed on
LEAST_DISTANCE = 6.0  # Lab units from the border's colours: less is a gradient or noise
BORDER_COLOURS = 24  # samples of the border that stand for the background


def salient_box(image: Picture) -> Box | None:
    """The box of the most salient part, at least a fifth of the picture a side; None for a flat picture."""
    height, width = image.shape[:2]
    saliency = saliency_map(image)
    if float(saliency.max()) < LEAST_DISTANCE:
        return None
    return box_of(saliency, width, height)


def box_of(saliency: NDArray[np.float64], width: int, height: int) -> Box:
    """The box, in a picture of width x height pixels, of the connected part with the most saliency in it."""
    top, bottom, left, right = _largest_part(saliency)
    down, across = height / saliency.shape[0], width / saliency.shape[1]
    x0, x1 = _at_least(left * across, right * across, width)
    y0, y1 = _at_least(top * down, bottom * down, height)
    return Box(x0, y0, x1, y1)


def saliency_map(image: Picture) -> NDArray[np.float64]:
    """Saliency in Lab units, at most SIDE cells a side."""
    small = resized(image, *fitted(image.shape[1], image.shape[0], SIDE))
    blurred = Image.fromarray(small).filter(ImageFilter.GaussianBlur(1.5))
    lab = to_lab(np.asarray(blurred))
    border = np.concatenate([lab[0], lab[-1], lab[1:-1, 0], lab[1:-1, -1]])
    border = border[np.linspace(0, len(border) - 1, BORDER_COLOURS).astype(int)]
    nearest = np.sqrt(((lab[:, :, None] - border) ** 2).sum(-1)).min(-1)
    # detail counts as well: a busy thing on a plain ground may have the ground's colours
    detail = np.hypot(*np.gradient(lab[..., 0])) if min(lab.shape[:2]) > 1 else np.zeros(lab.shape[:2])
    return (nearest + detail) * _centrality(*lab.shape[:2])


def _centrality(rows: int, columns: int) -> NDArray[np.float64]:
    """1 in the middle, about a third in the corners."""
    y, x = np.linspace(-1, 1, rows)[:, None], np.linspace(-1, 1, columns)[None]
    return np.exp(-(x**2 + y**2) / 2)


def _largest_part(saliency: NDArray[np.float64]) -> tuple[int, int, int, int]:
    """Top, bottom, left, right of the connected part above Otsu's threshold with the most saliency in it."""
    levels = (saliency * (255 / saliency.max())).astype(np.uint8)
    above = Image.fromarray((levels > _otsu(levels)).astype(np.uint8))
    closed = above.filter(ImageFilter.MaxFilter(3)).filter(ImageFilter.MinFilter(3))
    parts = connected_parts(np.asarray(closed), corners=True)
    sums = np.pad(saliency.cumsum(axis=1), ((0, 0), (1, 0)))
    mass = np.bincount(parts.of_run, sums[parts.rows, parts.ends] - sums[parts.rows, parts.starts])
    rows, columns = np.nonzero(parts.painted(np.arange(len(mass)) == mass.argmax()))
    return int(rows.min()), int(rows.max()) + 1, int(columns.min()), int(columns.max()) + 1


def _otsu(levels: Pixels) -> int:
    """The level that divides the levels best into those up to it and those above (Otsu 1979: the most variance between)."""
    count = np.bincount(levels.ravel(), minlength=256)
    below, total = np.cumsum(count), np.cumsum(count * np.arange(256))
    share = below / below[-1]
    apart = total[-1] / below[-1] * share - total / below[-1]
    return int(np.argmax(apart**2 / np.maximum(share * (1 - share), 1e-12)))


def _at_least(start: float, end: float, length: int) -> tuple[float, float]:
    """An interval widened to a fifth of `length` around its middle, kept inside 0 to `length`."""
    half = max(end - start, 0.2 * length) / 2
    middle = min(max((start + end) / 2, half), length - half)
    return middle - half, middle + half
