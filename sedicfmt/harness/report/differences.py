"""How far sources are from the anchor, picture by picture at the same point: pictures differ more from each other than sources
do, so the mean of the differences says what two means cannot. Bold beyond two standard errors."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean, stdev

from sedicfmt.harness.metrics.metric import ALL
from sedicfmt.harness.report.tables import Cell, Table
from sedicfmt.harness.results import Results, Summary


def tables(results: Results, anchor: str) -> list[Table]:
    """A table for each point that the anchor and another source have of all pictures, of two pictures at least."""
    found = []
    for own in results.of(anchor):
        others = [s for s in results.summaries if s.point == own.point and s.source != anchor and s.complete]
        if own.complete and own.count > 1 and others:
            found.append(_table(results, own, others))
    return found


def _table(results: Results, own: Summary, others: Sequence[Summary]) -> Table:
    shown = [m for m in results.metrics if m.kind != ALL and m.name in own.values]
    rows = []
    for other in others:
        cells = [difference(paired(results, other, own, metric.name)) for metric in shown]
        rows.append([Cell(other.source), *cells])
    title = f"Minus {own.source}, {own.point}"
    note = f"Mean and standard error of {own.count} pictures' differences; bold beyond two of them."
    return Table(title, ["", *(m.title for m in shown)], rows, [note])


def paired(results: Results, source: Summary, anchor: Summary, metric: str) -> list[float]:
    """A metric of one source minus that of the anchor, for each picture that has both."""
    one, other = (
        {row.photo.name: row.values[metric] for row in results.rows_of(s) if metric in row.values}
        for s in (source, anchor)
    )
    return [one[name] - other[name] for name in one if name in other]


def difference(values: Sequence[float]) -> Cell:
    """Mean ± standard error."""
    if len(values) < 2:
        return Cell("–")
    mean, error = fmean(values), stdev(values) / len(values) ** 0.5
    return Cell(f"{mean:+.4f} ± {error:.4f}", abs(mean) > 2 * error)
