"""sedic-corpus: the same seed gives the same files, and a few hundred of them reach every branch of the syntax."""

import hashlib
import json
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from sedicfmt.container.parser import parse_header

FILES, SEED = 500, 7


def run(*arguments):
    command = [Path(sys.executable).parent / "sedic-corpus", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """(folder, the list's lines, what the command printed)."""
    folder = tmp_path_factory.mktemp("corpus")
    done = run("-n", FILES, "--seed", SEED, "-o", folder)
    assert done.returncode == 0, done.stderr
    return folder, [json.loads(line) for line in (folder / "corpus.jsonl").read_text().splitlines()], done.stdout


def test_the_list_tells_of_every_file(corpus):
    folder, lines, printed = corpus
    assert [line["file"] for line in lines] == sorted(p.name for p in folder.glob("*.sedic"))
    for line in lines:
        assert hashlib.sha256((folder / line["file"]).read_bytes()).hexdigest() == line["sha256"]
        assert ("report" in line) != ("error" in line)
        assert "report" in line or line["made"] != "whole"
    codes = Counter(line["error"]["code"] if "error" in line else "accepted" for line in lines)
    assert printed.strip() == ", ".join(f"{n} {code}" for code, n in sorted(codes.items()))
    assert codes["accepted"] > FILES / 4


def test_whole_files_take_every_branch_of_the_syntax(corpus):
    folder, lines, _ = corpus
    seen = {
        branch for line in lines if "report" in line for branch in branches((folder / line["file"]).read_bytes(), line)
    }
    assert seen >= EVERY, sorted(map(str, EVERY - seen))


def branches(data, line):
    """What of the syntax one accepted file takes: flags of the header, coders, scales, forms of lengths."""
    start, lengths, _ = parse_header(data)
    report = line["report"]
    yield ("ratio", start.size.ratio, bool(start.size.eighths))
    yield ("long", start.size.long)
    yield ("objects", start.objects)
    yield ("optional", bool(start.extended), bool(start.seeded))
    yield ("model", start.model_id)
    yield from (("coder", s["kind"], s["coder"]) for s in report["segments"])
    yield from (("mask scale", m["scale"]) for m in report["masks"])
    yield from (("mask", min(1, m["cells"]) + (m["share"] == 1)) for m in report["masks"])
    yield from (("extension", 1 + (e["bytes"] > 127) + (e["bytes"] > 16383)) for e in report["extensions"])
    yield from (("empty", s["kind"]) for s in report["segments"] if not s["bytes"])
    yield ("length of z", min(1, lengths[0] // 128))


CODERS = {
    "latent.z": ("range", "av1"),
    "text.overall": ("empty", "word-huffman", "word-contexts", "raw-utf8"),
    "text.object": ("empty", "word-huffman", "word-contexts", "raw-utf8"),
    "mask": ("run-length", "generic-region", "contexts", "contexts-relative"),
}
EVERY = {
    *(("ratio", ratio, eighths) for ratio in range(8) for eighths in (False, True)),
    *(("long", flag) for flag in (None, False, True)),
    *(("objects", count) for count in range(8)),
    *(("optional", a, b) for a in (False, True) for b in (False, True)),
    *(("model", number) for number in (2, 3)),
    *(("coder", kind, coder) for kind, coders in CODERS.items() for coder in coders),
    *(("mask scale", 1 << n) for n in range(8)),
    *(("mask", what) for what in range(3)),
    *(("extension", count) for count in range(1, 4)),
    *(("empty", kind) for kind in ("latent.z", "latent.y", "text.overall", "text.object")),
    *(("length of z", group) for group in range(2)),
}


def test_damaged_files_give_every_error_in_every_place(corpus):
    seen = {(line["error"]["code"], line["error"]["path"]) for line in corpus[1] if "error" in line}
    assert {code for code, _ in seen} == {"malformed", "unsupported", "truncated", "check", "limit"}
    assert seen >= ERRORS, ERRORS - seen


ERRORS = {
    *(("malformed", path) for path in ("header", "header.magic", "z", "y", "text", "objects[0].text", "objects[0].mask")),
    *(("unsupported", path) for path in ("header", "header.model_id", "text", "objects[0].mask", "extensions[0]")),
    *(("limit", path) for path in ("header", "header.size.width", "header.size.height", "text")),
    ("malformed", "extensions[0]"), ("limit", "extensions[0]"),
    ("truncated", ""), ("truncated", "header"), ("check", ""),
}  # fmt: skip


def test_the_same_seed_gives_the_same_files(corpus, tmp_path):
    for seed, same in ((SEED, True), (SEED + 1, False)):
        folder = tmp_path / str(seed)
        assert run("-n", 12, "--seed", seed, "-o", folder).returncode == 0
        lines = [json.loads(line) for line in (folder / "corpus.jsonl").read_text().splitlines()]
        assert (lines == corpus[1][:12]) is same


def test_neither_torch_nor_the_second_decoder_is_loaded():
    code = "import sys, itertools as i, sedic_tools.commands.corpus as c\nlist(i.islice(c.files(1), 9)); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "sedic_tools.commands.corpus" in loaded
    assert not {"torch", "decoder", "cv2"} & set(loaded)


def test_wrong_use_is_told(tmp_path):
    assert run("-n", 0, "-o", tmp_path).returncode == 2
    assert run("-n", 1, "--seed", -1, "-o", tmp_path).returncode == 2
    (tmp_path / "file").touch()
    done = run("-n", 1, "-o", Path(tmp_path / "file/below"))
    assert done.returncode == 74
    assert done.stderr == f"sedic-corpus: Not a directory: {tmp_path}/file/below\n"


def test_files_that_are_there_are_left_alone(tmp_path):
    (tmp_path / "00000.sedic").write_bytes(b"mine")
    done = run("-n", 1, "-o", tmp_path)
    assert (done.returncode, done.stderr) == (74, f"sedic-corpus: The folder holds files already: {tmp_path}\n")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"mine"]


def test_an_interruption_is_told_in_a_line(tmp_path):
    line = [Path(sys.executable).parent / "sedic-corpus", "-n", "100000", "-o", tmp_path / "new"]
    with subprocess.Popen(line, stderr=subprocess.PIPE, text=True) as process:
        while not (tmp_path / "new/00000.sedic").exists():
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=60)[1] == "sedic-corpus: interrupted\n"
    assert process.returncode == 130
