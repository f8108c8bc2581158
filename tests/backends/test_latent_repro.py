"""The same symbols in every way of decoding: threads, float types, and torch beside numpy where it is installed."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from sedic_tools.pages import latent_repro

VECTORS = Path(__file__).parents[2] / "conformance"


@pytest.mark.slow
def test_one_digest(small_file):
    without = [] if importlib.util.find_spec("torch") else ["--without-torch"]
    command = [sys.executable, "-m", "sedic_tools.pages.latent_repro", str(small_file), *without]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("one digest\n")
    assert len(done.stdout.splitlines()) == (7 if without else 19)


def test_another_decoder_is_asked(small_file, tmp_path, monkeypatch):
    """`--also`: here sedic-inspect, and a decoder that says otherwise."""
    monkeypatch.setattr(latent_repro, "THREADS", (1,))
    monkeypatch.setattr(latent_repro, "DTYPES", ("float32",))
    liar = tmp_path / "liar.py"
    liar.write_text("""print('{"digests": {"z": "0", "y": "0"}}')""")
    inspect = f"{sys.executable} -m sedic_tools.commands.inspect --json --check"
    page = tmp_path / "page.md"
    for command, exit_code in ((inspect, 0), (f"{sys.executable} {liar}", 1)):
        arguments = ["latent_repro", str(small_file), "--without-torch", "--also", command, "--page", str(page)]
        monkeypatch.setattr(sys, "argv", arguments)
        assert latent_repro.main() == exit_code
        assert f"| {small_file.name} | `" in page.read_text()


def test_other_symbols_are_found():
    assert latent_repro.others([("a", "b"), ("c", "d")], [("a", "b"), ("c", "e")]) == 1


def test_only_learned_latents_are_compared():
    files = latent_repro.learned([str(VECTORS / "valid/av1-odd-size.sedic"), str(VECTORS / "uncommon")])
    assert any(file.endswith("largest-values.sedic") for file in files)
    assert not any("av1" in file or "largest-size" in file for file in files)
