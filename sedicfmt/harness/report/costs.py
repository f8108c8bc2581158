"""Seconds and peak memory: each stage's, where the tools tell them, else whole processes'."""

from __future__ import annotations

from sedicfmt.harness.report.tables import Cell, Table
from sedicfmt.harness.results import Results, Summary


def cost_table(results: Results) -> Table:
    """Seconds and peak memory of each stage, a row a point."""
    heads = ["", "point", "encode, s", "decode, s", "encode peak, MB", "decode peak, MB", "stages, s"]
    rows = []
    for s in results.summaries:
        if s.count:
            seconds = [_seconds(s, stage) for stage in ("encode", "decode")]
            peaks = [_peak(s, stage) for stage in ("encode", "decode")]
            rows.append([Cell(t) for t in (s.source, s.point, *seconds, *peaks, _stages(results, s))])
    note = "Means over the pictures. A tool that takes all pictures at once tells each one's own seconds, without its start; "
    return Table(
        "Costs", heads, rows, [note + "others count as whole processes, start included. Peaks are whole processes'."]
    )


def _seconds(s: Summary, stage: str) -> str:
    found = s.values.get(f"{stage}_seconds", s.values.get(f"{stage}_process_seconds"))
    return "–" if found is None else f"{found:.2f}"


def _peak(s: Summary, stage: str) -> str:
    found = s.values.get(f"{stage}_peak_bytes")
    return "–" if found is None else f"{found / 1e6:,.0f}"


def _stages(results: Results, s: Summary) -> str:
    """Means of the tools' own stages, where they tell them."""
    rows = [row for row in results.rows_of(s) if row.picture]
    parts = []
    for stage in ("encode", "decode"):
        told = [row.told.get(f"{stage}_stages", {}) for row in rows]
        for name in dict.fromkeys(name for one in told for name in one):
            parts.append(f"{name} {sum(one.get(name, 0.0) for one in told) / len(rows):.2f}")
    return ", ".join(parts)
