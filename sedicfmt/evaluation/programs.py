"""Programs of others that are looked for on PATH and run on files in a folder of their own."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence

from ..errors import BackendFailed, MissingDependency


def find_program(names: Sequence[str], whose: str) -> str:
    """The first of `names` that is on PATH. Raises MissingDependency."""
    for name in names:
        found = shutil.which(name)
        if found:
            return found
    raise MissingDependency(f"{whose} needs {' or '.join(names)} on PATH")


def run_program(command: Sequence[object], whose: str) -> str:
    """Runs a program to its end; what it wrote to standard output. Raises BackendFailed with the end of its complaint."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, errors="replace")
    if done.returncode:
        told = (done.stderr.strip() or done.stdout.strip())[-500:]
        raise BackendFailed(f"{whose} failed ({done.returncode}): {told}")
    return done.stdout
