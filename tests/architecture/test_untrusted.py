"""No source runs a stranger's code; no path or terminal escape within a file does anything."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import sedicfmt
from sedicfmt.model import Extension, Mask, SedicFile, SedicObject
from sedicfmt.segments.mask_grid import grid_shape

ROOT = Path(__file__).parents[2]
SOURCES = sorted(p for folder in ("sedicfmt", "tools", "spec", "conformance") for p in (ROOT / folder).rglob("*.py"))
INSPECT = Path(sys.executable).parent / "sedic-inspect"
LOADERS_OF_CODE = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "yaml"}
MAY_IMPORT_PICKLE = {  # an unpickler that knows tensors and nothing else; the error that torch raises
    "sedicfmt/encoders/read_checkpoint.py", "sedicfmt/decoders/convert_diffbir.py", "sedicfmt/training/weights.py",
}  # fmt: skip


def calls(tree):
    """(dotted name, keywords) of every call."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), {k.arg: ast.unparse(k.value) for k in node.keywords}


def faults(source):
    """What this source may not do."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        yield from (name for name in names if name.split(".")[0] in LOADERS_OF_CODE)
    for name, given in calls(tree):
        if name.endswith("torch.load") and given.get("weights_only") != "True":
            yield name
        if name in ("eval", "exec", "os.system", "os.popen") or given.get("shell") == "True":
            yield name
        if name.split(".")[-1] in ("load", "fromfile") and given.get("allow_pickle", "False") != "False":
            yield name


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_source_unpickles_or_runs_what_it_reads(path):
    found = set(faults(path.read_text()))
    if path.relative_to(ROOT).as_posix() in MAY_IMPORT_PICKLE:
        found -= {"pickle"}
    assert not found


@pytest.mark.parametrize(
    "source",
    ["import pickle", "from joblib import load", "torch.load(p)", "torch.load(p, weights_only=False)", "eval(x)",
     "np.load(p, allow_pickle=True)", "subprocess.run(x, shell=True)", "os.system(x)"],
)  # fmt: skip
def test_it_would_be_noticed(source):
    assert list(faults(source))


WATCHED = """
import json, sys
opened = []
sys.addaudithook(lambda event, arguments: opened.append([event, repr(arguments)]) if event in EVENTS else None)
import sedicfmt
from sedicfmt.pipeline.report import report_bytes
data = open(sys.argv[1], "rb").read()
report_bytes(data, check=True)
sedicfmt.unpack(data, stage=sys.argv[2])
print(json.dumps(opened))
""".replace(
    "EVENTS", repr({"open", "os.listdir", "os.scandir", "subprocess.Popen", "socket.connect", "urllib.Request"})
)


@pytest.mark.parametrize("stage", ["reference", pytest.param("final", marks=pytest.mark.slow)])
def test_no_path_from_a_file_is_opened(tmp_path, stage):
    bait = [str(tmp_path / "bait-a"), f"file://{tmp_path}/bait-b", "$(touch bait-c) {bait-c} <bait-c>", "../bait-d"]
    for name in "abcd":
        (tmp_path / f"bait-{name}").write_text("secret")
    like = sedicfmt.read(ROOT / "conformance/valid/no-object.sedic")
    everywhere = Mask(np.ones(grid_shape(8, like.width, like.height), np.uint8))
    objects = tuple(SedicObject(text, everywhere) for text in bait[1:])
    extension = (Extension(7, False, bait[0].encode()),)
    file = SedicFile(like.width, like.height, like.model_id, like.z, like.y, bait[0], objects, extensions=extension)
    (tmp_path / "x.sedic").write_bytes(sedicfmt.write(file))
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, tmp_path / "x.sedic", stage], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    events = json.loads(done.stdout.splitlines()[-1])
    assert any("x.sedic" in arguments for _, arguments in events)  # the hook sees what is opened
    assert not [event for event in events if "bait" in event[1] or event[0] not in ("open", "os.listdir", "os.scandir")]


def file_with(text, path):
    like = sedicfmt.read(ROOT / "conformance/valid/no-object.sedic")
    path.write_bytes(sedicfmt.write(SedicFile(like.width, like.height, like.model_id, like.z, like.y, text)))
    return path


def test_ordinary_texts_are_shown_as_they_are(tmp_path):
    text = 'Zwei Hunde – "läufig"? \\ <b>&amp; 50 % 犬 😀'
    said = subprocess.run([INSPECT, file_with(text, tmp_path / "x.sedic")], capture_output=True, check=True)
    assert f"overall: {text}" in said.stdout.decode().split("\n")


def test_texts_steer_no_terminal(tmp_path):
    text = "a\x1b[31mred\x1b]0;title\x07 \x9b2J\u202eright\u2066\r\nline\x00\x7f\u2028"
    file_with(text, tmp_path / "x.sedic")
    for more in ([], ["--json"]):
        line = [INSPECT, tmp_path / "x.sedic", *more]
        said = subprocess.run(line, capture_output=True, check=True).stdout.decode()
        assert all(part.isprintable() for part in said.split("\n"))
        assert len(said.splitlines()) == len(said.rstrip("\n").split("\n"))  # no separator of another kind
    assert json.loads(said)["texts"]["overall"] == text
