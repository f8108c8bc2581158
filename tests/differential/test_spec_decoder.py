"""`spec/decoder.py`, written from the specification alone, against vectors, the specification's examples and the package."""

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from sedicfmt.models.registry import REGISTRY
from tests.differential import cross_check
from tests.differential.cross_check import decoder

ROOT = Path(__file__).parents[2]
VECTORS = ROOT / "conformance"
MANIFEST = json.loads((VECTORS / "manifest.json").read_text())
COMMAND = [sys.executable, "-E", "-S", ROOT / "spec" / "decoder.py"]  # no site-packages: the standard library only


def run(*arguments):
    return subprocess.run([*COMMAND, *map(str, arguments)], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("entry", MANIFEST["valid"] + MANIFEST["uncommon"], ids=lambda entry: Path(entry["file"]).stem)
def test_valid_vector(entry):
    report = decoder.decode((VECTORS / entry["file"]).read_bytes())
    assert {key: report[key] for key in entry["expected"]} == entry["expected"]


@pytest.mark.parametrize("entry", MANIFEST["faulty"], ids=lambda entry: Path(entry["file"]).stem)
def test_faulty_vector(entry):
    with pytest.raises(decoder.Refused) as caught:
        decoder.decode((VECTORS / entry["file"]).read_bytes())
    assert (caught.value.code, caught.value.path) == (entry["code"], entry["path"])


def test_the_command_needs_nothing_but_python():
    done = run(VECTORS / "valid" / "seven-objects.sedic")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == decoder.decode((VECTORS / "valid" / "seven-objects.sedic").read_bytes())


def test_the_command_refuses():
    done = run(VECTORS / "faulty" / "mask-empty.sedic")
    assert done.returncode == 3
    assert json.loads(done.stdout)["error"]["path"] == "objects[0].mask"
    assert done.stderr.startswith("decoder: malformed: ")


def test_texts_and_masks_need_no_model():
    done = run("--no-latent", VECTORS / "faulty" / "model-unknown.sedic")
    assert done.returncode == 0
    assert "digests" not in json.loads(done.stdout)


def test_other_weights_are_refused(tmp_path):
    (tmp_path / "other.safetensors").write_bytes(b"other weights")
    done = run("--weights", tmp_path / "other.safetensors", VECTORS / "valid" / "no-object.sedic")
    assert done.returncode == 8
    assert "SHA-256 differs" in done.stderr
    assert run(tmp_path / "missing.sedic").returncode == 74


def test_weights_are_those_of_registry_and_specification():
    assert {i: (e.name, e.coder, e.file) for i, e in REGISTRY.items()} == {i: m[:3] for i, m in decoder.MODELS.items()}
    for entry in (e for e in REGISTRY.values() if e.file):
        assert decoder.digests()[entry.file] == entry.sha256, "clause R-1 says otherwise"
        assert hashlib.sha256((decoder.WEIGHTS / entry.file).read_bytes()).hexdigest() == entry.sha256


def examples():
    """(cells, data by coders 0, 1, 2) of the table under "Vectors" in section 5."""
    table = (ROOT / "spec" / "sedic.md").read_text().split("### Vectors")[1].split("By coder 3")[0]
    y, x = np.mgrid[0:64, 0:96]
    drawn = {"64 rows of 96 zeros": x < 0, "64 rows of 96 ones": x >= 0, "64 rows of 96, 1 where": x + y > 100}
    for line in table.strip().splitlines()[2:]:
        what, *data = (cell.strip() for cell in line.strip("|").split("|"))
        cells = next((bitmap for name, bitmap in drawn.items() if what.startswith(name)), None)
        if cells is None:
            cells = np.array([list(row) for row in re.findall(r"`([01]+)`", what)]) == "1"
        yield cells, [bytes.fromhex(re.sub("[^0-9A-F]", "", cell)) if cell != "(empty)" else b"" for cell in data]


@pytest.mark.parametrize(("cells", "data"), list(examples()))
def test_mask_examples_of_the_specification(cells, data):
    file = SimpleNamespace(height=cells.shape[0], width=cells.shape[1], masks=[])
    for coder, payload in enumerate(data):
        assert decoder.decode_mask(bytes([coder << 5]) + payload, file).cells == cells.tobytes()


def test_relative_mask_examples_of_the_specification():
    line = next(s for s in (ROOT / "spec" / "sedic.md").read_text().splitlines() if s.startswith("By coder 3"))
    bitmaps = [cells for cells, _ in examples()]
    for cells, payload in zip((bitmaps[5], bitmaps[-1]), re.findall("`([0-9A-F ]+)`", line), strict=True):
        y, x = np.indices(cells.shape)
        earlier = (2 * x < y + cells.shape[1] // 2).tobytes()
        assert decoder.decode_mask_contexts(bytes.fromhex(payload), *cells.shape, earlier) == cells.tobytes()


@pytest.mark.parametrize("count", [20, pytest.param(100, marks=pytest.mark.slow)])
def test_the_package_agrees_on_generated_files(count):
    shown = []
    numbers = cross_check.compare(count, seed=7, show=shown.append)
    assert not shown, shown[0]
    assert min(numbers["accepted"], numbers["refused"]) > count / 10
