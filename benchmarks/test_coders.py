"""Container, text and mask coding, each beside peers that do the same: the peers' bytes stand in the columns `bytes`."""

from __future__ import annotations

import io
import zlib

import numpy as np
import pytest
from PIL import Image

import sedicfmt
from sedicfmt.coding import mask as masks
from sedicfmt.coding import text as texts


def timed(benchmark, work, made: bytes, group: str):
    benchmark.group = group
    benchmark.extra_info["bytes"] = len(made)
    return benchmark(work)


def test_parse(benchmark, packed):
    file = timed(benchmark, lambda: sedicfmt.read(packed), packed, "container, parse")
    assert len(file.objects) == 2


def test_write(benchmark, packed):
    file = sedicfmt.read(packed)
    assert timed(benchmark, lambda: sedicfmt.write(file), packed, "container, write") == packed


def test_text_encode(benchmark, text):
    made = texts.encode(text)
    assert timed(benchmark, lambda: texts.encode(text), made, "text, encode") == made


def test_text_decode(benchmark, text):
    made = texts.encode(text)
    assert timed(benchmark, lambda: texts.decode(made), made, "text, decode") == text


@pytest.mark.parametrize("name", ["zlib", "brotli", "zstandard"])
def test_text_encode_by_peers(benchmark, text, name):
    data = text.encode()
    pack = {
        "zlib": lambda: zlib.compress(data, 9),
        "brotli": lambda: pytest.importorskip("brotli").compress(data, quality=11),
        "zstandard": lambda: pytest.importorskip("zstandard").ZstdCompressor(level=19).compress(data),
    }[name]
    timed(benchmark, pack, pack(), "text, encode")


def test_mask_encode(benchmark, mask):
    made = masks.encode(mask)
    assert timed(benchmark, lambda: masks.encode(mask), made, "mask, encode") == made


def test_mask_decode(benchmark, mask):
    made = masks.encode(mask)
    assert np.array_equal(timed(benchmark, lambda: masks.decode(made, mask.shape), made, "mask, decode"), mask)


@pytest.mark.parametrize("name", ["COCO RLE", "PNG"])
def test_mask_encode_by_peers(benchmark, mask, name):
    def rle() -> bytes:
        counts: bytes = pytest.importorskip("pycocotools.mask").encode(np.asfortranarray(mask))["counts"]
        return counts

    def png() -> bytes:
        out = io.BytesIO()
        Image.fromarray(mask * 255).convert("1").save(out, "PNG", optimize=True)
        return out.getvalue()

    pack = {"COCO RLE": rle, "PNG": png}[name]
    timed(benchmark, pack, pack(), "mask, encode")
