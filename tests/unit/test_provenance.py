"""What a written picture says of its origin, in every format, as machines read it: Pillow's XMP reader, and exiftool's."""

from __future__ import annotations

import hashlib
import io
import json
import pickle
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import sedicfmt
import sedicfmt.pillow
from sedic_tools.commands.output import LOOKED_AT, is_our_picture, refuse_foreign
from sedicfmt.errors import EncodeError
from sedicfmt.latents.allocated import DEFAULT_MODEL
from sedicfmt.model import SedicFile
from sedicfmt.pipeline.png_text import png, signed
from sedicfmt.pipeline.provenance import COMPOSITE, SOURCE_TYPES, is_ours, packet
from sedicfmt.pipeline.unpack import UnpackOptions, UnpackResult, unpack_bytes
from sedicfmt.pipeline.written_picture import SUFFIXES, PictureFormat, format_for

WORDS = "湖に浮かぶ赤い船 <& ü"
RECORD = {"restorer": "sedic-nano-restorer-3", "steps": "1 + 1", "settings": '{"detail": 0.7}'}


def result_of(record=RECORD, words=WORDS, blind=False):
    rows = np.linspace(0, 255, 64, dtype=np.uint8)
    picture = Image.fromarray(np.stack([*np.meshgrid(rows, rows), np.full((64, 64), 90, np.uint8)], 2))
    file = SedicFile(64, 64, DEFAULT_MODEL, b"", b"", words, seed=5)
    return UnpackResult(picture, file, "final", {}, record, blind=blind)


def described(data: bytes) -> dict[str, str]:
    """Of an XMP packet: the text within each property, by its name without the prefix."""
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        root = ElementTree.fromstring(image.info["xmp"])
    return {one.tag.partition("}")[2]: "".join(one.itertext()) for one in root[0][0]}


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_generated_detail_is_marked_in_every_format(suffix):
    told = described(PictureFormat(suffix).write(b"file", result_of()))
    assert told["DigitalSourceType"] == SOURCE_TYPES + "compositeWithTrainedAlgorithmicMedia"
    assert told["AISystemUsed"] == told["restorer"] == "sedic-nano-restorer-3"
    assert told["description"] == WORDS
    assert told["AltTextAccessibility"] == WORDS
    assert told["source"] == f"sedic sha256:{hashlib.sha256(b'file').hexdigest()}"
    assert (told["seed"], json.loads(told["settings"])) == ("5", {"detail": 0.7})


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
def test_what_was_only_decoded_is_not_marked(suffix):
    told = described(PictureFormat(suffix).write(b"file", result_of({})))
    assert "DigitalSourceType" not in told
    assert told["stage"].endswith("no detail was generated")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_restored_picture_is_marked_by_pillows_own_save(suffix, small_file, tmp_path):
    """As a program saves it; what was made of it is marked when asked for, what was only decoded never."""
    path = tmp_path / f"a{suffix}"
    restored = sedicfmt.unpack(small_file, steps=1)
    smaller = restored.resize((96, 64))
    for picture in (restored, pickle.loads(pickle.dumps(restored)), sedicfmt.pillow.marked(smaller)):
        picture.save(path)
        told = described(path.read_bytes())
        assert told["DigitalSourceType"] == SOURCE_TYPES + COMPOSITE
        assert told["description"] == "Balls and discs on a soft ground."
    with Image.open(small_file) as opened:
        opened.choose("final", steps=1)
        opened.save(path)
    assert "DigitalSourceType" in described(path.read_bytes())
    restored.save(path, xmp=packet({}, None), pnginfo=signed())  # somebody's own
    sedicfmt.unpack(small_file, stage="reference").save(path)
    with Image.open(path) as image:
        assert "xmp" not in image.info


def test_a_stages_picture_is_marked_if_a_model_made_it():
    picture = np.zeros((16, 16, 3), np.uint8)
    assert described(png(picture, pnginfo=signed(generated=True)))["DigitalSourceType"] == SOURCE_TYPES + COMPOSITE
    with Image.open(io.BytesIO(png(picture, pnginfo=signed()))) as image:
        assert "xmp" not in image.info


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_large_picture_of_ours_is_known_again(suffix, tmp_path):
    """Where it is written over: of WebP the packet stands at the end."""
    path, noise = tmp_path / f"a{suffix}", np.random.default_rng(0).integers(0, 255, (500, 500, 3), np.uint8)
    result = result_of({})
    result.picture = Image.fromarray(noise)
    path.write_bytes(PictureFormat(suffix).write(b"", result))
    assert path.stat().st_size > 2 * LOOKED_AT
    refuse_foreign(path, is_our_picture, "picture")
    result.picture.save(path)
    with pytest.raises(EncodeError):
        refuse_foreign(path, is_our_picture, "picture")


def test_what_was_made_from_words_alone_is_wholly_made():
    told = described(PictureFormat().write(b"", result_of(blind=True)))
    assert told["DigitalSourceType"] == SOURCE_TYPES + "trainedAlgorithmicMedia"


def test_png_keeps_its_text_chunks_beside_it():
    data = PictureFormat().write(b"", result_of())
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        assert image.text["Description"] == WORDS
        assert image.text["sedic:settings"] == RECORD["settings"]
    assert b"iTXtDescription\0" in data  # Latin letters do not do for it
    assert b"iTXtXML:com.adobe.xmp\0\0\0\0\0" in data
    assert b"tEXtSoftware\0sedicfmt" in data


@pytest.mark.parametrize(("suffix", "kind"), [(".jpg", "JPEG"), (".webp", "WEBP"), (".avif", "AVIF")])
def test_quality(suffix, kind):
    files = [PictureFormat(suffix, quality).write(b"", result_of()) for quality in (20, None, 98)]
    assert len(files[0]) < len(files[1]) < len(files[2])
    error = [
        np.abs(np.asarray(Image.open(io.BytesIO(one)), float) - np.asarray(result_of().picture)).mean() for one in files
    ]
    assert error[0] > error[2]
    assert Image.open(io.BytesIO(files[0])).format == kind
    assert all(map(is_ours, files))


@pytest.mark.parametrize(
    ("output", "suffix", "quality", "expected"),
    [("a.JPG", None, 5, ".jpg"), ("-", ".webp", None, ".webp"), ("a", None, None, ".png"), ("a.jpeg", ".jpg", None, ".jpg"),
     ("a.jpg", ".webp", None, None), ("a.gif", None, None, None), ("a.png", None, 9, None), ("a.jpg", None, 0, None),
     ("a.jpg", None, 101, None), ("a.sedic", None, None, None)],
)  # fmt: skip
def test_the_name_says_the_format(output, suffix, quality, expected):
    if expected:
        assert format_for(output, suffix, quality) == PictureFormat(expected, quality)
        return
    with pytest.raises(EncodeError):
        format_for(output, suffix, quality)


@given(st.text(max_size=200), st.dictionaries(st.text(max_size=9), st.text(), max_size=3))
def test_any_words_make_a_packet_that_is_xml(words, record):
    told = described(PictureFormat(".webp").write(b"", result_of(record, words)))
    assert ("DigitalSourceType" in told) == bool(record)


def test_long_facts_fit_into_a_jpeg():
    described(PictureFormat(".jpg").write(b"", result_of({f"key{i}": "x" * 50_000 for i in range(4)}, "é" * 2000)))


@pytest.mark.skipif(not shutil.which("exiftool"), reason="needs exiftool")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_exiftool_reads_the_mark(suffix, tmp_path):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(PictureFormat(suffix).write(b"", result_of()))
    command = [
        "exiftool",
        "-json",
        "-XMP-iptcExt:DigitalSourceType",
        "-XMP-dc:Description",
        "-XMP-xmp:CreatorTool",
        path,
    ]
    (told,) = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert (
        told["DigitalSourceType"].replace(" ", "").lower().endswith(COMPOSITE.lower())
        or "Composite" in told["DigitalSourceType"]
    )
    assert (told["Description"], told["CreatorTool"]) == (WORDS, "sedicfmt")


def test_a_restored_picture_carries_the_mark_in_memory(small_file):
    result = unpack_bytes(small_file.read_bytes(), UnpackOptions("reference"))
    assert "xmp" not in result.picture.info
    assert is_ours(packet({}, COMPOSITE))


@pytest.mark.slow
def test_pillow_hands_the_mark_on(small_file, tmp_path):
    import sedicfmt.pillow  # noqa: F401

    with Image.open(Path(small_file)) as image:
        image.choose("final", steps=1)
        image.load()
        image.save(tmp_path / "a.jpg", xmp=image.info["xmp"])
    assert described((tmp_path / "a.jpg").read_bytes())["DigitalSourceType"] == SOURCE_TYPES + COMPOSITE
