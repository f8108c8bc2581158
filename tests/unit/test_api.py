"""The four functions of the package, with what people give them."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import sedicfmt
from sedicfmt.errors import EncodeError, LimitExceeded, Malformed
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
    ("target_bpp", 0), ("mask_scale", 3), ("seed", -1), ("seed", 2**32), ("seed", "1"), ("model", "nothing"), ("model", 2),
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


NO_SOURCE = (None, 5, [1], io.StringIO("x"), "a\0b", 2.5, object())
NO_VALUES = {
    "max_bytes": (True, "500", -1),
    "refine": ("no", 1),
    "preset": (5, [], "huge"),
    "base_url": (5,),
    "describe": (5, "nobody"),
    "ground": (5, "nobody"),
    "segment": ([], "nobody"),
    "model": ("x", []),
    "seed": (-1, 1 << 32, 1.5),
    "mask_scale": (3,),
    "target_bpp": ("0.1", float("nan")),
    "llm_timeout": (-5, 0, float("nan")),
    "llm_retries": (-3, 1.5),
    "llm_max_tokens": (0,),
    "llm_image_size": (0,),
    "device": ("gpu", 3, "cuda:", "cuda:01", "CPU"),
    "nosuch": (1,),
}
NO_SETTINGS = {
    "stage": ("x", None, []),
    "partial": ("no",),
    "profile": ("fat", None),
    "restorer": (5, "nobody"),
    "device": (5, "", "gpu", "tpu", "CPU", "cuda:", "cuda:x", "cuda:-1", "cuda:01", "abacus"),
    "dtype": (5, "fp8"),
    "tiled_vae": ("no",),
    "objects": (1.5, "a", -1),
    "steps": (0, "a", 2.5, True),
    "object_steps": (0, 1.5),
    "detail": (1.1, "1", float("nan")),
    "guidance": ("no", 3, {"eta": -1}, {"speed": 1}),
    "restoring": ("x", 5, None),
    "sampler": ("x", 5),
    "colour": ("green",),
    "negative_prompt": (None, 3),
    "use_reference": ("no",),
    "use_text": (1,),
    "shared_noise": ("zz",),
    "round_trip": (0,),
    "cfg": (float("inf"), "a"),
    "strength": (0, 1.5),
    "nosuch": (1,),
}


@pytest.mark.parametrize("source", NO_SOURCE, ids=repr)
def test_what_is_no_source_is_told(source, photo):
    for function in (sedicfmt.read, sedicfmt.unpack, sedicfmt.pack):
        with pytest.raises(EncodeError):
            function(source)
    with photo.open(encoding="latin-1") as text, pytest.raises(EncodeError, match="open it with 'rb'"):
        sedicfmt.pack(text)


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, values in NO_VALUES.items() for v in values])
def test_a_wrong_option_is_told_by_its_name(photo, name, value):
    with pytest.raises(EncodeError) as caught:
        sedicfmt.pack(photo, **{**ALONE, name: value})
    assert caught.value.path == name


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, values in NO_SETTINGS.items() for v in values])
@pytest.mark.parametrize("stage", ["reference", "final"])
def test_a_wrong_setting_is_told_by_its_name(packed, name, value, stage):
    """Before any work, and also where nothing is restored."""
    with pytest.raises(EncodeError) as caught:
        sedicfmt.unpack(packed, **{"stage": stage, name: value})
    assert caught.value.path in (name, *(value if isinstance(value, dict) else ()))


@pytest.fixture(scope="module")
def packed(photo):
    return sedicfmt.pack(photo, **ALONE)


def test_numbers_of_numpy_are_settings(packed):
    pytest.importorskip("torch", reason="restoring needs torch")
    given = {"steps": np.int64(1), "objects": np.uint8(0), "detail": np.float32(0.5), "use_text": np.bool_(False)}
    made = sedicfmt.unpack(packed, **given)
    assert made.tobytes() == sedicfmt.unpack(packed, steps=1, objects=0, detail=0.5, use_text=False).tobytes()


@pytest.mark.parametrize("name", ["width", "height", "model_id", "seed", "latent_scale", "text", "objects", "z", "y"])
def test_a_content_of_wrong_types_is_told_by_its_field(packed, name):
    whole = sedicfmt.read(packed)
    for value in (None, 1.5, [1], object()):
        with pytest.raises(EncodeError) as caught:
            sedicfmt.write(replace(whole, **{name: value}))
        assert caught.value.path == name
    for nothing in (None, "x", packed):
        with pytest.raises(EncodeError):
            sedicfmt.write(nothing)
    assert sedicfmt.write(replace(whole, seed=np.int32(4), width=np.int64(64))) == sedicfmt.write(
        replace(whole, seed=4)
    )


def test_a_damaged_picture_of_pillow_is_what_its_bytes_are(photo, tmp_path):
    Image.open(photo).save(tmp_path / "a.jpg")
    data = (tmp_path / "a.jpg").read_bytes()[:-2]
    (tmp_path / "a.jpg").write_bytes(data)
    assert sedicfmt.pack(Image.open(tmp_path / "a.jpg"), **ALONE) == sedicfmt.pack(data, **ALONE)


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "gif", "bmp", "tiff"])
def test_a_picture_in_place_of_a_file_gets_a_hint(tmp_path, suffix):
    draw_photo(64, 48).save(tmp_path / f"a.{suffix}")
    with pytest.raises(Malformed, match="sedic-pack makes one of it"):
        sedicfmt.read(tmp_path / f"a.{suffix}")
