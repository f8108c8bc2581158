"""VVC of single pictures: round trips, odd sides, what its samples lose, and failures."""

import dataclasses
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from sedicfmt.errors import BackendFailed, EncodeError
from sedicfmt.evaluation import classical, codecs, vvc
from sedicfmt.evaluation.codecs import VVC_OPTIONS
from sedicfmt.picture import psnr
from tests.conftest import draw_photo

FAST = {**VVC_OPTIONS, "preset": "faster"}


@pytest.fixture(autouse=True)
def _installed():
    pytest.importorskip("imageio_ffmpeg", reason="VVC needs imageio-ffmpeg")


def test_a_finer_quantiser_makes_a_larger_and_nearer_picture():
    photo = draw_photo(96, 64)
    coarse, fine = (vvc.encode(photo, qp, FAST) for qp in (50, 25))
    near = [psnr(np.asarray(photo), np.asarray(vvc.decode(data))) for data in (coarse, fine)]
    assert len(coarse) < len(fine) < 96 * 64
    assert 20 < near[0] < near[1] and near[1] > 35


def test_odd_sides_are_refused():
    with pytest.raises(EncodeError, match="51x36"):
        vvc.encode(draw_photo(51, 36), 30, FAST)


def test_a_photo_of_odd_sides_comes_back_in_its_place():
    photo, codec = np.asarray(draw_photo(103, 77)), dataclasses.replace(codecs.codec_named("VVC"), options=FAST)
    for scale in (Fraction(1), Fraction(1, 3)):
        coded = classical.code_once(photo, codec, scale, 12)
        only_scaled = classical.scale_down(photo, scale, 2).resize((103, 77), Image.Resampling.LANCZOS)
        assert coded.picture.shape == photo.shape
        near = psnr(np.asarray(only_scaled), coded.picture)
        assert near > 32
        assert near > max(psnr(np.asarray(only_scaled), np.roll(coded.picture, 1, axis)) for axis in (0, 1))


def test_the_stream_holds_one_picture_and_no_groups():
    data = vvc.encode(draw_photo(96, 64), 40, FAST)
    kinds = [data[i + 4] >> 3 for i in range(len(data)) if data[i : i + 3] == b"\0\0\1"]
    assert data.startswith(b"\0\0\0\1") and b"arning" not in data  # VVenC's own words
    assert 20 not in kinds  # the access unit delimiter
    assert sum(kind < 12 for kind in kinds) == 1  # slices
    assert data.rindex(b"\0\0\1") < 90  # "headers take 70", as docs/equal-bytes.md has it
    assert len(data) < len(vvc.encode(draw_photo(96, 64), 40, FAST | {"IntraPeriod": 32})) - 50


def test_samples_of_ten_bits_keep_grey_and_nearly_keep_colours():
    grey = np.repeat(np.arange(256, dtype=np.uint8), 4).reshape(16, 64)
    picture = np.repeat(grey[..., None], 3, axis=-1)
    assert np.array_equal(vvc.from_samples(vvc.to_samples(picture.astype(np.float32)), 64, 16), picture)
    flat = np.broadcast_to(np.array([200, 30, 90], np.uint8), (16, 64, 3))
    again = vvc.from_samples(vvc.to_samples(flat.astype(np.float32)), 64, 16)
    assert int(np.abs(again.astype(int) - flat).max()) <= 1


@pytest.mark.parametrize("data", [b"", b"no stream", bytes(1000)])
def test_what_is_no_stream_is_our_error(data):
    with pytest.raises(BackendFailed, match="VVC"):
        vvc.decode(data)


def test_a_quantiser_out_of_range_is_our_error():
    with pytest.raises(BackendFailed, match="VVC"):
        vvc.encode(Image.new("RGB", (32, 32)), 99, FAST)
