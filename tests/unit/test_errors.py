"""The table of errors in errors.py, and the exit codes that the page and the commands tell, are those of the classes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sedic_tools.commands import command
from sedicfmt import errors

CLASSES = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and kind.__module__ == errors.__name__ and kind.code != "error"
]
PAGE = (Path(__file__).parents[2] / "docs/commands.md").read_text("utf-8")


def test_the_table_names_every_class_with_its_codes():
    rows = [line.split() for line in str(errors.__doc__).splitlines() if line.startswith("    ")][1:]
    told = {
        (name.rstrip(","), row[0], int(row[1])) for row in rows for name in row[2:] if hasattr(errors, name.rstrip(","))
    }
    assert told == {(kind.__name__, kind.code, kind.exit_code) for kind in CLASSES}


@pytest.mark.parametrize(
    ("text", "pattern"),
    [(PAGE, r"^\| (\d+) \|"), (str(command.__doc__), r"\b(\d+)\s[a-z]")],
    ids=["page", "command.py"],
)
def test_every_exit_code_is_told(text, pattern):
    told = {int(number) for number in re.findall(pattern, text, re.M)}
    assert {kind.exit_code for kind in CLASSES} | {0, 1, command.IO_FAILED, command.INTERRUPTED} == told
