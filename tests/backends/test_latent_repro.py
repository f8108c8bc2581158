"""The same symbols in every way of decoding: threads, float types, and torch beside numpy where it is installed."""

import importlib.util
import subprocess
import sys

import pytest


@pytest.mark.slow
def test_one_digest(small_file):
    without = [] if importlib.util.find_spec("torch") else ["--without-torch"]
    command = [sys.executable, "-m", "sedic_tools.latent_repro", str(small_file), *without]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("one digest\n")
    assert len(done.stdout.splitlines()) == (5 if without else 13)
