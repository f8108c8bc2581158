"""The conformance vectors as a whole: what makes them makes the same again, and the runner finds nothing wrong."""

import subprocess
import sys
from pathlib import Path

import pytest

from sedic_tools.commands.vector_parts import Vector, make
from sedic_tools.vectors import make_vectors
from sedicfmt.errors import Malformed

HERE = Path(__file__).parents[2] / "conformance"


@pytest.mark.slow
def test_the_files_are_what_the_tool_makes(tmp_path):
    """Those of model av1 too, since .ci/constraints.txt pins the Pillow whose libaom made them."""
    assert make_vectors.write_all(tmp_path) == []
    made = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*.*")}
    assert len(made) > 400
    assert all((HERE / name).read_bytes() == data for name, data in made.items())


@pytest.mark.slow
def test_the_runner_agrees_on_all():
    done = subprocess.run([sys.executable, HERE / "run.py"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_a_frozen_file_stays_and_is_told(tmp_path, monkeypatch):
    first, second = make(32, 32, 0), make(32, 32, 0, text="A")
    for content, changed in ((first, []), (second, ["it.sedic is frozen and would be made otherwise now"])):
        monkeypatch.setattr(
            make_vectors, "vectors", lambda content=content: {"valid": [Vector("it", "C-1", "", content)]}
        )
        assert make_vectors.write_all(tmp_path) == changed
    assert make_vectors.sedicfmt.read(tmp_path / "valid/it.sedic") == first


def test_another_reading_of_a_frozen_file_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(make_vectors, "vectors", lambda: {"valid": [Vector("it", "C-1", "", make(32, 32, 0))]})
    assert make_vectors.write_all(tmp_path) == []
    monkeypatch.setattr("sedicfmt.pipeline.report.digests", lambda *_: {"z": "another", "y": "another"})
    (told,) = make_vectors.write_all(tmp_path)
    assert told.startswith("it.sedic was {'file': 'valid/it.sedic'")


def test_another_error_than_the_one_written_down_is_told():
    with pytest.raises(ValueError, match="it: truncated at 'header'"):
        make_vectors.entry(Vector("it", "C-2", "", b"", "malformed", "header"), b"")
    whole = make_vectors.sedicfmt.write(make(32, 32, 0))
    with pytest.raises(ValueError, match="it: no error"):
        make_vectors.entry(Vector("it", "C-2", "", whole, Malformed.code, ""), whole)
