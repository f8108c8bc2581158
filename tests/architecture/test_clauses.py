"""Every clause that the code names stands in the specification, once."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
CLAUSE = re.compile(r"\b([ACLHTMRPS]-\d+)\b")
SPECIFICATION = (ROOT / "spec/sedic.md").read_text()
SPECIFIED = re.findall(r"\*\*\[([ACLHTMRPS]-\d+)\b", SPECIFICATION)


def test_identifiers_are_unique():
    assert len(SPECIFIED) == len(set(SPECIFIED)) > 50


def test_every_requirement_stands_in_a_clause():
    """A paragraph is a clause, or goes on with one (it is indented), or requires nothing."""
    paragraphs = re.split(r"\n\n|\n(?=- )", SPECIFICATION.split("RFC 2119", 1)[1])
    required = [p for p in paragraphs if "MUST" in p and not p.startswith("  ")]
    assert len(required) > 30
    assert [p for p in required if not re.match(r"\n?(- )?\*\*\[[A-Z]-\d+\b", p)] == []


def test_code_names_clauses_that_exist():
    for path in [
        *ROOT.glob("sedicfmt/**/*.py"),
        *ROOT.glob("tools/*.py"),
        *ROOT.glob("spec/*.py"),
        *ROOT.glob("spec/*.ksy"),
    ]:
        named = set(CLAUSE.findall(path.read_text()))
        assert named <= set(SPECIFIED), (path, named - set(SPECIFIED))


def test_the_kaitai_description_names_every_clause_of_the_structure():
    """But those of prefixes, of versions and of errors."""
    structure = {clause for clause in SPECIFIED if clause.startswith("C-")} - {"C-14", "C-15", "C-16"}
    assert structure <= set(CLAUSE.findall((ROOT / "spec/sedic.ksy").read_text()))
