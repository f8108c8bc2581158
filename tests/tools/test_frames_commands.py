"""sedic-split and sedic-join as they are used: a photo over a link that loses frames."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sedicfmt.pipeline.report import report_bytes

ROOT = Path(__file__).parents[2]
FILE = ROOT / "conformance/valid/three-objects-768x512.sedic"


def run(tool, *arguments, **keywords):
    script = Path(sys.executable).parent / f"sedic-{tool}"
    return subprocess.run([script, *map(str, arguments)], capture_output=True, check=False, **keywords)


@pytest.fixture()
def frames(tmp_path):
    """Frames of a size that makes at least four, and one for repair."""
    mtu = 9 + -(-FILE.stat().st_size // 4)
    done = run("split", FILE, "-o", tmp_path / "frames", "--mtu", mtu, "--repair", 1, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert [Path(f["file"]).stat().st_size for f in told["frames"]] == [f["bytes"] for f in told["frames"]]
    assert max(f["bytes"] for f in told["frames"]) <= mtu
    return [Path(f["file"]) for f in told["frames"]]


def test_a_lost_frame_is_repaired(frames, tmp_path):
    frames[1].unlink()
    done = run("join", frames[0].parent, "-o", tmp_path / "photo.sedic", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["missing"] == [1]
    assert (tmp_path / "photo.sedic").read_bytes() == FILE.read_bytes()


def test_too_many_lost_is_truncated_and_partial_writes_what_can_be_shown(tmp_path):
    assert run("split", FILE, "-o", tmp_path / "frames", "--mtu", 60).returncode == 0
    arrived, out = sorted((tmp_path / "frames").iterdir())[:-1], tmp_path / "photo.sedic"
    done = run("join", *arrived, "-o", out)
    assert done.returncode == 5 and b"1 of 9 data frames is missing" in done.stderr and not out.exists()
    done = run("join", *arrived, "-o", out, "--partial", "--json")
    told = json.loads(done.stdout)
    assert done.returncode == 0 and not told["complete"] and b"unchecked" in done.stderr
    report = report_bytes(out.read_bytes(), allow_prefix=True)
    assert [s["path"] for s in report["segments"]] == told["stages"] and told["stages"][:2] == ["z", "y"]
    assert run("unpack", out, "-o", tmp_path / "photo.png", "--partial", "--stage", "reference").returncode == 0


def test_nothing_to_show_is_truncated(frames, tmp_path):
    done = run("join", *frames[1:3], "-o", tmp_path / "photo.sedic", "--partial", "--json")
    assert done.returncode == 5 and json.loads(done.stdout)["error"]["code"] == "truncated"


def test_damage_and_foreign_files_are_left_out_with_a_warning(frames, tmp_path):
    frames[2].write_bytes(frames[2].read_bytes()[:-3])
    (frames[0].parent / "other.frame").write_bytes(b"hello")
    done = run("join", frames[0].parent, "-o", tmp_path / "photo.sedic")
    assert done.returncode == 0 and done.stderr.count(b"is left out") == 2
    assert (tmp_path / "photo.sedic").read_bytes() == FILE.read_bytes()


def test_frames_of_two_photos_in_one_folder(frames, tmp_path):
    """As a receiver has them. The message lists what there is to choose."""
    other = ROOT / "conformance/valid/nano-3-768x512.sedic"
    inbox = frames[0].parent
    assert run("split", other, "-o", tmp_path / "other", "--mtu", 200).returncode == 0
    for path in (tmp_path / "other").iterdir():
        path.rename(inbox / f"other-{path.name}")
    done = run("join", inbox, "-o", tmp_path / "photo.sedic")
    assert done.returncode == 2 and not (tmp_path / "photo.sedic").exists()
    for file in (FILE, other):
        tag = file.read_bytes()[-2:].hex()
        assert f"{tag}:".encode() in done.stderr
        assert run("join", inbox, "-o", tmp_path / f"{tag}.sedic", "--set", tag).returncode == 0
        assert (tmp_path / f"{tag}.sedic").read_bytes() == file.read_bytes()


@pytest.mark.parametrize(
    "arguments, code",
    [
        (["split", FILE, "-o", "new", "--mtu", "9"], 2),
        (["split", FILE, "-o", "new", "--repair", "-1"], 2),
        (["split", FILE, FILE, "-o", "new"], 2),
        (["split", ROOT / "README.md", "-o", "new"], 3),
        (["split", FILE, "-o", ROOT / "docs"], 74),
        (["split", "none.sedic", "-o", "new"], 74),
        (["join", FILE, "-o", "new.sedic"], 3),
        (["join", "none.frame", "-o", "new.sedic"], 74),
        (["join", ROOT / "spec", "-o", "new.sedic"], 2),
    ],
)
def test_what_cannot_be_done_is_one_line_and_an_exit_code(arguments, code, tmp_path):
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert done.stderr.count(b"\n") == 1 and b"Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_foreign_file_is_not_written_over(frames, tmp_path):
    (tmp_path / "photo.sedic").write_text("mine")
    assert run("join", *frames, "-o", tmp_path / "photo.sedic").returncode == 2
    assert (tmp_path / "photo.sedic").read_text() == "mine"
    assert run("join", *frames, "-o", tmp_path / "photo.sedic", "--overwrite").returncode == 0


def test_through_pipes(frames, tmp_path):
    done = run("split", "-", "-o", tmp_path / "again", "--mtu", "100", input=FILE.read_bytes())
    assert done.returncode == 0, done.stderr
    assert run("join", tmp_path / "again", "-o", "-").stdout == FILE.read_bytes()


def test_without_the_library_frames_without_repair_work(tmp_path):
    """`--repair` names what installs it; exit code 8."""
    blocked = tmp_path / "blocked"
    (blocked / "reedsolo").mkdir(parents=True)
    (blocked / "reedsolo/__init__.py").write_text("raise ImportError('blocked')")
    environment = {**os.environ, "PYTHONPATH": str(blocked)}
    assert run("split", FILE, "-o", tmp_path / "plain", env=environment).returncode == 0
    assert run("join", tmp_path / "plain", "-o", tmp_path / "photo.sedic", env=environment).returncode == 0
    done = run("split", FILE, "-o", tmp_path / "repair", "--repair", 1, env=environment)
    assert done.returncode == 8 and b"pip install" in done.stderr
