"""BPG and VTM behind programs that only pretend: what they are asked, what comes back, and what is told where they fail."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sedicfmt.errors import BackendFailed, MissingDependency
from sedicfmt.evaluation import bpg, vtm
from sedicfmt.evaluation.codecs import codec_named

PHOTO = Image.fromarray(np.random.default_rng(5).integers(0, 256, (17, 23, 3), np.uint8))

BPGENC = """
import sys
a = sys.argv[1:]
assert a[:5] == ["-q", "37", "-f", "444", "-o"], a
open(a[5], "wb").write(b"BPG" + open(a[6], "rb").read())
"""
BPGDEC = """
import sys
a = sys.argv[1:]
assert a[0] == "-o", a
open(a[1], "wb").write(open(a[2], "rb").read()[3:])
"""
ENCODER = """
import sys
a = dict(zip(sys.argv[1::2], sys.argv[2::2]))
assert (a["-q"], a["-wdt"], a["-hgt"], a["-f"]) == ("40", "23", "17", "1") and a["-c"].endswith("encoder_intra_vtm.cfg"), a
assert "--InputChromaFormat=444" in sys.argv
open(a["-b"], "wb").write(b"VVC" + open(a["-i"], "rb").read())
"""
DECODER = """
import sys
a = dict(zip(sys.argv[1::2], sys.argv[2::2]))
open(a["-o"], "wb").write(open(a["-b"], "rb").read()[3:])
"""


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Puts a program in Python on PATH, which holds nothing else."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("VTM_CONFIG", raising=False)

    def put(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(f"#!{sys.executable}\n{text}")
        path.chmod(0o755)
        return path

    return put


def test_bpg_is_asked_for_what_the_table_says(program):
    program("bpgenc", BPGENC), program("bpgdec", BPGDEC)
    codec = codec_named("BPG")
    data = bpg.encode(PHOTO, 37, codec.options)
    assert data.startswith(b"BPG") and bpg.version().startswith("bpgenc ")
    np.testing.assert_array_equal(np.asarray(bpg.decode(data, codec.options)), np.asarray(PHOTO))


def test_vtm_gets_planes_and_gives_them_back(program, tmp_path):
    program("EncoderApp", ENCODER), program("DecoderApp", DECODER)
    with pytest.raises(MissingDependency, match="VTM_CONFIG"):
        vtm.encode(PHOTO, 40, {})
    (tmp_path / "encoder_intra_vtm.cfg").write_text("")
    data = vtm.encode(PHOTO, 40, {})
    assert len(data) == 4 + 3 + 3 * 17 * 23 and vtm.version().startswith("EncoderApp ")
    apart = np.asarray(vtm.decode(data, {})).astype(int) - np.asarray(PHOTO)
    assert np.abs(apart).max() <= 3  # rounded to whole steps of YCbCr


@pytest.mark.parametrize("name", ["BPG", "VTM"])
def test_programs_that_are_not_there(program, name):
    with pytest.raises(MissingDependency, match="PATH"):
        codec_named(name).coder.version()
    with pytest.raises(MissingDependency):
        codec_named(name).coder.encode(PHOTO, 30, codec_named(name).options)


@pytest.mark.parametrize("text", ["", "import sys; sys.exit('no such quality')", "raise SystemExit(3)"])
def test_programs_that_write_nothing_or_fail(program, tmp_path, text):
    (tmp_path / "encoder_intra_vtm.cfg").write_text("")
    for name in ("bpgenc", "bpgdec", "EncoderApp", "DecoderApp"):
        program(name, text)
    for coder in (bpg, vtm):
        options = {"chroma": "444"}
        with pytest.raises(BackendFailed, match=r"BPG|VTM"):
            coder.encode(PHOTO, 37, options)
        with pytest.raises(BackendFailed, match=r"BPG|VTM"):
            coder.decode(b"\\0\\5\\0\\5abc", options)
