"""A PNG's text chunks: any letters, nothing that steers."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import sedicfmt
from sedicfmt.latents.allocated import DEFAULT_MODEL
from sedicfmt.model import SedicFile
from sedicfmt.pipeline.png_text import png, png_text
from sedicfmt.pipeline.unpack import UnpackOptions, UnpackResult, unpack_bytes

PICTURES = Path(__file__).parents[1] / "outside" / "pictures"


def read_back(text: str, record: dict[str, str] | None = None) -> dict[str, str]:
    file = SedicFile(16, 16, DEFAULT_MODEL, b"", b"", text)
    picture = np.zeros((16, 16, 3), np.uint8)
    data = png(picture, pnginfo=png_text(b"", UnpackResult(Image.fromarray(picture), file, "final", {}, record or {})))
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        assert b"tEXtSoftware\0sedicfmt" in data
        return dict(image.text)


@pytest.mark.parametrize(
    "text",
    [
        "A boat",
        "Ein Boot über Wasser",
        "湖に浮かぶ赤い船",
        "Лодка",
        "कमल 🚤",
        "👩‍👩‍👧",
        "سفينة",
        "two\nlines",
        "a\u00a0b \u0394",
    ],
)
def test_letters_of_every_script_stay(text: str) -> None:
    told = read_back(text, {"restorer": text, "steps": "1"})
    assert told["Description"] == told["sedic:restorer"] == text
    assert told["sedic:stage"].startswith("final; a model generated")


@given(st.text(), st.text(st.characters()))
def test_nothing_steers(text: str, name: str) -> None:
    told = read_back("\0\x1b[31m\x9b1m\u202e" + text, {"restorer": "\x1b" + name})
    for value in told.values():
        assert not any(c != "\n" and (ord(c) < 32 or 127 <= ord(c) < 160) for c in value)
        assert not set(value) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def test_japanese_goes_from_an_annotation_through_the_file_into_the_png() -> None:
    told = json.loads((PICTURES / "ja.json").read_text())
    data = sedicfmt.pack(PICTURES / "ok.jpg", describe=f"annotations:{PICTURES / 'ja.json'}")
    file = sedicfmt.read(data)
    assert [file.text, *(part.text for part in file.objects)] == [told["overall"], told["objects"][0]["text"]]
    result = unpack_bytes(data, UnpackOptions(stage="reference"))
    with Image.open(io.BytesIO(png(np.asarray(result.picture), pnginfo=png_text(data, result)))) as image:
        image.load()
        assert image.text["Description"] == told["overall"]
