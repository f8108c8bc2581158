"""The page of cases from outside: every point has a row, every test that a row names exists, every file is used."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/outside-cases.md").read_text()
ROWS = [re.split(r"(?<!\\)\|", line)[1:-1] for line in PAGE.splitlines() if re.match(r"\| \d+ \|", line)]
NAMED = re.compile(r"`((?:tests|conformance)/[\w/]+\.py)(?:::(\w+))?`")


def missing(text: str) -> list[str]:
    """The tests that are named in `text` and are not there."""
    return [
        f"{file}::{name}"
        for file, name in NAMED.findall(text)
        if not (ROOT / file).is_file() or (name and f"def {name}(" not in (ROOT / file).read_text())
    ]


def test_every_point_has_a_row():
    assert {int(row[0]) for row in ROWS} == set(range(1, 30))


def test_every_test_that_is_named_exists():
    assert missing(PAGE) == []
    assert missing("`tests/unit/test_api.py::test_that_nobody_wrote`") != []


def test_every_row_names_a_test_or_says_why_not():
    for row in ROWS:
        assert len(row) == 5, row
        assert NAMED.search(row[4]) or row[4].strip().startswith("none: "), row


def test_every_file_from_outside_is_used():
    """By its name, or by its folder's, in a test."""
    sources = "".join(path.read_text() for path in ROOT.glob("tests/**/test_*.py"))
    outside = ROOT / "tests/outside"
    cases = {path.name for kind in ("pictures", "annotations") for path in (outside / kind).iterdir()}
    assert len(cases) > 20
    assert {name for name in cases if name not in sources} == set()
