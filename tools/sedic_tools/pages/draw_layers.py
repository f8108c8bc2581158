"""The layers of docs/house.md as a drawing, out of the import contract that `lint-imports` holds.

python -m sedic_tools.pages.draw_layers pyproject.toml > docs/pictures/layers.svg

A row is a layer: what stands in it may import all below it, and nothing beside or above it.
"""

from __future__ import annotations

import argparse
import tomllib
from pathlib import Path
from xml.etree.ElementTree import Element

from sedicfmt.showing.elements import as_svg, tag


def layers_of(configuration: str) -> list[list[str]]:
    """The names in each layer, from the top: the programs, the rooms of the package, the tables."""
    contracts = tomllib.loads(configuration)["tool"]["importlinter"]["contracts"]
    rooms, whole = (contract["layers"] for contract in contracts if contract["type"] == "layers")
    rows = [row for name in whole for row in (rooms if name == "sedicfmt" else [name])]
    return [row.split(" | ") for row in rows]


def drawing(layers: list[list[str]]) -> Element:
    """Boxes in rows, an arrow for the one way; on white, since pages may be dark."""
    height = MARGIN * 2 + STEP * len(layers) - (STEP - BOX)
    size = {"viewBox": f"0 0 {WIDTH} {height}", "width": WIDTH, "height": height}
    root = tag("svg", xmlns="http://www.w3.org/2000/svg", **size, role="img", font_family="sans-serif", font_size=14)
    root.append(tag("title", "Layers, from the top: " + "; ".join(", ".join(row) for row in layers)))
    root.append(tag("rect", width=WIDTH, height=height, fill="#ffffff"))
    root.extend(arrow(height))
    for number, row in enumerate(layers):
        root.extend(boxes(row, MARGIN + STEP * number, "#dff2ef" if row[0].startswith("sedic_") else "#eef3fb"))
    return root


def boxes(row: list[str], top: int, colour: str) -> list[Element]:
    """One layer: equal boxes over the whole width."""
    wide = (WIDTH - LEFT - MARGIN - GAP * (len(row) - 1)) / len(row)
    drawn = []
    for number, name in enumerate(row):
        left = LEFT + number * (wide + GAP)
        drawn.append(
            tag("rect", x=f"{left:g}", y=top, width=f"{wide:g}", height=BOX, rx=4, fill=colour, stroke="#5b7083")
        )
        middle = {"x": f"{left + wide / 2:g}", "y": top + BOX // 2 + 5}
        drawn.append(tag("text", name, **middle, text_anchor="middle", fill="#1a1a1a"))
    return drawn


def arrow(height: int) -> list[Element]:
    """At the left: which way imports run."""
    x, bottom = MARGIN + 14, height - MARGIN
    line = tag("path", d=f"M{x} {MARGIN}V{bottom}m-6 -10l6 10l6 -10", fill="none", stroke="#5b7083", stroke_width=2)
    turned = f"rotate(-90 {x - 8} {height // 2})"
    return [
        line,
        tag("text", "may import", x=x - 8, y=height // 2, transform=turned, text_anchor="middle", fill="#1a1a1a"),
    ]


WIDTH, MARGIN, LEFT, BOX, STEP, GAP = 640, 16, 60, 28, 38, 12

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("configuration", type=Path)
    print(as_svg(drawing(layers_of(parser.parse_args().configuration.read_text("utf-8")))), end="")
