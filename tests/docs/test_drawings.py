"""Drawings that are made of the code are made of today's."""

import re
from pathlib import Path

from sedic_tools.pages.draw_layers import drawing, layers_of
from sedicfmt.showing.elements import as_svg

ROOT = Path(__file__).parents[2]
CONTRACT = (ROOT / "pyproject.toml").read_text("utf-8")


def test_the_layers_are_those_of_the_contract():
    assert (ROOT / "docs/pictures/layers.svg").read_text("utf-8") == as_svg(drawing(layers_of(CONTRACT)))


def test_every_file_and_folder_of_the_package_is_drawn_once():
    drawn = [name for row in layers_of(CONTRACT) for name in row]
    there = {path.stem for path in (ROOT / "sedicfmt").iterdir() if path.suffix in ("", ".py")} - {
        "__init__",
        "__pycache__",
    }
    assert there <= set(drawn) and len(drawn) == len(set(drawn))


def test_no_page_needs_a_script_from_elsewhere_for_its_drawings():
    """Mermaid's fences would be code on the site, whose pages ask nobody for anything."""
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "spec").glob("*.md")]
    assert [page.name for page in pages if re.search(r"^```mermaid", page.read_text("utf-8"), re.M)] == []
