"""`.sedic` in imageio v3, by the suffix, by name and by class."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import sedicfmt

iio = pytest.importorskip("imageio.v3")
from sedicfmt.imageio import SedicPlugin  # noqa: E402

SMALL = Path(__file__).parents[2] / "conformance" / "valid" / "smallest-size.sedic"
BY = ({}, {"plugin": "sedic"}, {"plugin": SedicPlugin})


@pytest.fixture(scope="module")
def pixels():
    return np.asarray(sedicfmt.unpack(SMALL, stage="reference"))


@pytest.mark.parametrize("by", BY, ids=["suffix", "name", "class"])
def test_reading(by, pixels):
    assert np.array_equal(iio.imread(SMALL, **by), pixels)


@pytest.mark.parametrize("source", [SMALL.read_bytes(), io.BytesIO(SMALL.read_bytes())], ids=["bytes", "stream"])
def test_reading_what_has_no_name(source, pixels):
    for _ in range(2):  # a stream is read from its start, wherever it stands
        assert np.array_equal(iio.imread(source, plugin="sedic"), pixels)


def test_one_picture_is_all_there_is(pixels):
    assert np.array_equal(iio.imread(SMALL, index=...), pixels[None])
    assert [np.array_equal(one, pixels) for one in iio.imiter(SMALL)] == [True]
    with pytest.raises(ValueError, match="index 0"):
        iio.imread(SMALL, index=1)


def test_shape_and_words_without_decoding(small_file, monkeypatch):
    monkeypatch.setattr("sedicfmt.pillow.unpack_often", None)
    told = iio.improps(small_file)
    assert (told.shape, told.dtype, told.n_images) == ((128, 192, 3), np.uint8, None)
    assert iio.improps(small_file, index=...).shape == (1, 128, 192, 3)
    assert iio.immeta(small_file)["sedic_text"] == "Balls and discs on a soft ground."


def test_restored(small_file):
    expected = np.asarray(sedicfmt.unpack(small_file, stage="final", steps=1))
    assert np.array_equal(iio.imread(small_file, stage="final", steps=1), expected)


def test_writing(photo, tmp_path):
    array, options = np.asarray(photo), {"objects": 0, "words_overall": 0, "max_bytes": 300}
    iio.imwrite(tmp_path / "a.sedic", array, **options)
    assert (tmp_path / "a.sedic").read_bytes() == sedicfmt.pack(array, **options)
    assert iio.imwrite("<bytes>", array, plugin=SedicPlugin, **options) == sedicfmt.pack(array, **options)


def test_what_is_no_sedic_file(tmp_path, photo):
    photo.save(tmp_path / "a.png")
    for plugin in ("sedic", SedicPlugin):
        with pytest.raises(OSError):
            iio.imread(tmp_path / "a.png", plugin=plugin)
        with pytest.raises(OSError):
            iio.imwrite(tmp_path / "b.png", np.asarray(photo), plugin=plugin)
    assert iio.imread(tmp_path / "a.png").shape == (128, 192, 3)  # other files are left to others
    (tmp_path / "b.sedic").write_bytes(SMALL.read_bytes()[:20])
    with pytest.raises(OSError, match="truncated"):
        iio.imread(tmp_path / "b.sedic")


def test_the_class_alone_registers_nothing_with_pillow_for_saving():
    script = "import sedicfmt.imageio; from PIL import Image; print('SEDIC' in Image.SAVE)"
    assert (
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "False\n"
    )
