"""`.sedic` in Pillow as a program meets it: opened, looked at, loaded, cut, damaged, in threads, over and over."""

from __future__ import annotations

import io
import pickle
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

import sedicfmt
import sedicfmt.pillow
from sedicfmt.container.parser import parse_header
from sedicfmt.latents.allocated import ALLOCATED, DEFAULT_MODEL
from sedicfmt.pillow import register
from sedicfmt.pipeline import unpack_often

VALID = Path(__file__).parents[2] / "conformance" / "valid"
SMALL = VALID / "smallest-size.sedic"
OBJECTS = ("ball, round and green", "disc behind it, dark blue")


@pytest.fixture(autouse=True)
def as_imported():
    yield
    register()


@pytest.fixture()
def forgiving(monkeypatch):
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)


@pytest.fixture()
def no_decoding(monkeypatch):
    def refuse(*_):
        raise AssertionError("nothing is to be decoded")

    monkeypatch.setattr(sedicfmt.pillow, "unpack_often", refuse)


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def test_nothing_is_decoded_to_know_what_it_is(small_file, no_decoding):
    with Image.open(small_file) as image:
        assert (image.format, image.mode, image.size) == ("SEDIC", "RGB", (192, 128))
        assert image._info is None  # not even words and masks
        assert image.get_format_mimetype() == "image/x-sedic"
        told = image.info
    assert told["sedic_text"] == "Balls and discs on a soft ground."
    assert tuple(part["text"] for part in told["sedic_objects"]) == OBJECTS
    areas = [part.mask.cells.mean() for part in sedicfmt.read(small_file).objects]
    assert [part["area"] for part in told["sedic_objects"]] == areas
    assert (told["sedic_model"], told["sedic_seed"], told["sedic_stage"]) == (
        ALLOCATED[DEFAULT_MODEL].name,
        0,
        "reference",
    )


def test_the_pixels_are_those_of_unpack(small_file):
    with Image.open(small_file) as image:
        pixels = np.asarray(image)
    assert np.array_equal(pixels, np.asarray(sedicfmt.unpack(small_file, stage="reference")))
    assert image.info["sedic_restored_by"] == {}


WORKS = (
    lambda image: image.resize((20, 20)),
    lambda image: image.convert("L"),
    lambda image: image.copy(),
    lambda image: pickle.loads(pickle.dumps(image)),
)


@pytest.mark.parametrize("work", WORKS)
def test_pillow_works_with_it(work):
    with Image.open(SMALL) as image:
        assert work(image).getextrema()
        assert work(image).info["sedic_stage"] == "reference"


def test_restored_for_one_picture_and_for_all(small_file):
    restored = np.asarray(sedicfmt.unpack(small_file, stage="final", steps=1))
    with Image.open(small_file) as image:
        image.choose("final", steps=1)
        assert image.info["sedic_stage"] == "final"
        assert np.array_equal(np.asarray(image), restored)
        assert image.info["sedic_restored_by"]["restorer"].startswith("sedic-nano-restorer")
        with pytest.raises(ValueError, match="decoded already"):
            image.choose("reference")
    register(stage="final", steps=1)
    with Image.open(small_file) as image:
        assert np.array_equal(np.asarray(image), restored)
    assert len(unpack_often._kept) == 1  # both by one restorer


@pytest.mark.parametrize(
    "options", [{"stage": "best"}, {"stage": "final", "stepps": 2}, {"colour": 1, "restoring": None}]
)
def test_options_that_make_no_sense(options):
    with pytest.raises(ValueError):
        register(**options)
    with Image.open(SMALL) as image, pytest.raises(ValueError):
        image.choose(**{"stage": "final", **options})


def test_a_strangers_file_is_refused_before_it_costs_anything(no_decoding):
    beyond = VALID / "seven-objects.sedic"
    with Image.open(beyond) as image:
        assert image.size == (96, 64)
    register(profile="thin")
    with pytest.raises(Image.DecompressionBombError):
        Image.open(beyond)


@pytest.mark.parametrize("name", ["wrong-magic", "empty"])
def test_what_is_no_sedic_file_pillow_does_not_know(name):
    with pytest.raises(UnidentifiedImageError):
        opened((VALID.parent / "faulty" / f"{name}.sedic").read_bytes())


@pytest.mark.parametrize("path", sorted((VALID.parent / "faulty").glob("*.sedic")), ids=lambda path: path.stem)
def test_every_faulty_file_is_an_error_of_pillows_kind(path):
    """Those that are cut or whose check fails are opened, as a cut JPEG is, and fail when they are loaded."""
    with pytest.raises((OSError, Image.DecompressionBombError)), Image.open(path) as image:
        image.load()


@pytest.mark.parametrize("name", ["smallest-size", "seven-objects"])
def test_a_cut_file_both_ways(name, monkeypatch):
    data = (VALID / f"{name}.sedic").read_bytes()
    header = parse_header(data)[2]
    for end in range(header, len(data), max(1, len(data) // 12)):
        image = opened(data[:end])
        assert image.size == opened(data).size
        with pytest.raises(OSError, match="truncated"):
            image.load()
        monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
        image.load()  # the same picture, asked again
        monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", False)
        assert image.info["sedic_complete"] is False
        told = image.info.get("sedic_text")
        assert told in (None, "", opened(data).info["sedic_text"])
        shown = np.asarray(image) if told is not None else np.full_like(np.asarray(image), 128)
        assert np.array_equal(np.asarray(image), shown)


def test_a_cut_header_says_nothing_even_to_the_forgiving(forgiving):
    for end in range(2, 5):
        with pytest.raises(OSError, match="header"):
            opened(SMALL.read_bytes()[:end])


def test_verify_looks_at_the_check(no_decoding):
    data = SMALL.read_bytes()
    opened(data).verify()
    with pytest.raises(OSError, match="broken"):
        opened(data[:-1]).verify()


@settings(max_examples=25)
@given(st.data())
def test_any_bytes_are_a_picture_or_an_error_of_pillows_kind(draw):
    data = bytearray(SMALL.read_bytes())
    for _ in range(draw.draw(st.integers(1, 4))):
        data[draw.draw(st.integers(2, len(data) - 1))] = draw.draw(st.integers(0, 255))
    ImageFile.LOAD_TRUNCATED_IMAGES = draw.draw(st.booleans())
    try:
        register(profile="thin")
        opened(bytes(data)).load()
    except (OSError, Image.DecompressionBombError):
        pass
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False


def test_eight_threads_open_what_one_does():
    paths = [path for path in sorted(VALID.glob("*.sedic")) if path.stat().st_size < 400][:24]
    alone = [np.asarray(Image.open(path)) for path in paths]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda path: np.asarray(Image.open(path)), paths))
    assert all(map(np.array_equal, alone, together))


def test_threads_share_one_picture():
    expected, image, errors = np.asarray(Image.open(SMALL)), Image.open(SMALL), []

    def look():
        try:
            assert np.array_equal(np.asarray(image), expected)
        except Exception as error:  # an assertion in a thread is lost otherwise
            errors.append(error)

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_threads_restore_one_after_the_other(small_file):
    register(stage="final", steps=1)
    expected = np.asarray(Image.open(small_file))
    with ThreadPoolExecutor(4) as pool:
        assert all(
            np.array_equal(a, expected) for a in pool.map(lambda _: np.asarray(Image.open(small_file)), range(4))
        )


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc")
def test_three_hundred_pictures_leave_nothing_behind():
    """In a process of its own: one that has run other tests gives and takes memory for them."""
    script = f"""
import os
import sedicfmt.pillow
from PIL import Image

def look(times):
    for _ in range(times):
        Image.open({str(SMALL)!r})  # neither loaded nor closed
        Image.open({str(SMALL)!r}).load()

def held():
    pages = int(open("/proc/self/statm").read().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE"), len(os.listdir("/proc/self/fd"))

look(50)
memory, files = held()
look(300)
print(held()[0] - memory, held()[1] - files)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    memory, files = map(int, done.stdout.split())
    assert memory < 3 << 20 and files <= 0


def test_without_its_runtime_the_reference_is_shown_and_the_rest_says_what_to_install(small_file):
    script = f"""
import sys; sys.modules["onnxruntime"] = None
import sedicfmt.pillow
from PIL import Image
Image.open({str(small_file)!r}).load()
image = Image.open({str(small_file)!r}); image.choose("final")
try: image.load()
except ImportError as error: print(error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "pip install" in done.stdout


def test_saving_is_not_registered(tmp_path):
    assert "SEDIC" not in Image.SAVE  # what Hugging Face's datasets look at before they encode a picture again
    with Image.open(SMALL) as image, pytest.raises(KeyError):
        image.save(tmp_path / "again.sedic")
    assert not (tmp_path / "again.sedic").exists()


def test_saving_knowingly(photo, annotated, tmp_path):
    register(save=True)
    words = f"annotations:{annotated[1]}"
    photo.save(tmp_path / "a.sedic", describe=words, max_bytes=600)
    assert (tmp_path / "a.sedic").read_bytes() == sedicfmt.pack(photo, describe=words, max_bytes=600)
    with pytest.raises(ValueError, match="max_bytes"):
        photo.save(tmp_path / "b.sedic", max_bytes=-1)
    for too_much in (photo.resize((8, 128)), photo.resize((16, 8200))):
        with pytest.raises(ValueError, match="possible"):  # DecompressionBombError would be said of a file that is read
            too_much.save(tmp_path / "b.sedic")
    with pytest.raises(ValueError, match="budget"):
        photo.save(tmp_path / "b.sedic", max_bytes=5, describe=words)
    assert not (tmp_path / "b.sedic").exists()
    restored = sedicfmt.unpack(tmp_path / "a.sedic", steps=1)
    restored.save(tmp_path / "c.sedic", describe=words, max_bytes=600)  # its XMP has no place there
    register()
    with pytest.raises(KeyError):
        photo.save(tmp_path / "b.sedic", describe=words)


def test_pictures_are_upright(photo, tmp_path):
    """What is packed is turned as EXIF says; what is opened says nothing of turning."""
    register(save=True)
    exif = Image.Exif()
    exif[0x0112] = 6
    photo.save(tmp_path / "turned.jpg", exif=exif, quality=95)
    with Image.open(tmp_path / "turned.jpg") as turned:
        turned.save(tmp_path / "turned.sedic", objects=0, words_overall=0)
    with Image.open(tmp_path / "turned.sedic") as image:
        assert image.size == (128, 192)
        assert image.getexif() == {}
        assert np.array_equal(np.asarray(ImageOps.exif_transpose(image)), np.asarray(image))
        expected = np.asarray(photo.transpose(Image.Transpose.ROTATE_270), np.float64)
        assert np.abs(np.asarray(image) - expected).mean() < 25
