"""The vectors against the package itself: results, errors, prefixes, flipped bits."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

import sedicfmt
from sedicfmt.errors import ChecksumMismatch, SedicError, Truncated
from sedicfmt.pipeline.report import report_bytes

HERE = Path(__file__).parent
MANIFEST = json.loads((HERE / "manifest.json").read_text())
VALID, FAULTY = MANIFEST["valid"], MANIFEST["faulty"]
FLIPPED = ["three-objects-768x512", "no-object", "mask-generic-region", "smallest-size", "ignorable-extensions"]


def names(entries):
    return [Path(e["file"]).stem for e in entries]


@pytest.mark.parametrize("entry", VALID, ids=names(VALID))
def test_valid(entry):
    data = (HERE / entry["file"]).read_bytes()
    assert hashlib.sha256(data).hexdigest() == entry["sha256"]
    report = report_bytes(data, check=True)
    assert {key: report[key] for key in entry["expected"]} == entry["expected"]
    assert sedicfmt.write(sedicfmt.read(data)) == data
    assert sedicfmt.unpack(data).size == (report["width"], report["height"])


@pytest.mark.parametrize("entry", FAULTY, ids=names(FAULTY))
def test_faulty(entry):
    data = (HERE / entry["file"]).read_bytes()
    assert hashlib.sha256(data).hexdigest() == entry["sha256"]
    with pytest.raises(SedicError) as caught:
        report_bytes(data, check=True)
    assert (caught.value.code, caught.value.path) == (entry["code"], entry["path"])


def test_there_are_enough():
    assert len(VALID) >= 10
    assert len(FAULTY) >= 20


def test_every_file_is_in_the_manifest():
    listed = {e["file"] for e in VALID + FAULTY}
    assert listed == {p.relative_to(HERE).as_posix() for p in HERE.glob("*/*.sedic")}


def test_the_runner_agrees():
    done = subprocess.run([sys.executable, HERE / "run.py"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert done.stdout.endswith("all as they must be\n")


@pytest.mark.parametrize("name", FLIPPED)
def test_every_truncation_is_an_error_or_a_declared_stage(name):
    data = (HERE / f"valid/{name}.sedic").read_bytes()
    whole = sedicfmt.read(data)
    for length in range(len(data)):
        with pytest.raises((Truncated, ChecksumMismatch)):
            sedicfmt.read(data[:length])
        try:
            part = sedicfmt.read(data[:length], allow_prefix=True)
        except SedicError:
            continue
        assert not part.complete
        assert (part.z, part.y) == (whole.z, whole.y)
        assert part.text in ("", whole.text)
        assert len(part.objects) <= len(whole.objects)
        assert all(a.text == b.text for a, b in zip(part.objects, whole.objects, strict=False))


@pytest.mark.parametrize("name", FLIPPED)
def test_every_flipped_bit_is_refused(name):
    data = (HERE / f"valid/{name}.sedic").read_bytes()
    for bit in range(len(data) * 8):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(SedicError):
            sedicfmt.read(bytes(flipped))
