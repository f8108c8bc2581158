"""--jobs and tar shards as their users run them."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.conftest import draw_photo

BIN = Path(sys.executable).parent


def run(tool, *arguments):
    return subprocess.run([BIN / f"sedic-{tool}", *map(str, arguments)], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Five photos, one file that is no picture, a caption for all; the same five in a shard, with a label each."""
    folder = tmp_path_factory.mktemp("jobs")
    (folder / "in").mkdir()
    (folder / "shards").mkdir()
    (folder / "words.json").write_text('{"overall": "A ball on soft ground."}')
    with tarfile.open(folder / "shards" / "000.tar", "w") as shard:
        for seed in range(5):
            draw_photo(48, 32, seed).save(folder / "in" / f"{seed}.png")
            for name, data in ((f"{seed}.png", (folder / "in" / f"{seed}.png").read_bytes()), (f"{seed}.cls", b"7")):
                info = tarfile.TarInfo(name)
                info.size = len(data)
                shard.addfile(info, io.BytesIO(data))
    (folder / "in" / "2-broken.png").write_bytes(b"no picture")
    return folder


def outputs(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.startswith(".")}


def pack(place, source, out, *more):
    words = ["--describe", f"annotations:{place / 'words.json'}", "--model", "av1", "--max-bytes", "300"]
    return run("pack", place / source, "-o", place / out, "--json", *words, *more)


def test_two_jobs_give_the_bytes_and_the_lines_of_one(place):
    one, two = (pack(place, "in", f"out{jobs}", "--jobs", jobs) for jobs in (1, 2))
    assert one.returncode == two.returncode == 2, two.stderr  # of the broken picture
    assert outputs(place / "out1") == outputs(place / "out2") and len(outputs(place / "out1")) == 5

    def lines(done):
        keys = ("input", "status", "file_bytes", "error")
        told = [json.loads(line) for line in done.stdout.splitlines()]
        return [{key: line[key] for key in keys if key in line} for line in told]

    assert lines(one) == lines(two)
    again = pack(place, "in", "out2", "--jobs", 2)
    states = [json.loads(line).get("status") for line in again.stdout.splitlines()]
    assert states == ["kept", "kept", "failed", "kept", "kept", "kept", None]  # None: the summary
    back = [
        run("unpack", place / f"out{j}", "-o", place / f"back{j}", "--stage", "reference", "--jobs", j) for j in (1, 2)
    ]
    assert [done.returncode for done in back] == [0, 0], back[1].stderr
    assert outputs(place / "back1") == outputs(place / "back2") and len(outputs(place / "back1")) == 5


def test_a_shard_becomes_a_shard_and_back(place):
    done = pack(place, "shards", "packed")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[0])
    assert (told["members"], told["copied"]) == (5, 5)
    alone = pack(place, "shards/000.tar", "packed2", "--jobs", 2)
    assert alone.returncode == 0, alone.stderr
    assert outputs(place / "packed") == outputs(place / "packed2")
    back = run("unpack", place / "packed" / "000.tar", "-o", place / "unpacked", "--stage", "reference")
    assert back.returncode == 0, back.stderr
    with tarfile.open(place / "unpacked" / "000.tar") as shard:
        assert shard.getnames() == [f"{i}.{suffix}" for i in range(5) for suffix in ("png", "cls")]


@pytest.mark.parametrize("jobs", ["0", "-1", "two"])
def test_no_jobs_is_wrong_usage(place, jobs):
    assert pack(place, "in", "none", "--jobs", jobs).returncode == 2


@pytest.mark.slow
def test_restored_pictures_are_the_same_for_any_number_of_jobs(place):
    assert pack(place, "shards", "to-restore").returncode == 0
    done = [run("unpack", place / "to-restore", "-o", place / f"restored{j}", "--jobs", j) for j in (1, 2)]
    assert [one.returncode for one in done] == [0, 0], done[1].stderr
    assert outputs(place / "restored1") == outputs(place / "restored2")
