"""Small files that state large things are refused without large allocations, also where the system has no more to give."""

import subprocess
import sys

import numpy as np
import pytest

from sedic_tools.pages import bomb_files, bomb_table
from sedicfmt.latents.allocated import DEFAULT_MODEL
from sedicfmt.latents.nano.weights import load_latent_model

LIMITED = """
import resource
from pathlib import Path
from sedic_tools.pages import bomb_files, bomb_table
from sedicfmt.container.content import read_file

bomb_table.warm_up()
bombs = bomb_files.bombs()
held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (held + bomb_table.MOST_BYTES, resource.RLIM_INFINITY))
for name, bomb in bombs.items():
    print(name, bomb_table.verdict_of(bomb.data, read_file), sep=": ")
bytes(2 * bomb_table.MOST_BYTES)
"""


BOMBS = bomb_files.bombs()


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_refused_in_little_memory_and_for_its_own_fault(bomb):
    assert bomb_table.verdict_of(bomb.data, bomb_table.read_file) == bomb.refused
    assert bomb_table.peak_memory(bomb.data, bomb_table.read_file) <= bomb_table.MOST_BYTES


def test_refused_under_a_limit_of_the_system():
    """The last line of the process shows that the limit holds."""
    done = subprocess.run([sys.executable, "-c", LIMITED], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1] == "MemoryError"
    assert done.stdout.splitlines() == [f"{name}: {bomb.refused}" for name, bomb in BOMBS.items()]


def test_what_is_read_or_takes_much_is_noticed():
    whole = bomb_files.framed(256, 256)
    assert not bomb_table.measured("", whole, bomb_table.read_file, "limit")[1]
    assert bomb_table.peak_memory(b"", lambda _: bytes(40 << 20)) > bomb_table.MOST_BYTES


def test_a_latents_distributions_are_made_in_bands():
    """A 2048x2048 picture's means and indices of y, and little beside them between the layers (it was five times as much)."""
    model = load_latent_model(DEFAULT_MODEL)
    (channels, rows, columns), shape_z = model.grids(2048, 2048)
    scan, y = model.scan(np.zeros(shape_z, np.int32), rows, columns), np.zeros((channels, rows, columns), np.int32)
    mean, index = scan.steer(1, y)
    peak = bomb_table.peak_memory(b"", lambda _: scan.steer(1, y))
    assert peak < 3 * (mean.nbytes + index.nbytes)
