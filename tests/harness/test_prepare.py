"""Pictures as papers prepare them, from folders and shards."""

import io
import tarfile

import numpy as np
import pytest
from PIL import Image

from sedicfmt.errors import EncodeError
from sedicfmt.harness.cache import Cache
from sedicfmt.harness.prepare import given_pictures, prepare
from tests.conftest import draw_photo


def prepared(tmp_path, way, *names):
    cache = Cache(tmp_path / "cache")
    return [prepare(given, way, cache) for given in given_pictures(tmp_path / "in")]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


@pytest.mark.parametrize("size", [(900, 800), (800, 900), (100, 200), (769, 768), (768, 768)])
def test_clic768_is_the_middle_of_the_scaled_picture(tmp_path, folder, size):
    """A ramp from left to right and top to bottom: the middle stays in the middle, and each side shows its share."""
    width, height = size
    ramp = np.stack(np.broadcast_arrays(np.linspace(0, 255, width), np.linspace(0, 255, height)[:, None], 0.0), axis=-1)
    Image.fromarray(ramp.astype(np.uint8)).save(folder / "a.png")
    (photo,) = prepared(tmp_path, "clic768")
    pixels = np.asarray(Image.open(photo.path)).astype(float)
    assert (photo.width, photo.height) == (768, 768) == pixels.shape[1::-1]
    assert abs(pixels[384, 384, :2] - 127).max() < 4
    short = min(size)
    for axis, side in enumerate(size):  # the share of the ramp that a crop of the shorter side's length shows
        line = pixels[384, :, 0] if axis == 0 else pixels[:, 384, 1]
        assert line[-5] - line[4] == pytest.approx(255 * short / side, abs=6)


def test_kodak_is_kodaks_size_and_nothing_else(tmp_path, folder):
    draw_photo(768, 512).save(folder / "a.png")
    draw_photo(512, 768).save(folder / "b.png")
    assert [(p.width, p.height) for p in prepared(tmp_path, "kodak")] == [(768, 512), (512, 768)]
    draw_photo(384, 256).save(folder / "c.png")
    with pytest.raises(EncodeError, match="c has 384x256"):
        prepared(tmp_path, "kodak")


def test_pictures_are_as_a_viewer_shows_them(tmp_path, folder):
    photo = draw_photo(64, 48)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    photo.save(folder / "turned.jpg", exif=exif)
    photo.convert("L").save(folder / "grey.png")
    grey, turned = prepared(tmp_path, "as-is")
    assert (turned.width, turned.height) == (48, 64)
    assert np.asarray(Image.open(grey.path)).shape == (48, 64, 3)


def test_names_come_without_suffix_and_only_once(tmp_path, folder):
    draw_photo(64, 48).save(folder / "a.png")
    (folder / ".hidden.png").write_bytes(b"")
    (folder / "notes.txt").write_bytes(b"")
    assert [given.name for given in given_pictures(folder)] == ["a"]
    draw_photo(64, 48).save(folder / "a.jpg")
    with pytest.raises(EncodeError, match="are called a"):
        given_pictures(folder)


def test_shards_are_read(tmp_path, folder):
    out = io.BytesIO()
    draw_photo(64, 48).save(out, "PNG")
    with tarfile.open(folder / "0.tar", "w") as shard:
        for name, data in (("x/a.png", out.getvalue()), ("x/a.txt", b"words")):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            shard.addfile(info, io.BytesIO(data))
    for source in (folder, folder / "0.tar"):
        (given,) = given_pictures(source)
        assert given.name == "x_a" and given.read() == out.getvalue()


@pytest.mark.parametrize(("name", "told"), [("a.png", "cannot be read"), ("a.tar", "tar file")])
def test_what_is_no_picture_is_told(tmp_path, folder, name, told):
    (folder / name).write_bytes(b"neither")
    with pytest.raises(EncodeError, match=told):
        prepared(tmp_path, "as-is")


def test_an_empty_folder_is_told(tmp_path, folder):
    with pytest.raises(EncodeError, match="no picture in"):
        given_pictures(folder)


def test_one_picture_is_prepared_once_and_its_digest_is_its_pixels(tmp_path, folder):
    draw_photo(64, 48).save(folder / "a.png")
    draw_photo(64, 48).save(folder / "b.png", compress_level=1)
    a, b = prepared(tmp_path, "as-is")
    assert a.digest == b.digest
    before = a.path.stat().st_mtime_ns
    assert prepared(tmp_path, "as-is")[0].path.stat().st_mtime_ns == before
