"""Every clause that the code names stands in the specification, once."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
CLAUSE = re.compile(r"\b([ACLHTMR]-\d+)\b")
SPECIFIED = re.findall(r"\*\*\[([ACLHTMR]-\d+)\b", (ROOT / "spec/sedic.md").read_text())


def test_identifiers_are_unique():
    assert len(SPECIFIED) == len(set(SPECIFIED)) > 50


def test_code_names_clauses_that_exist():
    for path in [*ROOT.glob("sedicfmt/**/*.py"), *ROOT.glob("tools/*.py"), *ROOT.glob("spec/*.ksy")]:
        named = set(CLAUSE.findall(path.read_text()))
        assert named <= set(SPECIFIED), (path, named - set(SPECIFIED))


def test_the_kaitai_description_names_every_clause_of_the_structure():
    """But those of prefixes (C-14)."""
    structure = {clause for clause in SPECIFIED if clause.startswith("C-")} - {"C-14"}
    assert structure <= set(CLAUSE.findall((ROOT / "spec/sedic.ksy").read_text()))
