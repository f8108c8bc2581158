"""The packages of tests/sample_plugins, installed by pip into a folder of their own, and commands that see them there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

SOURCES = Path(__file__).parents[1] / "sample_plugins"
BIN = Path(sys.executable).parent

# Many command lines in one process, each as if it were alone: a process for each would take seconds.
ONE_BY_ONE = """
import contextlib, importlib, io, json, sys
for tool, *arguments in json.load(sys.stdin):
    sys.argv = [f"sedic-{tool}", *arguments]
    out, told = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(told):
        code = importlib.import_module(f"sedic_tools.commands.{tool}").main()
    print(json.dumps([code, told.getvalue()]), flush=True)
"""


def install(folder: Path, *packages: str) -> Path:
    """Copies of the packages' sources, built and installed into a folder below `folder`, which is returned."""
    copies = [str(shutil.copytree(SOURCES / name, folder / "sources" / name)) for name in packages]
    command = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-index", "--no-deps"]
    command += ["--no-build-isolation", "--target", str(folder / "installed"), *copies]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "installed"


def run(tool: str, *arguments: object, seeing: Path) -> subprocess.CompletedProcess[str]:
    """A command in a process that finds what is installed in the folder `seeing`."""
    command = [BIN / f"sedic-{tool}", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment(seeing))


def run_each(lines: list[list[str]], seeing: Path) -> list[tuple[int, str]]:
    """The exit code of each command line, and what it says on standard error."""
    child = [sys.executable, "-c", ONE_BY_ONE]
    done = subprocess.run(
        child, input=json.dumps(lines), capture_output=True, text=True, check=False, env=environment(seeing)
    )
    assert done.returncode == 0, done.stderr
    return [(code, told) for code, told in map(json.loads, done.stdout.splitlines())]


def environment(seeing: Path) -> dict[str, str]:
    """This process's, in which the folder's packages are found first."""
    behind = [os.environ["PYTHONPATH"]] if os.environ.get("PYTHONPATH") else []
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(seeing), *behind])}
