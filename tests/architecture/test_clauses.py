"""Every clause that the code names stands in the specification, once."""

import json
import re
import subprocess
import sys
from pathlib import Path

from sedic_tools.vectors import clauses

ROOT = Path(__file__).parents[2]
CLAUSE = re.compile(r"\b([ACGLHTMRPS]-\d+)\b")
SPECIFICATION = (ROOT / "spec/sedic.md").read_text()
SPECIFIED = re.findall(r"\*\*\[([ACGLHTMRPS]-\d+)\b", SPECIFICATION)


def test_identifiers_are_unique():
    assert len(SPECIFIED) == len(set(SPECIFIED)) > 50


def test_lines_of_the_specification_are_short():
    """But those of tables, which cannot be broken."""
    long = [line for line in SPECIFICATION.splitlines() if len(line) > 127 and not line.lstrip().startswith("|")]
    assert long == []


def test_every_requirement_stands_in_a_clause():
    """A paragraph is a clause, or goes on with one (it is indented), or requires nothing."""
    paragraphs = re.split(r"\n\n|\n(?=- )", SPECIFICATION.split("RFC 2119", 1)[1])
    required = [p for p in paragraphs if "MUST" in p and not p.startswith("  ")]
    assert len(required) > 30
    assert [p for p in required if not re.match(r"\n?(- )?\*\*\[[A-Z]-\d+\b", p)] == []


def test_code_names_clauses_that_exist():
    for path in [
        *ROOT.glob("sedicfmt/**/*.py"),
        *ROOT.glob("tools/**/*.py"),
        *ROOT.glob("spec/*.py"),
        *ROOT.glob("spec/*.ksy"),
    ]:
        named = set(CLAUSE.findall(path.read_text()))
        assert named <= set(SPECIFIED), (path, named - set(SPECIFIED))


def test_every_must_has_an_accepting_and_a_rejecting_vector():
    command = [sys.executable, "-m", "sedic_tools.vectors.clauses", "--fail-under", "100"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith(": 100 %\n")


SPEC = """# Format
A MUST of the preamble does not count.
## 1. Frame
- **[C-1]** A file MUST be short.
- **[C-2]** A file may be empty.
### Texts
**[T-9] Letters.** They MUST be
letters.
## 2. Security
A reader MUST be careful.
"""


def test_clauses_without_vectors_are_found():
    assert clauses.with_must(SPEC) == (["C-1", "T-9"], ["2. Security"])
    entry = {"file": "valid/a.sedic", "clauses": ["C-1", "C-77"]}
    manifest = {"valid": [entry], "uncommon": [], "faulty": [entry | {"clauses": ["T-9"]}]}
    rows = clauses.table(SPEC, manifest)
    assert [(row.clause, len(row.accepting), len(row.rejecting), row.both) for row in rows] == [
        ("C-1", 1, 0, False), ("T-9", 0, 1, False),
    ]  # fmt: skip
    assert "C-77" in clauses.unknown(SPEC, manifest, ROOT)
    tests = {test for sides in clauses.BY_TEST.values() for side in sides.values() for test in side}
    assert tests <= set(clauses.unknown(SPEC, manifest, Path("/nonexistent")))


def test_vectors_name_clauses_that_exist():
    manifest = json.loads((ROOT / "conformance/manifest.json").read_text())
    assert clauses.unknown((ROOT / "spec/sedic.md").read_text(), manifest, ROOT) == []


def test_the_kaitai_description_names_every_clause_of_the_structure():
    """But those of prefixes, of versions and of errors."""
    structure = {clause for clause in SPECIFIED if clause.startswith("C-")} - {"C-14", "C-15", "C-16"}
    assert structure <= set(CLAUSE.findall((ROOT / "spec/sedic.ksy").read_text()))
