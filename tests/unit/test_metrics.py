"""PSNR and MS-SSIM against values worked out by hand or known from their definitions."""

import math
import re
import subprocess
import sys

import numpy as np
import pytest

from sedicfmt import picture
from sedicfmt.errors import EncodeError, MissingDependency
from sedicfmt.evaluation import metrics
from sedicfmt.installing import install_extra


def drawn(height: int = 176, width: int = 192) -> np.ndarray:
    """A smooth colour ramp with a bar across it, uint8, (height, width, 3)."""
    y, x = np.mgrid[:height, :width]
    picture = np.stack([x * 255 // width, y * 255 // height, (x + y) * 255 // (width + height)], axis=-1)
    picture[height // 3 : height // 2] = 30
    return picture.astype(np.uint8)


def test_psnr_of_equal_pictures_is_infinite():
    assert picture.psnr(drawn(), drawn()) == math.inf


@pytest.mark.parametrize(("step", "decibels"), [(1, 48.1308), (5, 34.1514), (255, 0.0)])
def test_psnr_of_a_constant_difference(step, decibels):
    a = np.zeros((4, 6, 3), np.uint8)
    assert picture.psnr(a, a + np.uint8(step)) == pytest.approx(decibels, abs=1e-4)


def test_psnr_takes_one_mse_over_all_channels():
    a, b = np.zeros((2, 2, 3), np.uint8), np.zeros((2, 2, 3), np.uint8)
    b[..., 0] = 3  # mse (9 + 0 + 0) / 3
    assert picture.psnr(a, b) == pytest.approx(10 * math.log10(255**2 / 3))


def test_psnr_does_not_wrap_around_in_uint8():
    a, b = np.zeros((1, 1, 3), np.uint8), np.full((1, 1, 3), 255, np.uint8)
    assert picture.psnr(a, b) == picture.psnr(b, a) == 0.0


@pytest.mark.parametrize("measure", [picture.psnr, metrics.ms_ssim])
@pytest.mark.parametrize(
    "other",
    [np.zeros((176, 192), np.uint8), np.zeros((176, 192, 4), np.uint8), np.zeros((176, 192, 3)), drawn(176, 184)],
    ids=["grey", "alpha", "float", "another size"],
)
def test_other_shapes_and_types_are_refused(measure, other):
    with pytest.raises(EncodeError):
        measure(drawn(), other)


def test_ms_ssim_falls_with_the_damage():
    pytest.importorskip("torch", reason="MS-SSIM needs torch")
    pytest.importorskip("pytorch_msssim", reason="MS-SSIM needs pytorch-msssim")
    noise = np.random.default_rng(1).normal(size=drawn().shape)
    worse = [np.clip(drawn() + deviation * noise, 0, 255).astype(np.uint8) for deviation in (0, 5, 40)]
    scores = [metrics.ms_ssim(drawn(), picture) for picture in worse]
    assert scores[0] == pytest.approx(1.0, abs=1e-9)
    assert 1 > scores[1] > scores[2] > 0


def test_ms_ssim_in_32_bits_is_that_of_64():
    torch = pytest.importorskip("torch", reason="MS-SSIM needs torch")
    library = pytest.importorskip("pytorch_msssim", reason="MS-SSIM needs pytorch-msssim")
    for deviation in (1, 30):
        noise = np.random.default_rng(deviation).normal(size=drawn().shape) * deviation
        pair = drawn(), np.clip(drawn() + noise, 0, 255).astype(np.uint8)
        planes = [torch.from_numpy(p.transpose(2, 0, 1)[None].copy()).double() for p in pair]
        assert metrics.ms_ssim(*pair) == pytest.approx(float(library.ms_ssim(*planes, data_range=255)), abs=1e-6)


def test_photos_are_found_by_name(tmp_path):
    for name in ("b.png", "a.JPG", "c.txt"):
        (tmp_path / name).touch()
    assert [p.name for p in metrics.find_photos(tmp_path)] == ["a.JPG", "b.png"]
    with pytest.raises(EncodeError, match="no picture"):
        metrics.find_photos(tmp_path / "absent")


def test_ms_ssim_wants_room_for_five_scales():
    with pytest.raises(EncodeError, match="161"):
        metrics.ms_ssim(drawn(160, 192), drawn(160, 192))


@pytest.mark.parametrize("absent", ["torch", "pytorch_msssim"])
def test_ms_ssim_names_the_extra_when_something_is_absent(monkeypatch, absent):
    if absent == "torch":
        monkeypatch.setitem(sys.modules, "pytorch_msssim", None)
    monkeypatch.setitem(sys.modules, absent, None)
    with pytest.raises(MissingDependency, match=re.escape(install_extra("eval"))):
        metrics.ms_ssim(drawn(), drawn())


def test_importing_the_metrics_does_not_import_torch():
    code = "import sys, sedicfmt.evaluation.metrics; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
