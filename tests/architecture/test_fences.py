"""Do the fences hold? A wrong import or a wrong call is planted in a copy of the tree, and the tool must name it."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LAYERS = "Each layer imports only what stands below it"
COMMANDS = "The commands, which the wheel ships, need none of the rooms that stay in the checkout"
SKIPPED = shutil.ignore_patterns("__pycache__", "*.safetensors", "*.npy", "*.npz")


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the sources, laid out so that Python finds the three packages from one folder."""
    copy = tmp_path_factory.mktemp("house")
    shutil.copytree(ROOT / "sedicfmt", copy / "sedicfmt", ignore=SKIPPED)
    shutil.copytree(ROOT / "tools" / "sedic_tools", copy / "tools" / "sedic_tools", ignore=SKIPPED)
    shutil.copytree(ROOT / "spec" / "tables", copy / "tools" / "sedic_tables", ignore=SKIPPED)
    shutil.copy(ROOT / "pyproject.toml", copy)
    return copy


def run(tree, code, *arguments):
    """Runs `code` within the copy, whose packages come before the installed ones."""
    paths = f"import sys; sys.path[:0] = [{str(tree)!r}, {str(tree / 'tools')!r}]; sys.argv[1:] = {list(arguments)!r}\n"
    command = [sys.executable, "-c", paths + code]
    return subprocess.run(command, cwd=tree, capture_output=True, text=True)


def with_planted(tree, file, line, code, *arguments):
    """The same with a line more at the end of `file`, which is taken away again."""
    path = tree / file
    kept = path.read_text("utf-8")
    path.write_text(f"{kept}\n{line}\n", "utf-8")
    try:
        return run(tree, code, *arguments)
    finally:
        path.write_text(kept, "utf-8")


LINT = "from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
MYPY = "from mypy.__main__ import console_entry; console_entry()"


def test_every_room_of_the_package_is_shipped():
    """One that is not in the list would be missing from the wheel, and only there."""
    rooms = {".".join(file.parent.relative_to(ROOT).parts) for file in (ROOT / "sedicfmt").rglob("__init__.py")}
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["packages"]
    assert {name for name in listed if name.startswith("sedicfmt")} == rooms


@pytest.mark.slow
def test_the_copy_itself_is_clean(tree):
    pytest.importorskip("importlinter")
    done = run(tree, LINT)
    assert done.returncode == 0 and f"{LAYERS} KEPT" in done.stdout, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    "file, line, broken, named",
    [
        ("sedicfmt/container/size.py", "import sedicfmt.evaluation.grid", LAYERS, "sedicfmt.container.size"),
        ("sedicfmt/pipeline/clock.py", "import sedicfmt.training.grid", LAYERS, "sedicfmt.pipeline.clock"),
        ("sedicfmt/networks/hub.py", "import sedicfmt.encoders.words", LAYERS, "sedicfmt.networks.hub"),
        ("sedicfmt/files.py", "import sedic_tools.commands", "The package knows nothing of its commands", "sedicfmt.files"),
        ("tools/sedic_tools/commands/pack.py", "import sedic_tools.pages.json_page", COMMANDS, "sedic_tools.commands.pack"),
    ],
)  # fmt: skip
def test_a_wrong_import_is_found(tree, file, line, broken, named):
    pytest.importorskip("importlinter")
    done = with_planted(tree, file, line, LINT)
    told = " ".join(done.stdout.split())
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"{broken} BROKEN" in told and f"{named} -> {line.removeprefix('import ')}" in told


@pytest.mark.slow
@pytest.mark.parametrize(
    "file, line, said",
    [
        ("tools/sedic_tools/pages/flip_table.py",
         "from sedic_tools.commands.output import is_sedic\nis_sedic(7)",
         'Argument 1 to "is_sedic" has incompatible type "int"'),
        ("sedicfmt/container/varint.py", "def planted(x): return x", "Function is missing a type annotation"),
    ],
)  # fmt: skip
def test_a_wrong_call_is_found(tree, file, line, said):
    pytest.importorskip("mypy")
    done = with_planted(tree, file, line, MYPY, "--cache-dir", str(tree / ".mypy_cache"))
    assert done.returncode == 1 and said in done.stdout, done.stdout + done.stderr
    assert Path(file).name in done.stdout and "Found 1 error in 1 file" in done.stdout
