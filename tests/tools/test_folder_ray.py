"""A folder packed on a local Ray, by actors of which one is killed in the middle: the outputs of an undisturbed run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

if find_spec("ray") is None or not Path("/proc").is_dir():
    pytest.skip("a Ray cluster needs the ray extra, the processes to kill are found in /proc", allow_module_level=True)

from tests.conftest import draw_photo

pytestmark = pytest.mark.slow
PICTURES, DEADLINE = 16, 1200  # seconds: a bound for a busy machine


def command(place, out, *more):
    words = ["--describe", f"annotations:{place / 'words.json'}", "--model", "av1", "--max-bytes", "300"]
    return [sys.executable, "-m", "sedic_tools.commands.pack", place / "in", "-o", place / out, "--json", *words, *more]


def parents() -> dict[int, tuple[int, str]]:
    """Each process's parent, and how its command line begins."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            status = (folder / "stat").read_text().rpartition(") ")[2].split()
            found[int(folder.name)] = (int(status[1]), (folder / "cmdline").read_bytes()[:40].decode(errors="replace"))
        except OSError:
            continue
    return found


def actors_below(process: int) -> list[int]:
    """Ray's actors among the descendants of a process: nobody else's are touched."""
    known = parents()

    def is_below(pid: int) -> bool:
        while pid in known and pid != process:
            pid = known[pid][0]
        return pid == process

    return sorted(pid for pid, (_, line) in known.items() if line.startswith("ray::Worker") and is_below(pid))


def files(folder):
    return {path.name: path.read_bytes() for path in folder.glob("*.sedic")}


@pytest.mark.skipif(
    "SEDIC_TRY_RAY" not in os.environ, reason="a Ray node and two actors need an idle machine; SEDIC_TRY_RAY=1 runs it"
)
def test_a_killed_actor_loses_nothing_and_nothing_is_done_twice(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "words.json").write_text('{"overall": "A ball on soft ground."}')
    for seed in range(PICTURES):
        draw_photo(96, 64, seed).save(tmp_path / "in" / f"{seed:02}.png")
    quiet = subprocess.run(list(map(str, command(tmp_path, "quiet"))), capture_output=True, text=True, check=False)
    assert quiet.returncode == 0, quiet.stderr

    given = list(map(str, command(tmp_path, "disturbed", "--jobs", "2", "--ray")))
    child = subprocess.Popen(given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline, actors = time.monotonic() + DEADLINE, []
    while time.monotonic() < deadline and child.poll() is None:
        actors = actors_below(child.pid)
        if len(actors) == 2 and (tmp_path / "disturbed").is_dir() and files(tmp_path / "disturbed"):
            break
        time.sleep(0.02)
    made = len(files(tmp_path / "disturbed"))
    if child.poll() is not None:
        complaint = child.communicate()[1]
        if "timed out during startup" in complaint:
            pytest.skip("Ray's node did not start within the 30 seconds that Ray gives it: the machine is busy")
        pytest.fail(f"the run was over before an actor could be killed: {complaint}")
    assert len(actors) == 2 and 0 < made < PICTURES
    os.kill(actors[0], signal.SIGKILL)
    out, complaint = child.communicate(timeout=DEADLINE)
    assert child.returncode == 0, complaint
    assert files(tmp_path / "disturbed") == files(tmp_path / "quiet") and len(files(tmp_path / "quiet")) == PICTURES

    def told(lines):
        rows = [json.loads(line) for line in lines.splitlines()]
        return [(row["input"], row["status"], row["file_bytes"]) for row in rows if "input" in row]

    named = [(Path(name).name, *rest) for name, *rest in told(out)]
    assert named == [(Path(name).name, *rest) for name, *rest in told(quiet.stdout)] and len(named) == PICTURES
