"""docs/one-file.md is what its command makes, and shows every bit of the file; so it does for other files."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import sedicfmt
from sedic_tools.pages.annotated_file import page

ROOT = Path(__file__).parents[2]
VALID = ROOT / "conformance" / "valid"
FILES = ["three-objects-768x512", "seed-and-extension", "ratio-not-in-eighths"]


def shown(text):
    """The bytes of all lines that begin with a place, but for the bits of the header."""
    rest = re.sub(r"bit by bit:\n\n```.*?```", "", text, flags=re.S)
    lines = re.findall(r"^[0-9a-f]{6}  (.{48})", rest, re.M)
    return bytes.fromhex(" ".join(lines))


def bits(text):
    """The header's, one line a field."""
    block = text.split("The same, bit by bit:\n\n```text\n")[1].split("```")[0]
    return "".join(line.split()[0] for line in block.splitlines())


def test_the_page_is_what_its_command_makes():
    written = (ROOT / "docs" / "one-file.md").read_text("utf-8")
    command = re.search(r"`python (-m \S+ \S+) > docs/one-file.md`", written)
    assert command
    done = subprocess.run([sys.executable, *command[1].split()], cwd=ROOT, capture_output=True, check=True)
    assert done.stdout.decode() == written


@pytest.mark.parametrize("path", [ROOT / "examples" / "coffee.sedic", *(VALID / f"{name}.sedic" for name in FILES)])
def test_every_byte_and_every_bit_of_the_header_is_shown(path):
    data, text = path.read_bytes(), page(path.name, path.read_bytes())
    assert shown(text) == data
    header = len(bits(text)) // 8
    assert bits(text) == f"{int.from_bytes(data[:header]):0{8 * header}b}"
    file = sedicfmt.read(data)
    assert all(f"> {words}" in text for words in (file.text, *(described.text for described in file.objects)) if words)
