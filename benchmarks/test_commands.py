"""The start of each command, `--version` to its end, and a small task, beside the starts of Python and of what it imports."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BIN = Path(sys.executable).parent
COMMANDS = (
    "",
    "-pack",
    "-unpack",
    "-inspect",
    "-diff",
    "-grep",
    "-split",
    "-join",
    "-train",
    "-corpus",
    "-eval",
    "-desktop",
)
STARTS, ROUNDS = "start of a process", 3


def run(line: list[str]):
    return lambda: subprocess.run(line, check=True, capture_output=True)


@pytest.mark.parametrize("code", ["pass", "import numpy", "import PIL.Image", "import onnxruntime", "import torch"])
def test_python(timed, code):
    timed(run([sys.executable, "-c", code]), STARTS, rounds=ROUNDS)


@pytest.mark.parametrize("command", [f"sedic{name}" for name in COMMANDS])
def test_version_of(timed, command):
    if not (BIN / command).exists():
        pytest.skip(f"{command} is not installed")
    timed(run([str(BIN / command), "--version"]), STARTS, rounds=ROUNDS)


def test_inspect_a_file(timed, packed, tmp_path):
    (tmp_path / "x.sedic").write_bytes(packed)
    timed(run([str(BIN / "sedic-inspect"), str(tmp_path / "x.sedic"), "--json"]), STARTS, packed, ROUNDS)
