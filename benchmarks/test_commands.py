"""The start of each command, `--version` to its end, beside Python's own start."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BIN = Path(sys.executable).parent


@pytest.mark.parametrize(
    "command",
    ["python -c pass", "sedic-pack", "sedic-unpack", "sedic-inspect", "sedic-train", "sedic-corpus", "sedic-eval"],
)
def test_start(benchmark, command):
    line = [sys.executable, "-c", "pass"] if command.startswith("python") else [str(BIN / command), "--version"]
    if not Path(line[0]).exists():
        pytest.skip(f"{command} is not installed")
    benchmark.group = "start"
    benchmark.pedantic(lambda: subprocess.run(line, check=True, capture_output=True), rounds=5, iterations=1)


def test_inspect(benchmark, packed, tmp_path):
    (tmp_path / "x.sedic").write_bytes(packed)
    benchmark.group = "start"
    line = [str(BIN / "sedic-inspect"), str(tmp_path / "x.sedic"), "--json"]
    benchmark.pedantic(lambda: subprocess.run(line, check=True, capture_output=True), rounds=5, iterations=1)
