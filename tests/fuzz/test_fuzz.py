"""The harnesses on their seeds and on all that was found; a short run under atheris; that a finding is noticed."""

import pkgutil
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest

from sedicfmt.bitcoding.bitmap import cells_of
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


WRONG = {  # by target, the decoder that the harness calls, and what it makes of the right result
    "text": ("text.parse", lambda said: said + "!"),
    "mask": ("mask.parse", lambda mask: mask._replace(cells=cells_of(1 - mask.cells.array()))),
    "file": ("file_of", lambda file: replace(file, seed=file.seed + 1)),
    "file's lines": ("table", lambda lines: [*lines, "\x1b[31m"]),
    "latent": ("decode_payloads", lambda latent: replace(latent, y=latent.y + 1)),
    "latent's z": ("decode_payloads", lambda latent: replace(latent, z=latent.z + 1)),
    "av1": ("decode_frame", lambda latent: SimpleNamespace(paint=lambda: latent.paint()[1:])),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_decoder_that_makes_something_else_of_a_payload_is_noticed(case, monkeypatch):
    fuzzed, (name, spoil) = harness(case.split("'")[0]), WRONG[case]
    accepted = next(seed for seed in fuzzed.seeds() if len(seed) > 8 and fuzzed.check(seed))
    path = f"{fuzzed.__name__}.{name}"
    right = pkgutil.resolve_name(path.replace("." + name, ":" + name))
    monkeypatch.setattr(path, lambda *given: spoil(right(*given)))
    with pytest.raises(AssertionError):
        fuzzed.check(accepted)


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
