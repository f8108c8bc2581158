"""The best file of each format within a budget, on small drawn pictures."""

import importlib.util
import io
import sys
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from PIL import Image, features

from sedicfmt.errors import EncodeError, MissingDependency
from sedicfmt.evaluation import classical, codecs, contact_sheet
from sedicfmt.picture import psnr

INSTALLED = {
    "WebP": features.check("webp"),
    "AVIF": features.check("avif"),
    "JPEG XL": importlib.util.find_spec("pillow_jxl") is not None,
    "JPEG": True,
    "HEIC": importlib.util.find_spec("pillow_heif") is not None,
    "VVC": importlib.util.find_spec("imageio_ffmpeg") is not None,
}
PARAMS = [
    pytest.param(codec, id=codec.name, marks=pytest.mark.slow if codec.name == "VVC" else ()) for codec in codecs.CODECS
]
LADDER = (Fraction(1), Fraction(1, 2), Fraction(1, 4))


@pytest.fixture(params=PARAMS)
def codec(request):
    if not INSTALLED[request.param.name]:
        pytest.skip(f"{request.param.name} is not installed")
    return request.param


def drawn() -> np.ndarray:
    """Waves and an edge, uint8, (96, 128, 3)."""
    y, x = np.mgrid[:96, :128]
    waves = 128 + 60 * np.sin(x / 5) * np.cos(y / 7)
    picture = np.stack([waves, waves[::-1], 255 - waves], axis=-1)
    picture[:, 64:] *= 0.5
    return picture.astype(np.uint8)


def best(budget: int, codec: codecs.Codec, **more: Any) -> classical.Coded:
    coded = classical.best_under(drawn(), budget, codec, LADDER, **more)
    assert coded is not None
    return coded


def test_the_best_file_fits_and_is_what_its_bytes_decode_to(codec):
    coded = best(1200, codec)
    assert len(coded.data) <= 1200
    assert coded.picture.shape == (96, 128, 3)
    assert np.array_equal(coded.picture, classical.decode(coded.data, codec, (96, 128)))
    assert psnr(drawn(), coded.picture) > 15


def test_a_larger_budget_is_never_worse(codec):
    small, large = (best(budget, codec) for budget in (1000, 4000))
    assert psnr(drawn(), large.picture) >= psnr(drawn(), small.picture)


def test_nothing_fits_into_ten_bytes(codec):
    assert classical.best_under(drawn(), 10, codec, LADDER) is None


def test_a_photo_codes_the_same_again(codec):
    found = best(1500, codec)
    assert classical.code_once(drawn(), codec, found.scale, found.quality).data == found.data


def test_files_carry_no_metadata(codec):
    data = classical.encode(Image.fromarray(drawn()), codec, 50)
    if codec.name == "JPEG XL":
        assert data[:2] == b"\xff\x0a"  # a bare codestream has no boxes; the profile that Pillow shows is the decoder's
        return
    if codec.name == "VVC":
        return  # a bare stream has no place for any
    with Image.open(io.BytesIO(data)) as image:
        assert not any(image.info.get(name) for name in ("exif", "xmp", "icc_profile"))


def test_the_quality_found_is_the_highest_that_fits():
    codec = codecs.codec_named("jpeg")
    found = classical.fit_quality(classical.Encoder(drawn(), codec), 3000, Fraction(1), len(codec.qualities) - 1)
    assert found is not None
    next_up = codec.qualities[codec.qualities.index(found.quality) + 1]
    assert len(found.data) <= 3000 < len(classical.encode(Image.fromarray(drawn()), codec, next_up))


def test_every_scale_that_fits_is_tried_from_the_smallest_up(codec):
    found = list(classical.fit_scales(classical.Encoder(drawn(), codec), 1500, LADDER))
    assert [coded.scale for coded in found] == sorted(LADDER)[: len(found)]
    highest = len(codec.qualities) - 1
    alone = [classical.fit_quality(classical.Encoder(drawn(), codec), 1500, scale, highest) for scale in sorted(LADDER)]
    assert [coded.data for coded in found] == [coded.data for coded in alone if coded]


def test_the_score_picks_the_scale():
    codec = codecs.codec_named("JPEG")
    smallest = best(4000, codec, score=lambda photo, out: -float(np.abs(np.diff(out.astype(int), axis=0)).sum()))
    assert smallest.scale == Fraction(1, 4)  # steps between rows are least where the photo was scaled down most


def test_larger_scales_are_left_out_after_two_falls(monkeypatch):
    tried, real = [], classical.fit_quality

    def fit(encoder, budget, scale, highest):
        tried.append(scale)
        return real(encoder, budget, scale, highest)

    monkeypatch.setattr(classical, "fit_quality", fit)
    codec, scores = codecs.codec_named("JPEG"), iter([1, 3, 2, 4, 3, 2, 9])
    scales = sorted(classical.SCALES)
    found = classical.best_under(drawn(), 10**6, codec, scales, lambda photo, picture: next(scores))
    assert tried == scales[:6] and found is not None
    assert found.scale == scales[3]


@pytest.mark.parametrize("budget", [500, 700, 1500])
def test_the_early_stop_and_shared_encodings_change_nothing(budget):
    codec = codecs.codec_named("WebP")
    if not INSTALLED["WebP"]:
        pytest.skip("WebP is not installed")
    every = list(classical.fit_scales(classical.Encoder(drawn(), codec), budget, classical.SCALES))
    shared = classical.Encoder(drawn(), codec)
    for _ in range(2):
        found = classical.best_under(drawn(), budget, codec, encoder=shared)
        assert found is not None
        assert found.data == max(every, key=lambda coded: psnr(drawn(), coded.picture)).data


def test_nothing_is_encoded_twice(monkeypatch):
    made, real = [], classical.encode
    monkeypatch.setattr(
        classical,
        "encode",
        lambda image, codec, quality: made.append((image.size, quality)) or real(image, codec, quality),
    )
    shared = classical.Encoder(drawn(), codecs.codec_named("JPEG"))
    for budget in (700, 1000, 700):
        classical.best_under(drawn(), budget, codecs.codec_named("JPEG"), LADDER, encoder=shared)
    assert len(made) == len(set(made)) > 5


@pytest.mark.parametrize("scale", classical.SCALES, ids=str)
def test_scaling_down_keeps_a_pixel(scale):
    assert min(classical.scale_down(np.zeros((3, 5, 3), np.uint8), scale).size) >= 1
    assert all(side % 2 == 0 < side for side in classical.scale_down(np.zeros((3, 51, 3), np.uint8), scale, 2).size)


@pytest.mark.parametrize("name", sorted(codecs.PLUGINS))
def test_an_absent_format_names_what_installs_it(monkeypatch, name):
    monkeypatch.setitem(sys.modules, codecs.PLUGINS[name][0], None)
    with pytest.raises(MissingDependency, match=r"needs .*: pip install "):
        classical.encode(Image.fromarray(drawn()), codecs.codec_named(name), 50)


@pytest.mark.parametrize(("name", "brand", "boxes"), [("HEIC", b"heic", 380), ("AVIF", b"avif", 275)])
def test_files_pay_for_their_boxes(name, brand, boxes):
    if not INSTALLED[name]:
        pytest.skip(f"{name} is not installed")
    data = classical.encode(Image.fromarray(drawn()), codecs.codec_named(name), 10)
    assert data[4:12] == b"ftyp" + brand
    assert abs(data.index(b"mdat") + 4 - boxes) < 20  # the figures of docs/equal-bytes.md


def test_an_unknown_codec_is_refused():
    with pytest.raises(EncodeError, match="JPEG, WebP, JPEG XL, AVIF, HEIC, VVC, BPG, VTM"):
        codecs.codec_named("FLIF")


def test_a_sheet_has_a_cell_for_every_column():
    cell = contact_sheet.Cell(drawn(), contact_sheet.caption(1234, 21.5))
    sheet = contact_sheet.draw_sheet(["original", "WebP"], [contact_sheet.Row([cell, cell])] * 2, width=64)
    assert cell.caption == "1,234 bytes, 21.50 dB"
    assert sheet.size == (8 + 2 * 72, 28 + 2 * (48 + 28))
    with pytest.raises(EncodeError):
        contact_sheet.draw_sheet(["original"], [contact_sheet.Row([cell, cell])])


def test_a_sheet_of_some_rows_spreads_over_all():
    assert contact_sheet.spread(24, 8) == [0, 3, 6, 9, 12, 15, 18, 21]
    assert contact_sheet.spread(2, 8) == [0, 1]
