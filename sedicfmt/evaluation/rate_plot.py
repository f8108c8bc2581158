"""Curves of rate against quality as SVG text, without a plotting library: a panel a measure, rates on a logarithmic axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 380, 240  # pixels of a panel
EDGE, GAP, LINE = 52, 44, 18  # beside it, between panels, for a line of legend
TICKS = (100, 200, 300, 500, 700, 1000, 1500, 2000, 3000, 5000, 7000, 10000, 20000)  # bytes
BPP_TICKS = (0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 3, 5, 8)
COLUMNS, LEGEND = 2, 3  # panels, and names in the legend, side by side


@dataclass(frozen=True)
class Curve:
    """A name, an SVG colour, dashed or not, its width in pixels, and (rate, value) points by rate, rates above 0."""

    name: str
    colour: str
    points: Sequence[tuple[float, float]]
    dashes: str = ""
    width: float = 1.5


@dataclass(frozen=True)
class Panel:
    """One measure."""

    title: str
    curves: Sequence[Curve]


def draw(panels: Sequence[Panel], rates: Sequence[float] = TICKS) -> str:
    """The SVG: the names of all curves, then the panels, COLUMNS a row. Curves of one name look alike in all panels.

    `rates`: where the axis of rates may have a tick.
    """
    named = {curve.name: curve for panel in panels for curve in panel.curves}
    top = 12 + LINE * math.ceil(len(named) / LEGEND)
    places = [
        (i % COLUMNS * (WIDTH + EDGE + 16) + EDGE, top + i // COLUMNS * (HEIGHT + GAP) + 30) for i in range(len(panels))
    ]
    wide, high = COLUMNS * (WIDTH + EDGE + 16), top + math.ceil(len(panels) / COLUMNS) * (HEIGHT + GAP) + 14
    parts = [
        _legend(list(named.values())),
        *(_panel(p, *place, rates) for p, place in zip(panels, places, strict=True)),
    ]
    style = "text{font:12px sans-serif;fill:#222}.n{font-size:10px;fill:#666}.g{stroke:#ddd}polyline{fill:none}"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}"><style>{style}</style>'
    return f'{head}\n<rect width="{wide}" height="{high}" fill="#fff"/>\n' + "\n".join(parts) + "\n</svg>\n"


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round values in low … high, at most `most` + 1 of them, in steps of 1, 2 or 5 times a power of ten."""
    least = (high - low) / most or 1.0
    power = 10.0 ** math.floor(math.log10(least))
    step = next(s * power for s in (1, 2, 5, 10) if s * power >= least * (1 - 1e-9))
    return [i * step for i in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def _panel(panel: Panel, left: float, top: float, rates: Sequence[float]) -> str:
    """The frame, its ticks and the curves; `left`, `top`: of the frame."""
    points = [point for curve in panel.curves for point in curve.points]
    parts = [f'<text x="{left}" y="{top - 8}">{escape(panel.title)}</text>']
    if points:
        sizes, values = zip(*points, strict=True)
        spare = (max(values) - min(values)) * 0.04 or 0.5
        low, high = min(values) - spare, max(values) + spare
        start, end = math.log(min(sizes) * 0.97), math.log(max(sizes) * 1.03)

        def x(size: float) -> float:
            return left + WIDTH * (math.log(size) - start) / (end - start)

        def y(value: float) -> float:
            return top + HEIGHT * (high - value) / (high - low)

        parts += [_tick_y(left, y(value), value) for value in ticks(low, high)]
        parts += [_tick_x(x(size), top, size) for size in rates if start <= math.log(size) <= end]
        parts += [_line(curve, [(x(s), y(v)) for s, v in curve.points]) for curve in panel.curves]
    frame = f'<rect x="{left}" y="{top}" width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="#888"/>'
    return "\n".join([*parts, frame])


def _line(curve: Curve, places: Sequence[tuple[float, float]]) -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    look = f'stroke="{curve.colour}" stroke-width="{curve.width}"'
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2" fill="{curve.colour}"/>' for x, y in places)
    return f'<polyline points="{path}" {look} stroke-dasharray="{curve.dashes}"/>{dots}'


def _tick_y(left: float, y: float, value: float) -> str:
    line = f'<line class="g" x1="{left}" x2="{left + WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>'
    return f'{line}<text class="n" x="{left - 5}" y="{y + 4:.1f}" text-anchor="end">{value:.5g}</text>'


def _tick_x(x: float, top: float, size: float) -> str:
    line = f'<line class="g" x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{top + HEIGHT}"/>'
    return f'{line}<text class="n" x="{x:.1f}" y="{top + HEIGHT + 13}" text-anchor="middle">{size:,g}</text>'


def _legend(curves: Sequence[Curve]) -> str:
    parts = []
    for i, curve in enumerate(curves):
        left, y = EDGE + i % LEGEND * 290, 16 + LINE * (i // LEGEND)
        parts.append(_line(curve, [(left, y - 4), (left + 28, y - 4)]))
        parts.append(f'<text x="{left + 34}" y="{y}">{escape(curve.name)}</text>')
    return "".join(parts)
