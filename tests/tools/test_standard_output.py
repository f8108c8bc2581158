"""Standard output is the command's own, whatever other packages' back ends write there, and by whatever way."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stdout
from importlib.util import find_spec

import pytest
from PIL import Image

import sedicfmt
from sedic_tools.commands.standard_output import kept_apart, put, stdout
from tests.conftest import draw_photo
from tests.tools.plugin_packages import BIN, environment, install

LACKING = [name for name in ("pip", "setuptools") if find_spec(name) is None]
needs_pip = pytest.mark.skipif(bool(LACKING), reason=f"builds and installs packages: needs {', '.join(LACKING)}")
WAYS = ("import", "print", "stream", "descriptor", "library", "child", "thread")
LOUD = ("--describe", "loud", "--ground", "loud", "--segment", "loud", "--model", "loud")


@pytest.fixture(scope="module")
def seeing(tmp_path_factory):
    """The folder that the package of loud back ends is installed in."""
    return install(tmp_path_factory.mktemp("misbehaving"), "misbehaving")


@pytest.fixture()
def photo(tmp_path):
    """A picture in a folder of its own."""
    (tmp_path / "in").mkdir()
    draw_photo(64, 48).save(tmp_path / "in" / "a.png")
    return tmp_path / "in" / "a.png"


def run(tool, *arguments, seeing, stdin=b""):
    """A command's exit code, standard output and standard error, as bytes; by pipes, so that all is held back that can be."""
    line = [BIN / f"sedic-{tool}", *map(str, arguments)]
    done = subprocess.run(line, input=stdin, capture_output=True, check=False, env=environment(seeing))
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


def quiet(out, told):
    """Whether all that was said is on standard error."""
    said = [f"loud {way}".encode() for way in WAYS]
    return all(words in told and words not in out for words in said)


@needs_pip
def test_json_stands_alone(seeing, photo):
    """As each tool writes it, of one file."""
    packed, shown = photo.with_suffix(".sedic"), photo.with_suffix(".jpg")
    lines = [
        ("pack", photo, "-o", packed, *LOUD),
        ("inspect", packed, "--check"),
        ("unpack", packed, "-o", shown, "--restorer", "loud"),
    ]
    for tool, *arguments in lines:
        out, told = run(tool, *arguments, "--json", seeing=seeing)
        assert isinstance(json.loads(out), dict) and quiet(out, told), (tool, out, told)


@needs_pip
def test_a_file_stands_alone(seeing, photo):
    """By pipes from one tool to the next, under both of standard output's names."""
    packed, told = run("pack", "-", "-o", "-", *LOUD, stdin=photo.read_bytes(), seeing=seeing)
    assert sedicfmt.read(packed).text == "A picture." and quiet(packed, told), told
    png, told = run("unpack", "-", "-o", "/dev/stdout", "--restorer", "loud", stdin=packed, seeing=seeing)
    assert Image.open(io.BytesIO(png)).size == (64, 48) and png.endswith(b"IEND\xaeB`\x82") and quiet(png, told), told


@needs_pip
def test_workers_talk_to_standard_error_too(seeing, photo, tmp_path):
    draw_photo(64, 48, 2).save(photo.with_name("b.png"))
    out, told = run("pack", photo.parent, "-o", tmp_path / "out", "--json", "--jobs", 2, *LOUD, seeing=seeing)
    assert [json.loads(line).get("status") for line in out.splitlines()] == ["made", "made", None] and quiet(out, told)


@needs_pip
def test_an_error_is_json_alone(seeing, photo):
    line = [BIN / "sedic-pack", photo, "-o", photo.with_suffix(".sedic"), "--json", *LOUD, "--model", "bad-latent:none"]
    done = subprocess.run(line, capture_output=True, check=False, env=environment(seeing))
    assert done.returncode == 8 and json.loads(done.stdout)["error"]["code"] == "backend"
    assert quiet(done.stdout, done.stderr)


AFTER = """
import os, sys
from sedic_tools.commands.inspect import main
print("before")
for _ in range(2):
    sys.argv = ["sedic-inspect", {file!r}, "--json"]
    assert main() == 0 and sys.stdout.fileno() == 1
    print("after", flush=True)
    os.write(1, b"and by its number\\n")
"""


def test_afterwards_standard_output_is_what_it_was(tmp_path):
    draw_photo(64, 48).save(tmp_path / "a.png")
    (tmp_path / "a.sedic").write_bytes(sedicfmt.pack(tmp_path / "a.png", objects=0, words_overall=0, model="av1"))
    code = AFTER.format(file=str(tmp_path / "a.sedic"))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    before, report, *after = done.stdout.splitlines()
    assert before == "before" and after == ["after", "and by its number", report, "after", "and by its number"]
    assert json.loads(report)["width"] == 64


def test_where_standard_output_is_no_descriptor(capsys):
    """As in a test, or in somebody's program that collects it."""
    text = io.StringIO()
    with redirect_stdout(text):
        with kept_apart():
            print("a back end")
            put("a line")
            assert stdout() is text
        print("later")
    assert text.getvalue() == "a line\nlater\n" and "a back end" in capsys.readouterr().err


def test_what_fails_within_is_raised_and_all_is_as_before():
    before = sys.stdout
    with pytest.raises(KeyError), kept_apart():
        raise KeyError("x")
    assert sys.stdout is before and stdout() is before


def test_a_reader_that_left_is_told_by_the_exit_code(tmp_path):
    draw_photo(64, 48).save(tmp_path / "a.png")
    (tmp_path / "a.sedic").write_bytes(sedicfmt.pack(tmp_path / "a.png", objects=0, words_overall=0, model="av1"))
    reading, writing = os.pipe()
    os.close(reading)
    line = [BIN / "sedic-inspect", tmp_path / "a.sedic", "--json"]
    done = subprocess.run(line, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert done.returncode == 74 and b"Traceback" not in done.stderr and b"Exception" not in done.stderr
