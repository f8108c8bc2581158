"""Writes a run's results into a folder: report.html, report.md with curves.svg and crops.png, CSV and JSON."""

from __future__ import annotations

import base64
import datetime
import os
import platform
from collections.abc import Mapping, Sequence
from html import escape
from importlib import metadata
from pathlib import Path

from sedicfmt.harness.experiment import Experiment
from sedicfmt.harness.report import costs, differences, parts, pictures, tables
from sedicfmt.harness.report.tables import Table
from sedicfmt.harness.results import Results, write_compressai, write_csv


def write_report(results: Results, experiment: Experiment, out: Path, command: str, note: str = "") -> list[Path]:
    """All files; gives the two pages. `note`: what else a reader must know, such as what the machine did. Raises OSError."""
    out.mkdir(parents=True, exist_ok=True)
    write_csv(results, out)
    write_compressai(results, out, about(experiment, results))
    drawn = {"curves": pictures.curves(results, experiment), "parts": parts.parts_bars(results)}
    drawn = {name: svg for name, svg in drawn.items() if svg}
    crops = pictures.crops(results)
    found = all_tables(results, experiment)
    for name, svg in drawn.items():
        (out / f"{name}.svg").write_text(svg)
    if crops:
        pictures.sheet(crops).save(out / "crops.png", optimize=True)
    head = [*heading(results, experiment, command), *filter(None, [note])]
    (out / "report.md").write_text(markdown(experiment, head, found, list(drawn), bool(crops), results.failures))
    (out / "report.html").write_text(html(experiment, head, found, drawn, crops, results.failures))
    return [out / "report.html", out / "report.md"]


def all_tables(results: Results, experiment: Experiment) -> list[Table]:
    """In the order of the page."""
    notes = {source.name: source.note for source in experiment.sources}
    found: list[Table | None] = [
        *tables.point_tables(results, notes),
        tables.published_table(experiment),
        parts.parts_table(results),
        *differences.tables(results, experiment.anchor),
        tables.bd_table(results, experiment),
        tables.source_table(results, experiment) if experiment.sources else None,
        tables.metric_table(results),
        costs.cost_table(results),
    ]
    return [table for table in found if table]


def about(experiment: Experiment, results: Results) -> str:
    """The pictures and how they were prepared, in a line."""
    return f"{experiment.pictures.resolve().name}: {len(results.photos)} pictures, prepared {experiment.prepare}"


def heading(results: Results, experiment: Experiment, command: str) -> list[str]:
    """What stands on top of a page."""
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    made = f"Made by `{command}` on {datetime.date.today()} with sedicfmt {metadata.version('sedicfmt')}; {machine}."
    return [*filter(None, [experiment.description]), f"{about(experiment, results)}. {made}", BYTES_ARE]


def markdown(
    experiment: Experiment,
    head: Sequence[str],
    found: Sequence[Table],
    drawn: Sequence[str],
    crops: bool,
    failures: Sequence[str],
) -> str:
    """The page as Markdown."""
    page = [f"# {experiment.name}", *head]
    page += [f"## Failures\n\n{_list(failures)}"] if failures else []
    page += [f"## {TITLES[name]}\n\n![{name}]({name}.svg)" for name in drawn]
    for table in found:
        lines = [_line(table.heads), "|---" * len(table.heads) + "|"]
        lines += [_line([f"**{cell.text}**" if cell.best else cell.text for cell in row]) for row in table.rows]
        page += [f"## {table.title}", "\n".join(lines), *([_list(table.notes)] if table.notes else [])]
    page += ["## Pictures, pixel for pixel\n\n![crops](crops.png)"] if crops else []
    return "\n\n".join(page) + "\n"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _list(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def html(
    experiment: Experiment, head: Sequence[str], found: Sequence[Table], drawn: Mapping[str, str],
    crops: Sequence[Sequence[pictures.Crop]], failures: Sequence[str],
) -> str:  # fmt: skip
    """The page as HTML that asks for nothing outside it."""
    page = [f"<h1>{escape(experiment.name)}</h1>", *(f"<p>{_code(line)}</p>" for line in head)]
    page += [f"<h2>Failures</h2>{_items(failures)}"] if failures else []
    page += [f"<h2>{TITLES[name]}</h2><div class=wide>{svg}</div>" for name, svg in drawn.items()]
    page += [_html_table(table) for table in found]
    if crops:
        page.append("<h2>Pictures, pixel for pixel</h2>")
        page += ["<div class=row>" + "".join(map(_figure, row)) + "</div>" for row in crops]
    body = "\n".join(page)
    title = f"<title>{escape(experiment.name)}</title>"
    return f"<!doctype html>\n<html lang=en><meta charset=utf-8>{title}{STYLE}\n{body}\n</html>\n"


def _html_table(table: Table) -> str:
    heads = "".join(f"<th>{escape(head)}" for head in table.heads)
    rows = "".join(
        "<tr>" + "".join(f"<td{' class=best' if cell.best else ''}>{escape(cell.text)}" for cell in row)
        for row in table.rows
    )
    told = _items(table.notes) if table.notes else ""
    kind = " class=words" if table.words else ""
    return f"<h2>{escape(table.title)}</h2><div class=wide><table{kind}><tr>{heads}{rows}</table></div>{told}"


def _items(lines: Sequence[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(line)}" for line in lines) + "</ul>"


def _code(line: str) -> str:
    parts = escape(line).split("`")
    return "".join(f"<code>{part}</code>" if i % 2 else part for i, part in enumerate(parts))


def _figure(crop: pictures.Crop) -> str:
    data = base64.b64encode(pictures.png_of(crop.picture)).decode()
    height, width = crop.picture.shape[:2]
    words = escape(crop.caption)
    image = f'<img src="data:image/png;base64,{data}" width={width} height={height} alt="{words}">'
    return f'<figure style="width:{width}px">{image}<figcaption>{words}</figcaption></figure>'


TITLES = {"curves": "Curves", "parts": "Where the bytes go"}
BYTES_ARE = (
    "Bytes are those of files on disk, and a picture is what another process decodes of the file alone; bpp is bytes x 8 / "
    "pixels of the prepared picture. Figures are means over the pictures; ↑ more is better, ↓ less is better; the best of a "
    "column is bold. A source has figures, and stands on a curve, only where every picture has a file. Figures marked "
    "(published) are others' own."
)
STYLE = """<style>
body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;max-width:75em;padding:0 1em;color:#222;background:#fff}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:.2em .6em;text-align:right;border-bottom:1px solid #ddd}th{vertical-align:bottom}
th:first-child,td:first-child,.words th,.words td{text-align:left}.words td{vertical-align:top}
.best{font-weight:700}.wide{overflow-x:auto}
.row{display:flex;flex-wrap:wrap;gap:8px;margin-bottom:12px}figure{margin:0}
figcaption{font-size:12px;overflow-wrap:anywhere}img{display:block;image-rendering:pixelated}
ul{color:#555;font-size:13px}h2{margin-top:1.6em}code{background:#f3f3f3}
</style>"""
