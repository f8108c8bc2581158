"""A program run in a process of its own, with its seconds and its peak memory."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sedicfmt.errors import BackendFailed, MissingDependency
from sedicfmt.installing import install_whole

BESIDE = Path(sys.executable).parent  # where pip puts console scripts
LAST_WORDS = 500  # characters of a program's complaint that are told

# Linux hands the parent's peak memory down to a child at exec, so that a child of this process, which may hold torch,
# would never seem smaller than it. A bare interpreter in between (some 10 MB) measures each tool instead.
METER = """
import json, os, signal, sys, time
start = time.perf_counter()
pid = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
signal.signal(signal.SIGTERM, lambda number, frame: os.kill(pid, number))
_, status, usage = os.wait4(pid, 0)
unit = 1 if sys.platform == "darwin" else 1024
with open(sys.argv[1], "w") as file:
    json.dump({"seconds": time.perf_counter() - start, "peak": usage.ru_maxrss * unit}, file)
sys.exit(os.waitstatus_to_exitcode(status) & 255)
"""


@dataclass(frozen=True)
class Ended:
    """A process that ended: exit code, what it wrote, wall seconds, peak resident memory in bytes."""

    exit_code: int
    out: str
    complaint: str
    seconds: float
    peak: int


@dataclass(frozen=True)
class Ran:
    """A finished process: the JSON that it printed, wall seconds, peak resident memory in bytes."""

    printed: dict[str, Any]
    seconds: float
    peak: int


@dataclass
class Lines:
    """Whom the lines of a process's standard output are given to, as they come."""

    take: Callable[[str], None] | None = None
    kept: list[str] = field(default_factory=list)

    def __call__(self, line: str) -> None:
        self.kept.append(line)
        if self.take:
            self.take(line)


def run_metered(
    command: Sequence[str], on_line: Callable[[str], None] | None = None, folder: Path | None = None
) -> Ended:
    """Runs a program to its end. `on_line` gets each line of its standard output when it comes; it runs in `folder`.

    An exception here, an interruption too, ends the program. Raises MissingDependency where it is not there.
    """
    lines = Lines(on_line)
    with tempfile.NamedTemporaryFile() as meter, tempfile.TemporaryFile("w+", errors="replace") as complaints:
        launcher = [sys.executable, "-I", "-S", "-c", METER, meter.name, *command]
        process = subprocess.Popen(
            launcher, stdout=subprocess.PIPE, stderr=complaints, text=True, errors="replace", cwd=folder
        )
        try:
            assert process.stdout is not None
            for line in process.stdout:
                lines(line)
            process.wait()
        except BaseException:
            process.terminate()  # the meter hands it on
            process.wait()
            raise
        complaints.seek(0)
        told = complaints.read()
        usage = meter.read()
    if not usage:
        raise MissingDependency(f"{command[0]} could not be started: {told.strip()[-LAST_WORDS:]}")
    found = json.loads(usage)
    return Ended(process.returncode, "".join(lines.kept), told.strip(), found["seconds"], found["peak"])


def run_measured(command: Sequence[str]) -> Ran:
    """Runs a tool that prints JSON. Raises MissingDependency where it is not there, BackendFailed where it fails."""
    tool = Path(command[0]).name
    if not Path(command[0]).exists():
        raise MissingDependency(f"no {tool} in {Path(command[0]).parent}: {install_whole()}")
    ended = run_metered(command)
    if ended.exit_code:
        raise BackendFailed(f"{tool} {command[1]} gave {ended.exit_code}: {ended.complaint}")
    return Ran(json.loads(ended.out), ended.seconds, ended.peak)
