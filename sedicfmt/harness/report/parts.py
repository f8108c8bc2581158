"""Where a file's bytes go, for sources that tell it: a table, and a bar a point, its parts one upon the other."""

from __future__ import annotations

from html import escape
from statistics import fmean

from sedicfmt.harness.report.tables import Cell, Table
from sedicfmt.harness.results import Results, Summary

WIDTH, BAR, LEFT, LINE = (
    520,
    18,
    240,
    26,
)  # pixels: of the longest bar, a bar's height, left of the bars, from bar to bar


def mean_parts(results: Results, s: Summary) -> dict[str, float]:
    """Mean bytes of each part at a point; empty where the source does not tell them."""
    rows = [row.told["parts"] for row in results.rows_of(s) if "parts" in row.told]
    names = dict.fromkeys(name for parts in rows for name in parts)
    return {name: fmean(parts.get(name, 0) for parts in rows) for name in names}


def parts_table(results: Results) -> Table | None:
    """A row a point, a column a part; None where no source tells of parts."""
    found = [(s, parts) for s in results.summaries if (parts := mean_parts(results, s))]
    names = list(dict.fromkeys(name for _, parts in found for name in parts))
    rows = [
        [
            Cell(s.source),
            Cell(s.point),
            *(Cell(f"{parts.get(name, 0):,.1f}") for name in names),
            Cell(f"{sum(parts.values()):,.1f}"),
        ]
        for s, parts in found
    ]
    return Table("Bytes by part", ["", "point", *names, "file"], rows, ["Means over the pictures."]) if rows else None


def parts_bars(results: Results) -> str:
    """An SVG, empty where no source tells of parts."""
    found = [(f"{s.source}, {s.point}", parts) for s in results.summaries if (parts := mean_parts(results, s))]
    if not found:
        return ""
    names = list(dict.fromkeys(name for _, parts in found for name in parts))
    longest = max(sum(parts.values()) for _, parts in found)
    body = [_legend(names)]
    for i, (label, parts) in enumerate(found):
        top, left = LINE * (i + 1) + 8, float(LEFT)
        body.append(f'<text x="{LEFT - 8}" y="{top + BAR - 5}" text-anchor="end">{escape(label)}</text>')
        for number, name in enumerate(names):
            wide = WIDTH * parts.get(name, 0) / longest
            colour = COLOURS[number % len(COLOURS)]
            told = f"<title>{escape(name)}: {parts.get(name, 0):,.1f} bytes</title>"
            body.append(
                f'<rect x="{left:.1f}" y="{top}" width="{wide:.1f}" height="{BAR}" fill="{colour}">{told}</rect>'
            )
            left += wide
        body.append(f'<text x="{left + 6:.1f}" y="{top + BAR - 5}">{sum(parts.values()):,.0f}</text>')
    high, wide = LINE * (len(found) + 1) + 16, LEFT + WIDTH + 70
    style = "<style>text{font:12px sans-serif;fill:#222}</style>"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}">{style}'
    head += '<rect width="100%" height="100%" fill="#fff"/>'
    return head + "".join(body) + "</svg>\n"


def _legend(names: list[str]) -> str:
    parts = []
    for i, name in enumerate(names):
        left = 8 + i * 115
        parts.append(f'<rect x="{left}" y="8" width="12" height="12" fill="{COLOURS[i % len(COLOURS)]}"/>')
        parts.append(f'<text x="{left + 17}" y="18">{escape(name)}</text>')
    return "".join(parts)


COLOURS = ("#888888", "#2171b5", "#6baed6", "#d7191c", "#f08030", "#31a354", "#7b4173", "#8c6d31")
