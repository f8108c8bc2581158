"""Container, text and mask coding, each beside peers that do the same: the peers' bytes stand in the column `bytes`."""

from __future__ import annotations

import io
import shutil
import subprocess
import zipfile
import zlib

import numpy as np
import pytest

import sedicfmt
from benchmarks.conftest import cells_of, png_of, zip_of
from sedicfmt.bitcoding import generic_region, jbig2_file
from sedicfmt.coding import mask as masks
from sedicfmt.coding import text as texts
from sedicfmt.container import content
from sedicfmt.segments import text as text_segment
from sedicfmt.segments.mask import as_cells


def fresh(work):
    """`work` as a process does it the first time: what is kept for the search for a size is forgotten each time before."""

    def work_anew():
        text_segment.build.cache_clear()
        content._mask_payload.cache_clear()
        return work()

    return work_anew


# -- the container: a file with two objects, to its texts and masks; beside it a ZIP file that holds the same --


def parts_of(file) -> dict[str, bytes]:
    """What a file says, as the parts of a ZIP file: texts, masks as PNG, the latent."""
    parts = {"overall.txt": file.text.encode(), "z": file.z, "y": file.y}
    for i, each in enumerate(file.objects):
        parts |= {f"{i}.txt": each.text.encode(), f"{i}.png": png_of(np.asarray(each.mask.cells))}
    return parts


def read_zip(data: bytes) -> dict[str, object]:
    """Texts as such, masks as arrays."""
    with zipfile.ZipFile(io.BytesIO(data)) as held:
        read = {name: held.read(name) for name in held.namelist()}
    decode = {"txt": bytes.decode, "png": cells_of}
    return {name: decode.get(name.rpartition(".")[2], bytes)(part) for name, part in read.items()}


def test_parse(timed, packed):
    assert len(timed(fresh(lambda: sedicfmt.read(packed)), "container, parse", packed).objects) == 2


def test_parse_by_zip(timed, packed):
    data = zip_of(parts_of(sedicfmt.read(packed)))
    assert len(timed(lambda: read_zip(data), "container, parse", data)) == 7


def test_write(timed, packed):
    file = sedicfmt.read(packed)
    assert timed(fresh(lambda: sedicfmt.write(file)), "container, write", packed) == packed


def test_write_by_zip(timed, packed):
    file = sedicfmt.read(packed)
    data = zip_of(parts_of(file))
    assert len(timed(lambda: zip_of(parts_of(file)), "container, write", data)) == len(data)


# -- text --


def general(name: str):
    """A general coder's (encode, decode) at its strongest."""
    if name == "zlib":
        return lambda data: zlib.compress(data, 9), zlib.decompress
    if name == "brotli":
        brotli = pytest.importorskip("brotli")
        return lambda data: brotli.compress(data, quality=11), brotli.decompress
    zstandard = pytest.importorskip("zstandard")
    return zstandard.ZstdCompressor(level=22).compress, zstandard.ZstdDecompressor().decompress


def test_text_encode(timed, text):
    made = texts.encode(text)
    assert timed(fresh(lambda: texts.encode(text)), "text, encode", made) == made


@pytest.mark.parametrize("name", ["zlib", "brotli", "zstandard"])
def test_text_encode_by(timed, text, name):
    encode, _ = general(name)
    made = encode(text.encode())
    assert timed(lambda: encode(text.encode()), "text, encode", made) == made


def test_text_decode(timed, text):
    made = texts.encode(text)
    assert timed(fresh(lambda: texts.decode(made)), "text, decode", made) == text


@pytest.mark.parametrize("name", ["zlib", "brotli", "zstandard"])
def test_text_decode_by(timed, text, name):
    encode, decode = general(name)
    made = encode(text.encode())
    assert timed(lambda: decode(made).decode(), "text, decode", made) == text


# -- masks --


def coco(mask: np.ndarray) -> dict:
    return pytest.importorskip("pycocotools.mask").encode(np.asfortranarray(mask))


def jbig2(mask: np.ndarray) -> bytes:
    """A JBIG2 file: one generic region, by this package's coder for them, that jbig2dec reads."""
    return jbig2_file.wrap(generic_region.encode(as_cells(mask)), mask.shape)


ENCODERS = {"COCO RLE": lambda mask: coco(mask)["counts"], "PNG": png_of, "JBIG2 file": jbig2}


def test_mask_encode(timed, mask):
    made = masks.encode(mask)
    assert timed(lambda: masks.encode(mask), "mask, encode", made) == made


@pytest.mark.parametrize("name", ENCODERS)
def test_mask_encode_by(timed, mask, name):
    made = ENCODERS[name](mask)
    assert timed(lambda: ENCODERS[name](mask), "mask, encode", made) == made


def test_mask_decode(timed, mask):
    made = masks.encode(mask)
    assert np.array_equal(timed(lambda: masks.decode(made, mask.shape), "mask, decode", made), mask)


def test_mask_decode_by_coco_rle(timed, mask):
    made = coco(mask)
    decode = pytest.importorskip("pycocotools.mask").decode
    assert np.array_equal(timed(lambda: decode(made), "mask, decode", made["counts"]), mask)


def test_mask_decode_by_png(timed, mask):
    made = png_of(mask)
    assert np.array_equal(timed(lambda: cells_of(made), "mask, decode", made), mask)


def test_mask_decode_by_jbig2dec_as_a_process(timed, mask, tmp_path):
    if shutil.which("jbig2dec") is None:
        pytest.skip("jbig2dec is not installed")
    (tmp_path / "mask.jb2").write_bytes(jbig2(mask))
    line = ["jbig2dec", "-t", "png", "-o", tmp_path / "mask.png", tmp_path / "mask.jb2"]
    timed(lambda: subprocess.run(line, check=True, capture_output=True), "mask, decode", jbig2(mask), rounds=9)
    assert np.array_equal(1 - cells_of((tmp_path / "mask.png").read_bytes()), mask)  # JBIG2's black is 1
