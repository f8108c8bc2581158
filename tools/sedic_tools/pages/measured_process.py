"""A command line tool run in a process of its own, with its seconds and its peak memory."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sedicfmt.errors import BackendFailed, MissingDependency
from sedicfmt.installing import install_whole

BESIDE = Path(sys.executable).parent  # where pip puts console scripts

# Linux hands the parent's peak memory down to a child at exec, so that a child of this process, which may hold torch,
# would never seem smaller than it. A bare interpreter in between (some 10 MB) measures each tool instead.
METER = """
import json, os, sys, time
start = time.perf_counter()
pid = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(pid, 0)
unit = 1 if sys.platform == "darwin" else 1024
with open(sys.argv[1], "w") as file:
    json.dump({"seconds": time.perf_counter() - start, "peak": usage.ru_maxrss * unit}, file)
sys.exit(os.waitstatus_to_exitcode(status) & 255)
"""


@dataclass(frozen=True)
class Ran:
    """A finished process: the JSON that it printed, wall seconds, peak resident memory in bytes."""

    printed: dict[str, Any]
    seconds: float
    peak: int


def run_measured(command: Sequence[str]) -> Ran:
    """Runs a tool that prints JSON. Raises MissingDependency where it is not there, BackendFailed where it fails."""
    tool = Path(command[0]).name
    if not Path(command[0]).exists():
        raise MissingDependency(f"no {tool} in {Path(command[0]).parent}: {install_whole()}")
    with tempfile.NamedTemporaryFile() as meter:
        launcher = [sys.executable, "-I", "-S", "-c", METER, meter.name]
        done = subprocess.run([*launcher, *command], capture_output=True, text=True)
        if done.returncode:
            raise BackendFailed(f"{tool} {command[1]} gave {done.returncode}: {done.stderr.strip()}")
        usage = json.load(meter)
    return Ran(json.loads(done.stdout), usage["seconds"], usage["peak"])
