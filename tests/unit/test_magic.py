"""`spec/sedic.magic` as `file` reads it. Skipped where there is no `file`."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(not shutil.which("file"), reason="needs the program file (libmagic)")


def said_of(name, *options):
    command = ["file", "--brief", *options, "--magic-file", ROOT / "spec" / "sedic.magic", ROOT / "conformance" / name]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize("name", ["smallest-size", "seven-objects", "av1-768x512"])
def test_a_file_is_known(name):
    assert said_of(f"valid/{name}.sedic", "--mime-type") == "image/x-sedic"
    assert said_of(f"valid/{name}.sedic", "--extension") == "sedic"
    assert said_of(f"valid/{name}.sedic") == "SEDIC semantic image, version 1"


@pytest.mark.parametrize("name", ["wrong-magic", "version-0", "version-2", "magic-only", "empty"])
def test_others_are_not(name):
    assert said_of(f"faulty/{name}.sedic", "--mime-type") != "image/x-sedic"
