"""The four functions of the package, with what people give them."""

import io

import numpy as np
import pytest
from PIL import Image

import sedicfmt
from sedicfmt.errors import EncodeError, LimitExceeded
from tests.conftest import draw_photo

pytest.importorskip("safetensors", reason="packing needs the nano extra")
ALONE = {"objects": 0, "words_overall": 0}


@pytest.fixture(scope="module")
def photo(tmp_path_factory):
    path = tmp_path_factory.mktemp("photo") / "a.png"
    draw_photo(64, 48).save(path)
    return path


def test_a_picture_in_any_form_is_one_file(photo):
    data, picture = photo.read_bytes(), Image.open(photo)
    with photo.open("rb") as stream:
        forms = [
            photo,
            str(photo),
            data,
            bytearray(data),
            memoryview(data),
            io.BytesIO(data),
            stream,
            picture,
            np.asarray(picture),
        ]
        made = {sedicfmt.pack(form, **ALONE) for form in forms}
    assert len(made) == 1


def test_grey_and_transparent_arrays():
    grey = np.full((32, 48), 90, np.uint8)
    for array in (grey, np.dstack([grey] * 3), np.dstack([grey] * 3 + [np.full_like(grey, 255)])):
        assert sedicfmt.read(sedicfmt.pack(array, **ALONE)).width == 48


@pytest.mark.parametrize(
    "array", [np.zeros((32, 32, 3)), np.zeros((32, 32, 2), np.uint8), np.zeros(9, np.uint8), np.zeros((8, 8), np.uint8)]
)
def test_arrays_that_are_no_picture(array):
    with pytest.raises((EncodeError, LimitExceeded)):
        sedicfmt.pack(array, **ALONE)


def test_whole_numbers_of_numpy_are_whole_numbers(photo):
    seven = np.int64(7)
    file = sedicfmt.read(
        sedicfmt.pack(photo, objects=np.uint8(0), words_overall=np.int32(0), seed=seven, max_bytes=np.int64(900))
    )
    assert file.seed == 7 and type(file.seed) is int


WRONG = [
    ("objects", 8), ("objects", "3"), ("objects", 1.5), ("words_object", 0), ("words_overall", -1), ("words_overall", "x"),
    ("max_bytes", 0), ("max_bytes", 1e3), ("target_bpp", "x"), ("target_bpp", float("nan")), ("target_bpp", True),
    ("target_bpp", 0), ("mask_scale", 3), ("seed", -1), ("seed", 2**32), ("seed", "1"), ("model", "none"), ("model", 2),
    ("device", "x"), ("device", 3), ("describe", 3), ("preset", "huge"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_every_wrong_value_is_our_error_with_its_name(photo, name, value):
    with pytest.raises(EncodeError) as caught:
        sedicfmt.pack(photo, **{name: value})
    assert caught.value.path == name


def test_a_file_in_any_form_is_read_and_unpacked(photo, tmp_path):
    data = sedicfmt.pack(photo, **ALONE)
    (tmp_path / "a.sedic").write_bytes(data)
    for form in (data, tmp_path / "a.sedic", str(tmp_path / "a.sedic"), io.BytesIO(data)):
        assert sedicfmt.read(form).width == 64
    picture = sedicfmt.unpack(io.BytesIO(data), "reference", profile="thin")
    assert picture.info["sedic"] == sedicfmt.read(data) and picture.info["sedic_stage"] == "reference"


def test_the_switches_of_the_command_are_keywords(photo):
    pytest.importorskip("torch")
    data = sedicfmt.pack(photo, **ALONE)
    plain, half, none = (np.asarray(sedicfmt.unpack(data, detail=share), int) for share in (1, 0.5, 0))
    assert np.array_equal(none, np.asarray(sedicfmt.unpack(data, "reference")))
    assert 0 < np.abs(half - none).sum() < np.abs(plain - none).sum()
    assert sedicfmt.unpack(data, steps=2, device="cpu").info["sedic_restored_by"]["steps"].endswith("2 whole steps")
    for wrong in ({"detial": 1}, {"detail": 2}, {"device": "abacus"}, {"restoring": None, "magic": 1}):
        with pytest.raises(EncodeError):
            sedicfmt.unpack(data, **wrong)


def test_a_file_is_told_without_its_bytes(photo):
    data = sedicfmt.pack(photo, **ALONE)
    assert len(repr(sedicfmt.read(data))) < 200 and "64x48" in repr(sedicfmt.read(data))
