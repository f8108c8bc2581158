"""No source runs a stranger's code; no path or terminal escape within a file does anything."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import sedicfmt
from sedicfmt.model import Extension, Mask, SedicFile, SedicObject, grid_shape

ROOT = Path(__file__).parents[2]
SOURCES = sorted(p for folder in ("sedicfmt", "tools", "spec", "conformance") for p in (ROOT / folder).rglob("*.py"))
INSPECT = Path(sys.executable).parent / "sedic-inspect"
LOADERS_OF_CODE = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "yaml"}
RUNNERS = {"eval", "exec", "os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput"}
RUNNING = r"os\.(exec|spawn|posix_spawn)|torch\.(hub|jit)\.(?!get_dir$|load_state_dict_from_url$)"  # those give tensors
TAKE_CODE = {
    "from_pretrained",
    "from_config",
    "pipeline",
}  # of transformers and diffusers: who is not told no may ask the user
MAY_IMPORT_PICKLE = {  # an unpickler that knows tensors or arrays and nothing else; the error that torch raises; own errors
    "sedicfmt/networks/read_checkpoint.py", "sedicfmt/decoders/diffusers/convert_diffbir.py", "sedicfmt/training/weights.py",
    "sedicfmt/evaluation/metric_weights.py", "sedicfmt/batch/workers.py",
}  # fmt: skip


def imported(tree):
    """By the name that a source uses, the full name of what it imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (
                (a.asname or a.name.split(".")[0], a.name if a.asname else a.name.split(".")[0]) for a in node.names
            )
        if isinstance(node, ast.ImportFrom):
            yield from ((a.asname or a.name, f"{node.module or ''}.{a.name}") for a in node.names)


def calls(tree):
    """(full name, plain arguments, keywords) of every call."""
    names = dict(imported(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            first, _, rest = ast.unparse(node.func).partition(".")
            name = ".".join(filter(None, (names.get(first, first), rest))).removeprefix("builtins.")
            yield name, [ast.unparse(a) for a in node.args], {k.arg: ast.unparse(k.value) for k in node.keywords}


def faults(source):
    """What this source may not do."""
    tree = ast.parse(source)
    modules = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    yield from (n for n in [*dict(imported(tree)).values(), *modules] if n.split(".")[0] in LOADERS_OF_CODE)
    for name, arguments, given in calls(tree):
        runs = name in RUNNERS or re.match(RUNNING, name)
        if runs or given.get("shell", "False") != "False" or given.get("trust_remote_code", "False") != "False":
            yield name
        if name.rpartition(".")[2] in TAKE_CODE and given.get("trust_remote_code") != "False":
            yield name
        if name in ("torch.load", "torch.hub.load_state_dict_from_url") and given.get("weights_only") != "True":
            yield name
        if (name == "numpy.load" and len(arguments) > 2) or given.get("allow_pickle", "False") != "False":
            yield name
        if name in ("importlib.import_module", "__import__") and arguments[0].strip("'") in LOADERS_OF_CODE:
            yield name


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_source_unpickles_or_runs_what_it_reads(path):
    found = set(faults(path.read_text()))
    if path.relative_to(ROOT).as_posix() in MAY_IMPORT_PICKLE:
        found -= {name for name in found if name.split(".")[0] == "pickle"}
    assert not found


@pytest.mark.parametrize(
    "source",
    ["import pickle", "from joblib import load", "torch.load(p)", "torch.load(p, weights_only=False)", "eval(x)",
     "np.load(p, allow_pickle=True)", "subprocess.run(x, shell=True)", "os.system(x)", "from torch import load; load(p)",
     "import torch as t; t.load(p)", "torch.jit.load(p)", "torch.hub.load(p)", "from os import system; system(x)",
     "os.execv(x)", "subprocess.getoutput(x)", "import numpy as np; np.load(p, 'r', True)",
     "AutoModel.from_pretrained(p, trust_remote_code=True)", "AutoModel.from_pretrained(p)",
     "AutoModel.from_pretrained(p, **{'trust_remote_code': False})", "transformers.pipeline(p)", "made.from_config(c)",
     "from_pretrained(p, trust_remote_code=None)", "AutoModel.from_pretrained(p, trust_remote_code=trusted)",
     "__import__('pickle')", "import builtins; builtins.exec(x)",
     "import importlib; importlib.import_module('pickle')"],
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
    "EVENTS",
    repr(
        {
            "open",
            "os.listdir",
            "os.scandir",
            "subprocess.Popen",
            "socket.connect",
            "urllib.Request",
            "os.system",
            "os.exec",
            "os.posix_spawn",
            "os.fork",
            "os.startfile",
            "ctypes.dlopen",
            "webbrowser.open",
            "os.remove",
            "os.rename",
            "os.mkdir",
        }
    ),
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
    harmless = ("open", "os.listdir", "os.scandir", "ctypes.dlopen")  # of others' files: Python's, numpy's, torch's
    assert not [event for event in events if "bait" in event[1] or event[0] not in harmless]


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
