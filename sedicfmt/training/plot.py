"""A training log as curves: one panel a figure over the steps, as SVG text, without a plotting library."""

from __future__ import annotations

import json
from pathlib import Path

from sedicfmt.errors import EncodeError

WIDTH, HEIGHT, EDGE = 640, 150, 60
Points = list[tuple[float, float]]


def read_log(path: Path) -> dict[str, Points]:
    """log.jsonl -> for each figure its (step, value) points. Raises OSError, EncodeError for what is no log."""
    curves: dict[str, Points] = {}
    try:
        for line in path.read_text().splitlines():
            values = json.loads(line)
            for name, value in values.items():
                if name not in ("step", "seconds"):
                    curves.setdefault(name, []).append((float(values["step"]), float(value)))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise EncodeError(f"{path} is not a training log: {error}") from error
    if not curves:
        raise EncodeError(f"{path} has no line yet")
    return curves


def draw(curves: dict[str, Points]) -> str:
    """SVG with one panel a curve."""
    panels = [_panel(name, points, i * (HEIGHT + 30)) for i, (name, points) in enumerate(curves.items())]
    size = f'width="{WIDTH + 2 * EDGE}" height="{len(panels) * (HEIGHT + 30) + 20}"'
    style = (
        "<style>text{font:12px sans-serif}path,rect{fill:none;stroke:#888}path{stroke:#06c;stroke-width:1.5}</style>"
    )
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{style}{"".join(panels)}</svg>\n'


def _panel(name: str, points: Points, top: float) -> str:
    last, values = max(step for step, _ in points), [value for _, value in points]
    low, high = min(values), max(values)
    span, bottom = (high - low) or 1.0, top + 20 + HEIGHT
    places = [(EDGE + WIDTH * s / (last or 1), bottom - HEIGHT * (v - low) / span) for s, v in points]
    path = "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    return (
        f'<rect x="{EDGE}" y="{top + 20}" width="{WIDTH}" height="{HEIGHT}"/><path d="{path}"/>'
        f'<text x="{EDGE}" y="{top + 14}">{name}: {values[-1]:.5g} at step {points[-1][0]:.0f}</text>'
        f'<text x="2" y="{top + 30}">{high:.4g}</text><text x="2" y="{bottom}">{low:.4g}</text>'
    )
