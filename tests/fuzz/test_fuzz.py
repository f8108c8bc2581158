"""The harnesses on their seeds and on all that was found; a short run under atheris; that a finding is noticed."""

from importlib import import_module
from pathlib import Path

import pytest

from tests.fuzz import REFUSED, TARGETS, run

FOUND = sorted(path for path in (Path(__file__).parent / "found").glob("*/*") if path.is_file())


def harness(name):
    return import_module(f"tests.fuzz.fuzz_{name}")


@pytest.mark.parametrize("name", TARGETS)
def test_seeds(name):
    assert sum(map(harness(name).check, harness(name).seeds())) > 2


@pytest.mark.parametrize("path", FOUND, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_was_found(path):
    harness(path.parent.name).check(path.read_bytes())


def test_a_decoder_that_takes_two_payloads_is_noticed(monkeypatch):
    fuzz_text = harness("text")
    monkeypatch.setattr(fuzz_text.text, "parse", lambda payload: "A dog.")
    with pytest.raises(AssertionError):
        fuzz_text.check(b"\xc0A dog.")


def test_a_decoder_that_fails_otherwise_is_noticed(monkeypatch):
    def careless(payload):
        raise IndexError

    fuzz_text = harness("text")
    monkeypatch.setattr(fuzz_text.text, "parse", careless)
    assert IndexError not in REFUSED
    with pytest.raises(IndexError):
        fuzz_text.check(b"\xc0A dog.")


@pytest.mark.slow
def test_a_short_run(tmp_path, capsys):
    pytest.importorskip("atheris", reason="pip install -e '.[fuzz]'")
    assert run.main(["--runs", "600", "--seconds", "300", "--found", str(tmp_path)]) == 0
    rows = capsys.readouterr().out.splitlines()[2:-1]
    assert [row.split(" | ")[0].removeprefix("| ") for row in rows] == list(TARGETS)
    assert all(int(row.split(" | ")[2].replace(",", "")) >= 600 for row in rows)
