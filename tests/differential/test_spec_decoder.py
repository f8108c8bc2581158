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
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from sedicfmt.latents.allocated import ALLOCATED
from sedicfmt.latents.nano.weights import MODELS
from tests.differential import cross_check
from tests.differential.cross_check import decoder

import paint  # isort: skip  (beside the decoder, whose folder is on the path by now)

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


@pytest.mark.parametrize("entry", MANIFEST["valid"][::6] + MANIFEST["uncommon"][::6], ids=lambda entry: entry["file"])
def test_a_viewer_reads_what_a_reader_reads(entry):
    """P-4: nothing but comparisons is left out, so a part of the vectors shows it."""
    report = decoder.view((VECTORS / entry["file"]).read_bytes())
    assert {key: report[key] for key in entry["expected"]} == entry["expected"]


def test_a_viewer_takes_only_what_no_writer_makes():
    """P-4: of the faulty vectors some of those that break L-5, T-2 or M-4; all others it refuses as a reader does."""
    taken = set()
    for entry in MANIFEST["faulty"]:
        try:
            decoder.view((VECTORS / entry["file"]).read_bytes())
            taken.add(entry["file"])
        except decoder.Refused as error:
            assert (error.code, error.path) == (entry["code"], entry["path"]), entry["file"]
    allowed = {entry["file"] for entry in MANIFEST["faulty"] if {"L-5", "T-2", "M-4"} & set(entry["clauses"])}
    assert taken <= allowed
    assert len(taken) > len(allowed) / 2


def number_of(payload, read):
    return int.from_bytes(payload[:read].ljust(read, b"\0"))


@given(st.integers(0, 2**32 - 1), st.integers(2**24, 2**32 - 1), st.binary(max_size=4), st.integers(4, 12))
def test_the_readers_procedure_finds_just_what_a_writer_makes(low, size, more, read):
    """L-5 for any interval: the writer's payload is right, and of other payloads inside it no other."""
    low += int.from_bytes(more) << 8 * (read - 4) if len(more) <= read - 4 else 0
    low = min(low, 256**read - size)
    writer = decoder.shortest(low, size, read)
    others = [writer + b"\0", writer + more, writer[:-1], (low + size - 1).to_bytes(read), low.to_bytes(read)]
    for payload in {writer, *others, *(other.rstrip(b"\0") for other in others)}:
        number = number_of(payload, read)
        if low <= number < low + size:
            state = decoder.RangeDecoder(payload)
            state.code, state.range, state.read = number - low, size, read
            assert state.is_shortest() == (payload == writer), payload


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


def cut_weights(path, begins, spoil=False):
    """A weights file of the tensors whose names begin so, and nothing else."""
    tensors = load_file(decoder.WEIGHTS / "sedic-nano-2.safetensors")
    kept = {name: value for name, value in tensors.items() if name.startswith(begins)}
    if spoil:
        kept[min(kept)] = kept[min(kept)] + 1
    save_file(kept, path)
    return path


def test_a_viewer_needs_only_the_tensors_that_it_decodes_with(tmp_path):
    """R-5: those of the entropy decoder give the digests, in a fiftieth of the weights file; with g_s they paint."""
    data = VECTORS / "valid" / "smallest-size.sedic"
    small = cut_weights(tmp_path / "small.safetensors", ("h_s.", "prior_z."))
    assert small.stat().st_size < 220_000
    done = run("--weights", small, data)
    assert json.loads(done.stdout)["digests"] == decoder.decode(data.read_bytes())["digests"]
    both = cut_weights(tmp_path / "both.safetensors", ("h_s.", "prior_z.", "g_s."))
    assert paint.paint(data.read_bytes(), both) == paint.paint(
        data.read_bytes(), decoder.WEIGHTS / "sedic-nano-2.safetensors"
    )
    with pytest.raises(decoder.Refused, match="SHA-256"):
        paint.paint(data.read_bytes(), small)


@pytest.mark.parametrize("begins", [("h_s.",), ("h_s.", "prior_z.", "g_s.")])
def test_other_tensors_are_refused(tmp_path, begins):
    """R-5: one is missing, or has another value."""
    other = cut_weights(tmp_path / "other.safetensors", begins, spoil=len(begins) > 1)
    done = run("--weights", other, VECTORS / "valid" / "no-object.sedic")
    assert done.returncode == (8 if len(begins) == 1 else 0), done.stdout  # the changed one is of g_s
    with pytest.raises(decoder.Refused, match="SHA-256"):
        paint.paint((VECTORS / "valid" / "no-object.sedic").read_bytes(), other)


@pytest.mark.parametrize(("told", "instead"), [(b'"I8"', b'"U8"'), (b'"I32"', b'"F32"')])
def test_tensors_of_other_types_are_refused(tmp_path, told, instead):
    """R-5: the digest is over bytes alone, so a file could give them another meaning."""
    other = cut_weights(tmp_path / "other.safetensors", ("h_s.", "prior_z."))
    other.write_bytes(other.read_bytes().replace(told, instead))
    with pytest.raises(decoder.Refused, match="SHA-256"):
        decoder.read_weights("sedic-nano-2", other)


def test_two_tensors_told_as_one_are_refused(tmp_path):
    """R-5: the digest does not say where a tensor ends, so two under one name can have it too."""
    data = (decoder.WEIGHTS / "sedic-nano-2.safetensors").read_bytes()
    length = int.from_bytes(data[:8], "little")
    header, body = json.loads(data[8 : 8 + length]), data[8 + length :]
    told = {name: about for name, about in header.items() if name.startswith(("h_s.", "prior_z."))}
    raw = {name: (about["dtype"], body[slice(*about["data_offsets"])]) for name, about in told.items()}
    first, second = sorted(raw)[:2]
    kind, joined = raw.pop(second)
    raw[first] = kind, raw[first][1] + second.encode() + b"\0" + joined
    (tmp_path / "other.safetensors").write_bytes(as_safetensors(raw))
    assert digest_of(raw) in (ROOT / "spec" / "sedic.md").read_text("utf-8")  # else this tries nothing
    with pytest.raises(decoder.Refused, match="SHA-256"):
        decoder.read_weights("sedic-nano-2", tmp_path / "other.safetensors")


def as_safetensors(raw: dict[str, tuple[str, bytes]]) -> bytes:
    header, at = {}, 0
    for name, (kind, data) in raw.items():
        header[name] = {"dtype": kind, "shape": [len(data)], "data_offsets": [at, at + len(data)]}
        at += len(data)
    told = json.dumps(header).encode()
    return len(told).to_bytes(8, "little") + told + b"".join(data for _, data in raw.values())


def digest_of(raw: dict[str, tuple[str, bytes]]) -> str:
    return hashlib.sha256(b"".join(name.encode() + b"\0" + raw[name][1] for name in sorted(raw))).hexdigest()


NO_WEIGHTS = (
    b"", b"short", b"[]", b"[1]", b"null", b'{"a": 1}', b'{"a": {"dtype": "I8"}}', b"[" * 5000,
    b'{"h_s.a": {"dtype": "I8", "data_offsets": [0, 99]}}', b'{"h_s.a": {"dtype": "I8", "data_offsets": [-1, "x"]}}',
    b'{"h_s.a": {"dtype": "I8", "data_offsets": [0]}}',
)  # fmt: skip


@pytest.mark.parametrize("header", NO_WEIGHTS)
def test_what_is_no_weights_file_is_refused(tmp_path, header):
    (tmp_path / "other.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)
    with pytest.raises(decoder.Refused, match="SHA-256"):
        decoder.read_weights("sedic-nano-2", tmp_path / "other.safetensors")


def test_what_ships_of_sedic_nano_2_paints_by_the_very_numbers_of_its_weights_file():
    """R-5."""
    whole, shipped = (
        load_file(folder / "sedic-nano-2.safetensors") for folder in (ROOT / "spec/weights", decoder.WEIGHTS)
    )
    assert {name for name in whole if not name.startswith(("g_a.", "h_a."))} == set(shipped)
    assert all(np.array_equal(whole[name], shipped[name]) for name in shipped)


def test_a_frame_of_av1_is_not_painted_and_says_so(tmp_path):
    out = tmp_path / "a.ppm"
    command = [
        sys.executable,
        "-E",
        "-S",
        ROOT / "spec" / "paint.py",
        VECTORS / "uncommon" / "av1-damaged-tile.sedic",
        "-o",
        out,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 4 and "A-6" in done.stderr and not out.exists()


def test_weights_are_those_of_registry_and_specification():
    files = {i: MODELS[i].file if i in MODELS else "" for i in ALLOCATED}
    assert {i: (line.name, line.coder, files[i]) for i, line in ALLOCATED.items()} == {
        i: m[:3] for i, m in decoder.MODELS.items()
    }
    for entry in MODELS.values():
        for part in ("entropy", "painter"):
            decoder.read_weights(entry.name, decoder.WEIGHTS / entry.file, part)
        whole = ROOT / "spec/weights" / entry.file if entry.whole else decoder.WEIGHTS / entry.file
        assert hashlib.sha256(whole.read_bytes()).hexdigest() == decoder.digests()[entry.file], "clause R-1"


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
    line = re.search(r"^By coder 3.*?(?=\n\n)", (ROOT / "spec" / "sedic.md").read_text(), re.M | re.S)[0]
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
