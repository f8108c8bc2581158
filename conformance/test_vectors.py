"""The vectors against the package itself: results, errors, prefixes, flipped bits."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import sedicfmt
from sedicfmt.errors import ChecksumMismatch, LimitExceeded, SedicError, Truncated
from sedicfmt.pipeline.report import report_bytes

HERE = Path(__file__).parent
MANIFEST = json.loads((HERE / "manifest.json").read_text())
VALID, FAULTY = MANIFEST["valid"] + MANIFEST["uncommon"], MANIFEST["faulty"]
FROZEN = {  # lists of frozen files, each frozen itself: what is added later has a list of its own
    "frozen.sha256": "8c61dc9becc50479a552c578e0abde535c11d02c7fbe3e30dbd53e183d5c786c",
    "frozen-2.sha256": "fcd3ab90d313012795a7074e57514516f1a29cfdad54f3a615a65c98ddb3600a",
}
FLIPPED = ["three-objects-768x512", "no-object", "mask-generic-region", "smallest-size", "ignorable-extensions"]


def names(entries):
    return [Path(e["file"]).stem for e in entries]


@pytest.mark.parametrize("entry", VALID, ids=names(VALID))
def test_valid(entry):
    data = (HERE / entry["file"]).read_bytes()
    assert hashlib.sha256(data).hexdigest() == entry["sha256"]
    report = report_bytes(data, check=True)
    assert {key: report[key] for key in entry["expected"]} == entry["expected"]
    assert sedicfmt.write(sedicfmt.read(data)) == data
    if report["pixels"] <= 1 << 16 and "damaged" not in entry["file"]:  # larger ones take long and show nothing else
        assert sedicfmt.unpack(data).size == (report["width"], report["height"])


def test_a_reader_of_thin_reads_what_it_must_and_refuses_the_rest():
    for entry in VALID:
        data = (HERE / entry["file"]).read_bytes()
        if entry["profile"] == "thin":
            assert sedicfmt.read(data, profile="thin") == sedicfmt.read(data), entry["file"]
        else:
            with pytest.raises(LimitExceeded):
                sedicfmt.read(data, profile="thin")


@pytest.mark.parametrize("entry", FAULTY, ids=names(FAULTY))
def test_faulty(entry):
    data = (HERE / entry["file"]).read_bytes()
    assert hashlib.sha256(data).hexdigest() == entry["sha256"]
    with pytest.raises(SedicError) as caught:
        report_bytes(data, check=True)
    assert (caught.value.code, caught.value.path) == (entry["code"], entry["path"])


def test_there_are_enough():
    assert len(MANIFEST["valid"]) >= 60
    assert len(MANIFEST["uncommon"]) >= 15
    assert len(FAULTY) >= 150


def test_there_is_a_vector_of_every_error_and_coder():
    assert {e["code"] for e in FAULTY} == {"malformed", "unsupported", "truncated", "check", "limit"}
    coders = {segment["coder"] for e in VALID for segment in e["expected"]["segments"]}
    assert coders == {
        "range", "av1", "empty", "word-huffman", "word-contexts", "raw-utf8",
        "run-length", "generic-region", "contexts", "contexts-relative",
    }  # fmt: skip


@pytest.mark.parametrize("entry", [e for e in VALID if e["expected"]["masks"]], ids=lambda e: e["file"])
def test_pictures_of_masks_show_their_cells(entry):
    name = Path(entry["file"]).stem
    for i, mask in enumerate(entry["expected"]["masks"]):
        cells = np.asarray(Image.open(HERE / f"masks/{name}-{i}.png"), np.uint8)
        assert cells.shape == (mask["rows"], mask["columns"])
        assert hashlib.sha256(cells.tobytes()).hexdigest() == mask["sha256"]


@pytest.mark.parametrize("name", FROZEN)
def test_frozen_files_are_as_they_were(name):
    listed = (HERE / name).read_bytes()
    assert hashlib.sha256(listed).hexdigest() == FROZEN[name], "a list is frozen; later files have one of their own"
    for line in listed.decode().splitlines():
        sha256, name = line.split("  ")
        assert hashlib.sha256((HERE / name).read_bytes()).hexdigest() == sha256, name


def test_every_file_is_frozen_once():
    lines = [line for name in FROZEN for line in (HERE / name).read_text().splitlines() if line.endswith(".sedic")]
    released = [entry for entry in VALID + FAULTY if "since" not in entry]
    assert sorted(lines) == sorted(f"{entry['sha256']}  {entry['file']}" for entry in released)
    assert {entry["since"] for entry in VALID + FAULTY if entry not in released} == {"1.1"}, "a draft's are not frozen"


@pytest.mark.parametrize("name", ["ignorable-extensions", "version-1.1-ignorable-extension", "extension-lengths"])
def test_what_a_later_version_adds_is_kept(name):
    data = (HERE / f"valid/{name}.sedic").read_bytes()
    file = sedicfmt.read(data)
    assert file.extensions
    again = sedicfmt.write(replace(file, text="another caption"))
    assert sedicfmt.read(again).extensions == file.extensions


def test_every_file_is_in_the_manifest():
    listed = {e["file"] for e in VALID + FAULTY}
    assert listed == {p.relative_to(HERE).as_posix() for p in HERE.glob("*/*.sedic") if p.parent.name != "frames"}


def run_runner(*arguments):
    return subprocess.run(
        [sys.executable, HERE / "run.py", *map(str, arguments)], capture_output=True, text=True, check=False
    )


def test_the_runner_agrees():
    """On some; tests/tools/test_make_vectors.py lets it try all of them, each in a process."""
    done = run_runner("--only", "mask-of")
    assert done.returncode == 0, done.stdout
    assert done.stdout.endswith("all as they must be\n")


def test_the_runner_leaves_out_what_a_version_lacks():
    assert run_runner("--version", "1.0", "--only", "nano-3").returncode == 2  # nothing is left
    assert "4 valid" in run_runner("--only", "valid/nano-3", sys.executable, "-c", "").stdout


DECODERS = {  # somebody else's, in Python: what it does with a file; what the runner says of that
    "import sys; sys.exit(3)": "exit code 3, expected 0",
    "print('{')": "what it prints is not JSON",
    "print('{}')": ".width is missing",
    "import json; print(json.dumps(expected | {'width': 1}))": ".width is 1, expected 96",
    "import json; expected['masks'][0]['sha256'] = ''; print(json.dumps(expected))": ".masks[0].sha256 is ''",
    "import json; expected['segments'].pop(); print(json.dumps(expected))": ".segments is ",
    "import json; print(json.dumps(expected | {'version': True}))": ".version is True, expected 1",
    "print('[' * 200_000)": "what it prints is not JSON",
    "import sys; sys.exit('\\33[31m')": r"expected 0: '\x1b[31m",
    "import json; del expected['pixels'], expected['masks'][0]['share']; print(json.dumps(expected | {'more': 1}))": "",
}


@pytest.mark.parametrize(("code", "said"), DECODERS.items(), ids=range(len(DECODERS)))
def test_the_runner_finds_wrong_answers(code, said, tmp_path):
    entry = next(e for e in VALID if e["file"] == "valid/mask-run-length.sedic")
    script = tmp_path / "decoder.py"
    script.write_text(f"expected = {entry['expected']!r}\n{code}\n")
    done = run_runner("--only", "valid/mask-run-length", sys.executable, script)
    assert done.returncode == bool(said), done.stdout
    assert said in done.stdout


def test_the_runner_compares_errors(tmp_path):
    script = tmp_path / "decoder.py"
    for error, exit_code, wrong in (
        ("{}", 3, 0),
        ('{"error": {"code": "malformed", "path": "z"}}', 3, 0),
        ('{"error": {"code": "malformed", "path": "y"}}', 3, 1),
        ('{"error": {"code": "limit", "path": "z"}}', 3, 1),
        ('{"error": {}}', 3, 0),
        ('{"error": null}', 3, 1),
        ("[]", 3, 1),
        ("malformed at z", 3, 1),
        ("", 3, 0),
        ("", 7, 1),  # a class of C-16, but not this file's
        ("", 1, 1),  # none of the classes
        ("", 0, 1),
    ):
        script.write_text(f"import sys\nprint({error!r})\nsys.exit({exit_code})\n")
        assert run_runner("--only", "faulty/z-zero-at", sys.executable, script).returncode == wrong
    assert run_runner("--only", "no such file").returncode == 2


@pytest.mark.parametrize(
    ("profile", "only", "wrong"),
    [("thin", "valid/objects-5", 0), ("full", "valid/objects-5", 1), ("thin", "valid/no-object", 1),
     ("thin", "faulty/masks-of-too-many-cells", 0), ("thin", "faulty/z-zero-at", 1)],
)  # fmt: skip
def test_the_runner_lets_a_decoder_refuse_what_is_beyond_its_profile(tmp_path, profile, only, wrong):
    script = tmp_path / "decoder.py"
    script.write_text('print(\'{"error": {"code": "limit", "path": ""}}\'); raise SystemExit(7)')
    assert run_runner("--profile", profile, "--only", only, sys.executable, script).returncode == wrong


@pytest.mark.parametrize(
    ("only", "wrong"), [("faulty/z-byte-too-many", 0), ("faulty/z-no-symbol", 1), ("valid/mask-of-one-cell", 1)]
)
def test_the_runner_lets_a_viewer_take_what_no_writer_makes(tmp_path, only, wrong):
    script = tmp_path / "decoder.py"
    script.write_text("print('anything')")
    assert run_runner("--viewer", "--only", only, sys.executable, script).returncode == wrong
    assert run_runner("--only", only, sys.executable, script).returncode == 1


@pytest.mark.parametrize("name", FLIPPED)
def test_every_truncation_is_an_error_or_a_declared_stage(name):
    data = (HERE / f"valid/{name}.sedic").read_bytes()
    whole = sedicfmt.read(data)
    for length in range(len(data)):
        with pytest.raises((Truncated, ChecksumMismatch)):
            sedicfmt.read(data[:length])
        try:
            part = sedicfmt.read(data[:length], allow_prefix=True)
        except SedicError:
            continue
        assert not part.complete
        assert (part.z, part.y) == (whole.z, whole.y)
        assert part.text in ("", whole.text)
        assert len(part.objects) <= len(whole.objects)
        assert all(a.text == b.text for a, b in zip(part.objects, whole.objects, strict=False))


@pytest.mark.parametrize("name", FLIPPED)
def test_every_flipped_bit_is_refused(name):
    data = (HERE / f"valid/{name}.sedic").read_bytes()
    for bit in range(len(data) * 8):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(SedicError):
            sedicfmt.read(bytes(flipped))
