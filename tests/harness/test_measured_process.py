"""Processes that are measured: peak memory is their own, what they print and how they end is handed on."""

import sys

import pytest

from sedicfmt.errors import BackendFailed, MissingDependency
from sedicfmt.harness.measured_process import run_measured, run_metered

PRINT = "import json, sys; {}; print(json.dumps({{'done': True}}))"


def measured(tmp_path, body):
    tool = tmp_path / "tool"
    tool.write_text(f"#!{sys.executable}\n" + PRINT.format(body))
    tool.chmod(0o755)
    return run_measured([str(tool), "x"])


def test_peak_memory_is_the_tools_own(tmp_path):
    ballast_here = bytearray(200_000_000)
    ballast_here[::4096] = b"x" * len(ballast_here[::4096])
    light, heavy = measured(tmp_path, "pass"), measured(tmp_path, "ballast = b'x' * 30_000_000")
    assert light.printed == heavy.printed == {"done": True} and light.seconds > 0
    assert 4e6 < light.peak < 60e6
    assert light.peak + 25e6 < heavy.peak < 150e6


def test_a_failing_tool_is_told_with_its_words_and_an_absent_one_with_its_name(tmp_path):
    with pytest.raises(BackendFailed, match="tool x gave 1: cannot read it"):
        measured(tmp_path, "sys.exit('cannot read it')")
    with pytest.raises(MissingDependency, match="no nothing in"):
        run_measured([str(tmp_path / "nothing")])


def test_lines_come_one_by_one_and_the_folder_is_the_programs(tmp_path):
    seen = []
    ended = run_metered([sys.executable, "-c", "import os; print(os.getcwd()); print(2)"], seen.append, tmp_path)
    assert ended.exit_code == 0 and [line.strip() for line in seen] == [str(tmp_path), "2"]
