"""How far the crops of many decoded pictures are from those of their photos, as two clouds: FID in other features.

Fréchet distance (Heusel et al., 2017): crops go through a network, each gives one vector, and the clouds of the photos'
and of the decoded pictures' vectors are compared as Gaussians, |m - m'|^2 + tr(C + C' - 2 (C C')^1/2). It asks whether
decoded crops look like photos in general, not whether they show what their own photo shows: read it beside a distance.
0 for equal clouds; the scale is the network's own, so that values compare within one network alone, and never with the
published FID, whose network is Inception-v3.

Crops after Mentzer et al. (HiFiC, 2020), who had few pictures too: a grid of squares that do not overlap, and the same
grid moved by half a square both ways; what fills no square is left out. With squares of 128 a picture of 768x512 has 39,
Kodak's 24 photos 936. Vectors are the networks' features at stride 16, averaged over a crop: 96 (SSD-MobileNet-v2) or
112 (EfficientNet-Lite1) dimensions, and a covariance needs more crops than dimensions, or the distance is refused.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sedicfmt.errors import EncodeError
from sedicfmt.evaluation.feature_distance import detector_features, network_features
from sedicfmt.picture import Picture, check_pair

Array = NDArray[np.float64]
CROP = 128  # pixels a side


def crops_of(picture: Picture, side: int = CROP, shifted: bool = True) -> list[Picture]:
    """Squares of `side` pixels of a uint8 RGB picture (height, width, 3), with or without the grid that is moved by half a
    square. Raises EncodeError where there is none."""
    check_pair(picture, picture)
    height, width = picture.shape[:2]
    found = [
        picture[top : top + side, left : left + side]
        for start in ((0, side // 2) if shifted else (0,))
        for top in range(start, height - side + 1, side)
        for left in range(start, width - side + 1, side)
    ]
    if not found:
        raise EncodeError(f"crops need sides of at least {side} pixels, not {width}x{height}")
    return found


def crop_vectors(picture: Picture, network: str) -> Array:
    """One vector a crop, (crops, dimensions), of a network in NETWORKS. Raises as the feature distances do."""
    return np.stack([NETWORKS[network](crop)[-1].astype(np.float64).mean((0, 2, 3)) for crop in crops_of(picture)])


def frechet_distance(a: Array, b: Array) -> float:
    """The distance of two clouds of vectors, each (number, dimensions), as Gaussians of their mean and covariance.

    Raises EncodeError where a cloud has no more vectors than dimensions: its covariance would be singular.
    """
    if min(len(a), len(b)) <= a.shape[1]:
        raise EncodeError(f"{min(len(a), len(b))} crops do not determine a covariance of {a.shape[1]} dimensions")
    between = float(np.square(a.mean(0) - b.mean(0)).sum())
    return between + covariance_distance(*(np.atleast_2d(np.cov(cloud, rowvar=False)) for cloud in (a, b)))


def covariance_distance(c: Array, d: Array) -> float:
    """tr(C + D - 2 (C D)^1/2), at least 0.

    C D has the eigenvalues of the symmetric C^1/2 D C^1/2: no root of a matrix that is not symmetric, which is where
    rounding makes such distances complex.
    """
    values, vectors = np.linalg.eigh(c)
    root = (vectors * np.sqrt(values.clip(0))) @ vectors.T
    inner = np.linalg.eigvalsh(root @ d @ root).clip(0)
    return max(0.0, float(np.trace(c) + np.trace(d) - 2 * np.sqrt(inner).sum()))


def fid(photos: Sequence[Array], pictures: Sequence[Array]) -> float:
    """The distance of all crops of the photos and of the pictures, from their `crop_vectors`."""
    return frechet_distance(np.concatenate(photos), np.concatenate(pictures))


NETWORKS = {"ssd": detector_features, "lite1": network_features}
