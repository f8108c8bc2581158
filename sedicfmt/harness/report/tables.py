"""What a report's tables say, without saying in what form: a table is a title, heads and rows of cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sedicfmt.errors import MissingDependency, SedicError
from sedicfmt.harness.bd_rate import LEAST_POINTS, BdRate, bd_rate
from sedicfmt.harness.experiment import Experiment
from sedicfmt.harness.metrics.metric import ALL, Metric
from sedicfmt.harness.results import Results, Summary

OTHERS = "Other points"


@dataclass(frozen=True)
class Cell:
    """What is written, and whether it is the best of its column."""

    text: str
    best: bool = False


@dataclass
class Table:
    """`notes` stand below it; `words`: its cells are read as words, not compared as figures."""

    title: str
    heads: Sequence[str]
    rows: list[list[Cell]]
    notes: list[str] = field(default_factory=list)
    words: bool = False


def point_tables(results: Results, notes: dict[str, str]) -> list[Table]:
    """A table for each point that several sources have, then one of all the others."""
    points = list(dict.fromkeys(s.point for s in results.summaries))
    shared = [point for point in points if sum(s.point == point for s in results.summaries) > 1]
    tables = [_table(point, [s for s in results.summaries if s.point == point], results, notes) for point in shared]
    rest = [s for s in results.summaries if s.point not in shared]
    return tables + ([_table(OTHERS if tables else "All points", rest, results, notes)] if rest else [])


def _table(title: str, summaries: Sequence[Summary], results: Results, notes: dict[str, str]) -> Table:
    shown = [m for m in results.metrics if any(m.name in s.values for s in summaries)]
    comparable = title not in (OTHERS, "All points")
    heads = ["", *([] if comparable else ["point"]), "bytes", "bpp", *(head(m) for m in shown)]
    rows = []
    for s in summaries:
        rate = [Cell(f"{s.size:,.0f}" if whole(s) else "–"), Cell(f"{s.bpp:.4f}" if whole(s) else "–")]
        figures = [figure(s, metric, summaries if comparable else ()) for metric in shown]
        rows.append([Cell(s.source), *([] if comparable else [Cell(s.point)]), *rate, *figures])
    if results.own:
        own = [Cell(f"{results.own[m.name]:{m.form}}" if m.name in results.own else "") for m in shown]
        blank = [Cell("")] * (len(heads) - len(shown) - 1)
        rows += [[Cell("the pictures themselves"), *blank, *own]] if any(cell.text for cell in own) else []
    told = [lacking(s, results) for s in summaries if not s.complete]
    told += dict.fromkeys(f"{s.source}: {notes[s.source]}" for s in summaries if notes.get(s.source))
    return Table(title, heads, rows, told)


def whole(s: Summary) -> bool:
    """Whether its bytes are known, of every picture."""
    return s.complete and s.size > 0


def lacking(s: Summary, results: Results) -> str:
    """Why a point has no figures: how many pictures there are, and the reasons of the others."""
    reasons = "; ".join(dict.fromkeys(row.why for row in results.rows_of(s) if not row.picture and row.why))
    return f"{s.source}, {s.point}: {s.count} of {s.wanted} pictures{f' ({reasons})' if reasons else ''}"


def published_table(experiment: Experiment) -> Table | None:
    """Others' figures as they printed them, a row a point; None without any."""
    shown = [m for m in experiment.metrics if any(m.name in point for p in experiment.published for point in p.points)]
    rows = [
        [Cell(p.name), Cell(f"{point['bpp']:.4f}"), *(published_figure(point, metric) for metric in shown)]
        for p in experiment.published
        for point in p.points
    ]
    notes = [f"{p.name}: {p.note}" for p in experiment.published if p.note]
    return Table("Published, not measured here", ["", "bpp", *map(head, shown)], rows, notes) if rows else None


def published_figure(point: Mapping[str, float], metric: Metric) -> Cell:
    """As the tables of this page write it."""
    return Cell(format(point[metric.name], metric.form) if metric.name in point else "–")


def head(metric: Metric) -> str:
    """A column's."""
    return f"{metric.title} {'↑' if metric.higher_is_better else '↓'}"


def figure(summary: Summary, metric: Metric, beside: Sequence[Summary]) -> Cell:
    """A figure as written; the best where none of those beside it is better as written."""
    if not summary.complete or metric.name not in summary.values:
        return Cell("–")
    written = format(summary.values[metric.name], metric.form)
    values = [s.values[metric.name] for s in beside if s.complete and metric.name in s.values]
    best = (max if metric.higher_is_better else min)(values, default=None)
    return Cell(written, len(values) > 1 and best is not None and written == format(best, metric.form))


def metric_table(results: Results) -> Table:
    """What each metric is, and why it has no figures."""
    rows = []
    for m in results.metrics:
        told = (m.title, m.library, m.backbone or "–", m.protocol, _patches(results, m), _state(results, m))
        rows.append([Cell(text) for text in told])
    return Table("Metrics", ["metric", "library", "backbone", "protocol", "patches", "state"], rows, words=True)


def _state(results: Results, metric: Metric) -> str:
    """Whether it has figures; where some lack, why."""
    if metric.name in results.gaps:
        return results.gaps[metric.name]
    gaps = [row.gaps[metric.name] for row in results.rows if metric.name in row.gaps]
    gaps += [s.whole[metric.name]["gap"] for s in results.summaries if "gap" in s.whole.get(metric.name, {})]
    measured = any(metric.name in s.values for s in results.summaries)
    state = ("measured, not everywhere" if gaps else "measured") if measured else "no figure"
    return ": ".join([state, *gaps[:1]])


def source_table(results: Results, experiment: Experiment) -> Table:
    """By what each source was made."""
    rows = []
    for source in experiment.sources:
        try:
            made = source.made
        except SedicError as error:
            made = str(error)
        rows.append([Cell(source.name), Cell(made)])
    return Table("Sources", ["", "made by"], rows, words=True)


def _patches(results: Results, metric: Metric) -> str:
    """How many a set had: figures of other numbers do not compare."""
    found = {
        str(s.whole[metric.name]["patches"]) for s in results.summaries if "patches" in s.whole.get(metric.name, {})
    }
    return ", ".join(sorted(found)) if metric.kind == ALL else ""


def bd_table(results: Results, experiment: Experiment) -> Table | None:
    """A row a source, a column a metric: percent of rate against the anchor. None without an anchor that is a curve."""
    if not any(len(curve_of(results, experiment, experiment.anchor, m)) >= LEAST_POINTS for m in results.metrics):
        return None
    curves = {source: source for source in (*results.sources(), *(p.name for p in experiment.published))}
    shown = [m for m in results.metrics if len(curve_of(results, experiment, experiment.anchor, m)) > 1]
    rows = []
    for name in curves:
        if name != experiment.anchor:
            cells = [_bd_cell(results, experiment, name, metric) for metric in shown]
            rows.append([Cell(name), *cells])
    notes = ["Less is better. In brackets the share of both curves' quality that overlaps. MS-SSIM in dB."]
    return Table(f"BD-rate against {experiment.anchor}, %", ["", *(m.title for m in shown)], rows, notes)


def _bd_cell(results: Results, experiment: Experiment, name: str, metric: Metric) -> Cell:
    anchor, tested = (curve_of(results, experiment, which, metric) for which in (experiment.anchor, name))
    try:
        found = bd_rate(anchor, tested, metric.name, metric.higher_is_better)
    except MissingDependency as missing:
        found = BdRate(None, why=str(missing))
    return Cell(found.why if found.percent is None else f"{found.percent:+.1f} ({found.overlap:.0%})")


def curve_of(results: Results, experiment: Experiment, name: str, metric: Metric) -> list[tuple[float, float]]:
    """(bpp, figure) of a measured source, or of a published one."""
    for published in experiment.published:
        if published.name == name:
            return [(point["bpp"], point[metric.name]) for point in published.points if metric.name in point]
    return results.curve(name, metric.name)
