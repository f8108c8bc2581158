"""The dot grid: how it is measured, and what training has against it."""

import numpy as np
import pytest

from sedicfmt.evaluation.grid import PITCH, grid_peak, grid_peaks
from tests.conftest import draw_photo


def dotted(picture, strength, pitch=PITCH):
    """The picture with a dot every `pitch` pixels."""
    tile = np.zeros((pitch, pitch, 1))
    tile[pitch // 2, pitch // 2] = strength
    rows, columns = (-(-side // pitch) for side in picture.shape[:2])
    return np.clip(picture + np.tile(tile, (rows, columns, 1))[: picture.shape[0], : picture.shape[1]], 0, 255).astype(
        np.uint8
    )


@pytest.fixture(scope="module")
def photo():
    noise = np.random.default_rng(1).normal(0, 3, (200, 262, 3))  # a camera's
    return np.clip(np.asarray(draw_photo(262, 200, 3)) + noise, 0, 255).astype(np.uint8)


def test_a_photo_has_no_grid(photo):
    assert grid_peak(photo) < 3


def test_dots_too_faint_for_squared_error_are_seen(photo):
    assert grid_peak(dotted(photo, 12)) > 10 > 3 * grid_peak(photo)


def test_a_pattern_of_another_pitch_is_none(photo):
    assert grid_peak(dotted(photo, 12, pitch=7)) < 3


def test_a_flat_picture_has_none():
    assert grid_peak(np.full((64, 64, 3), 90, np.uint8)) < 3


def test_where_the_peaks_are():
    stripes = np.tile(np.arange(64) % 4 < 2, (64, 1))[..., None] * np.full(3, 40) + np.random.default_rng(0).integers(
        0, 9, (64, 64, 3)
    )
    row, column = np.unravel_index(np.nanargmax(grid_peaks(stripes.astype(np.uint8))), (8, 8))
    assert (row, column) in {(0, 2), (0, 6)}


def test_what_training_has_against_it():
    torch = pytest.importorskip("torch")
    from sedicfmt.training.grid import repeated

    error = torch.randn(2, 3, 192, 192, generator=torch.Generator().manual_seed(0))
    tile = 0.2 * torch.randn(8, 8, generator=torch.Generator().manual_seed(1)).repeat(24, 24)
    assert float(repeated(error)) == pytest.approx(1, abs=0.1)  # as its squared mean
    assert float(repeated(error + 0.5)) == pytest.approx(float(repeated(error)), rel=1e-3)  # brightness is no pattern
    assert float(repeated(error + tile)) > 10
    turning = torch.ones(6, 32) * torch.tensor([1.0, -1, 1, -1, 1, -1])[:, None]
    assert float(repeated(error + 3 * tile * turning.view(1, 1, 1, 192))) > 2  # dots that are not the same everywhere
