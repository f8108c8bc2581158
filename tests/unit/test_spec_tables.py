"""The frozen tables: every one is the specification's, and no other is taken."""

import hashlib
import re
import shutil
from pathlib import Path

import pytest

from sedicfmt.bitcoding import spec_tables
from sedicfmt.errors import BackendFailed

SPEC = Path(__file__).parents[2] / "spec" / "sedic.md"


@pytest.mark.parametrize("name", sorted(spec_tables.SHA256))
def test_every_table_is_the_specifications(name):
    digest = hashlib.sha256(spec_tables.read_table(name)).hexdigest()
    assert re.search(rf"`{re.escape(name)}` \| `{digest}`", SPEC.read_text()), "the table in clause R-3 says otherwise"


def test_no_other_table_is_taken(tmp_path, monkeypatch):
    name = "gaussian_frequencies.txt"
    shutil.copy(spec_tables.FOLDER / name, tmp_path / name)
    monkeypatch.setattr(spec_tables, "FOLDER", tmp_path)
    assert spec_tables.read_table(name)
    with open(tmp_path / name, "ab") as file:
        file.write(b"\n")
    with pytest.raises(BackendFailed, match=r"gaussian_frequencies\.txt is not the specification's table"):
        spec_tables.read_table(name)
    (tmp_path / name).unlink()
    with pytest.raises(BackendFailed, match="cannot be read"):
        spec_tables.read_table(name)
