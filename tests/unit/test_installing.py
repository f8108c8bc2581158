"""What to install is said in one place, and is true: no command asks an index for sedicfmt."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

from sedicfmt import installing

ROOT = Path(__file__).parents[2]
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]


def stated(extras):
    """Requires-Dist as setuptools writes it."""
    return ["numpy>=1.26", *(f'{need}; extra == "{extra}"' for extra, needs in extras.items() for need in needs)]


def test_an_extra_is_the_packages_it_consists_of(monkeypatch):
    monkeypatch.setattr(metadata, "requires", lambda name: stated(EXTRAS))
    for extra, needs in EXTRAS.items():
        assert installing.extra_packages(extra) == needs
    assert installing.install_extra("openai") == "pip install 'openai>=2'"


def test_where_nothing_is_installed_a_clone_is_named(monkeypatch):
    def not_there(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "requires", not_there)
    assert installing.install_extra("nano") == "pip install '.[nano]' in a clone of sedicfmt's repository"


def sources():
    return [path for folder in ("sedicfmt", "tools") for path in (ROOT / folder).rglob("*.py")]


def test_no_other_place_says_how_to_install():
    saying = {path.name for path in sources() if re.search(r"pip install|sedicfmt\[", path.read_text("utf-8"))}
    assert len(sources()) > 100 and saying <= {"installing.py"}


@pytest.mark.parametrize("page", ["README.md", *(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))])
def test_no_page_asks_an_index_for_sedicfmt(page):
    assert not re.search(r"pip install [^`\n]*sedicfmt", (ROOT / page).read_text("utf-8"))


def test_every_extra_that_is_advised_exists():
    """An extra that is not there would be told as a clone's, and its installation would do nothing."""
    text = "".join(path.read_text("utf-8") for path in sources())
    advised = set(re.findall(r"install_extra\(['\"](\w+)['\"]\)", text))
    assert {"nano", "eval", "train"} <= advised <= set(EXTRAS)
    from sedicfmt.networks import packages

    assert set(packages.EXTRAS.values()) <= set(EXTRAS)


def test_what_an_extra_installs_is_imported_somewhere():
    """No extra promises what nothing uses."""
    others = [path for folder in ("tests", "benchmarks") for path in (ROOT / folder).rglob("*.py")]
    text = "".join(path.read_text("utf-8") for path in [*sources(), *others]).lower()
    names = {re.match(r"[\w-]+", need).group().lower() for needs in EXTRAS.values() for need in needs}
    known_as = {"opencv-python-headless": "cv2"}
    # commands, and what diffusers imports itself
    tools = {"ruff", "mypy", "import-linter", "check-jsonschema", "cyclonedx-bom", "accelerate"}
    words = set(re.findall(r"[\w-]+", text.replace("_", "-")))
    assert "torch" in words and names - tools - words <= known_as.keys()
