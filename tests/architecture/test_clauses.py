"""Every clause that the code names stands in the specification, once."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
CLAUSE = re.compile(r"\b([ACLHTMR]-\d+)\b")
SPECIFIED = re.findall(r"\*\*\[([ACLHTMR]-\d+)\b", (ROOT / "spec/sedic.md").read_text())


def test_identifiers_are_unique():
    assert len(SPECIFIED) == len(set(SPECIFIED)) > 50


def test_code_names_clauses_that_exist():
    for path in [*ROOT.glob("sedicfmt/**/*.py"), *ROOT.glob("tools/*.py"), *ROOT.glob("spec/*.py")]:
        named = set(CLAUSE.findall(path.read_text()))
        assert named <= set(SPECIFIED), (path, named - set(SPECIFIED))
