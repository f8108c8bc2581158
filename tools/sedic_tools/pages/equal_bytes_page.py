"""What `equal_bytes` shows of its report: Markdown with a table a budget, curves, and a contact sheet."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

from PIL import Image

from sedicfmt.evaluation import classical, codecs, contact_sheet, rate_plot
from sedicfmt.evaluation.judge import MEASURES, OVER_ALL, Measure, natural
from sedicfmt.evaluation.metrics import load_picture

from .equal_bytes_sources import ALONE, FULL, REFERENCE, REFINED, RESTORED, Sedic, Source

FIGURES: tuple[Measure, ...] = (*MEASURES, *OVER_ALL)
OURS = (RESTORED, REFERENCE, ALONE, REFINED)
MAIN = (1000, 2000)  # budgets shown first
SHOWN = 4  # photos on the sheet
Report = dict[str, Any]


class Line(NamedTuple):
    """A row of a budget's table: means over all photos, None where a photo has none; `fitted` photos had a file."""

    way: str
    fitted: int
    size: float
    figures: list[float | None]


def write(
    report: Report, photos: Sequence[Path], sources: Sequence[Source], budgets: Sequence[int], out: Path, command: str
) -> None:
    """The page, the curves and the sheet, beside each other."""
    wants = [want for source in sources for want in source.wants]
    wants.sort(key=lambda want: (want[0] in OURS, want[0].endswith(FULL)))
    lines = {
        budget: [line_of(report, way, budget, len(photos)) for way, at in wants if at == budget] for budget in budgets
    }
    out.with_suffix(".svg").write_text(rate_plot.draw(panels_of(lines)))
    shown = 1000 if 1000 in budgets else budgets[0]
    contact_sheet.save_sheet(sheet_of(report, photos, lines[shown], shown, sources), out.with_suffix(".jpg"))
    text = page_of(report, photos, lines, out.stem, shown, command)
    out.with_suffix(".md").write_text(text)


def line_of(report: Report, way: str, budget: int, photos: int) -> Line:
    """One way's means at one budget."""
    cell = report["cells"][way][str(budget)]
    rows = [row for row in cell["rows"].values() if row]
    if len(rows) < photos:
        return Line(way, len(rows), 0.0, [None] * len(FIGURES))
    columns = list(zip(*rows, strict=True))
    means = [None if None in column else fmean(column) for column in columns[3:]]
    return Line(way, len(rows), fmean(columns[0]), [*means, *cell["fid"]])


def page_of(
    report: Report, photos: Sequence[Path], lines: Mapping[int, Sequence[Line]], stem: str, shown: int, command: str
) -> str:
    """The whole Markdown page."""
    made = "; ".join(dict.fromkeys(key["made by"] for key in report["keys"].values()))
    parts = [f"# {len(photos)} photos at equal bytes", f"Made by `{command}` on {datetime.date.today()} with {made}."]
    parts.append(HOW)
    first = [budget for budget in MAIN if budget in lines]
    for budget in first:
        parts += [f"## {budget:,} bytes", *budget_parts(lines[budget], photos)]
    parts += ["## Curves", "Means of the files' bytes and of the figures, from the tables.", f"![curves]({stem}.svg)"]
    parts += [f"## Pictures at {shown:,} bytes", f"![contact sheet]({stem}.jpg)"]
    for budget in [budget for budget in lines if budget not in first]:
        parts += [f"## {budget:,} bytes", *budget_parts(lines[budget], photos)]
    return "\n\n".join(parts) + "\n"


def budget_parts(lines: Sequence[Line], photos: Sequence[Path]) -> list[str]:
    """A budget's table, what is not in it, and where ours is behind."""
    whole = [line for line in lines if line.fitted == len(photos)]
    absent = [line for line in lines if line.fitted < len(photos)]
    parts = [table_of(whole, photos)]
    if absent:
        told = "; ".join(f"{line.way}: {line.fitted}" for line in absent)
        parts.append(f"Not in the table, as not every photo fits the budget; photos of {len(photos)} that do: {told}.")
    return [*parts, *verdict(whole)]


def table_of(lines: Sequence[Line], photos: Sequence[Path]) -> str:
    """Markdown, the best figure of each column in bold."""
    heads = [f"{m.name} {'↑' if m.higher_is_better else '↓'}" for m in FIGURES]
    rows = ["| | mean bytes | " + " | ".join(heads) + " |", "|---" * (len(FIGURES) + 2) + "|"]
    best = [best_of(lines, i) for i in range(len(FIGURES))]
    for line in lines:
        cells = [shown_figure(value, m, top) for value, m, top in zip(line.figures, FIGURES, best, strict=True)]
        rows.append(f"| {line.way} | {line.size:,.0f} | {' | '.join(cells)} |")
    own = [natural(load_picture(photo)) for photo in photos]
    blank = [
        "" if m.name != "NIQE" else "-" if None in own else format(fmean(filter(None, own)), m.form) for m in FIGURES
    ]
    return "\n".join([*rows, f"| the photos themselves | | {' | '.join(blank)} |"])


def best_of(lines: Sequence[Line], column: int) -> Line | None:
    """The best line in a column; None where it is empty."""
    found = [line for line in lines if line.figures[column] is not None]
    better = max if FIGURES[column].higher_is_better else min
    return better(found, key=lambda line: line.figures[column] or 0.0, default=None)


def shown_figure(value: float | None, measure: Measure, best: Line | None) -> str:
    """As written in the table: bold where no figure, as written, is better."""
    if value is None or best is None:
        return "-"
    written, top = format(value, measure.form), best.figures[FIGURES.index(measure)] or 0.0
    return f"**{written}**" if written == format(top, measure.form) else written


def verdict(lines: Sequence[Line]) -> list[str]:
    """Where the restored picture, which is what a user gets, is ahead of every classical codec, and where it is not."""
    ours = [line for line in lines if line.way in OURS]
    peers = [line for line in lines if line.way not in OURS]
    restored = next((line for line in ours if line.way == RESTORED), None)
    if restored is None:
        return []
    ahead, behind = [], []
    for i, measure in enumerate(FIGURES):
        best = best_of(peers, i)
        if best is not None and best_of([best, restored], i) is restored:
            ahead.append(measure.name)
        elif best is not None:
            told = {line.way: line.figures[i] for line in (best, *ours)}
            shown = ", ".join(f"{way} {value:{measure.form}}" for way, value in told.items() if value is not None)
            behind.append(f"- {measure.name}: {shown}")
    parts = [f"The restored picture is ahead of all classical codecs in: {', '.join(ahead) or 'nothing'}."]
    return parts + (["It is not in:\n\n" + "\n".join(behind)] if behind else [])


def panels_of(lines: Mapping[int, Sequence[Line]]) -> list[rate_plot.Panel]:
    """A panel a measure, a curve a way; single points are left out."""
    found: dict[str, list[Line]] = {}
    for budget in sorted(lines):
        for line in lines[budget]:
            found.setdefault(line.way, []).extend([line] if line.size else [])
    panels = []
    for i, m in enumerate(FIGURES):
        curves = []
        for way, whole in found.items():
            points = [(line.size, line.figures[i] or 0.0) for line in whole if line.figures[i] is not None]
            if len(points) > 1:
                colour, dashes, width = look_of(way)
                curves.append(rate_plot.Curve(way, colour, points, dashes, width))
        title = f"{m.name}, {'higher' if m.higher_is_better else 'lower'} is better"
        panels += [rate_plot.Panel(title, curves)] if curves else []
    return panels


def look_of(way: str) -> tuple[str, str, float]:
    """A way's colour, dashes and width; full size has its codec's colour."""
    if way in OURS:
        return (*OUR_LOOKS[way], 2.5)
    return COLOURS[way.removesuffix(FULL)], "2 3" if way.endswith(FULL) else "", 1.3


def sheet_of(
    report: Report, photos: Sequence[Path], lines: Sequence[Line], budget: int, sources: Sequence[Source]
) -> Image.Image:
    """Some photos, the two classical ways of the highest PSNR, and ours: reference and restored picture."""
    peers = [line for line in lines if line.size and line.way not in OURS and not line.way.endswith(FULL)]
    best = [line.way for line in sorted(peers, key=lambda line: -(line.figures[0] or 0.0))[:2]]
    packer = next((source for source in sources if isinstance(source, Sedic) and source.budget == budget), None)
    ours = (REFERENCE, RESTORED) if packer else ()
    rows = []
    for i in contact_sheet.spread(len(photos), SHOWN):
        path, photo = photos[i], load_picture(photos[i])
        cells = [contact_sheet.Cell(photo, path.stem)]
        for way in best:
            _, scale, quality, *_ = report["cells"][way][str(budget)]["rows"][path.name]
            coded = classical.code_once(photo, codecs.codec_named(way), Fraction(scale), quality)
            cells.append(contact_sheet.Cell(coded.picture, told_of(report, way, budget, path)))
        made = packer.pictures(path, [], ours) if packer else {}
        for way in ours:
            picture = made[way].picture if way in made else None
            cells.append(
                contact_sheet.Cell(picture, told_of(report, way, budget, path) if way in made else "nothing fits")
            )
        rows.append(contact_sheet.Row(cells))
    return contact_sheet.draw_sheet(["original", *best, *ours], rows)


def told_of(report: Report, way: str, budget: int, path: Path) -> str:
    """What stands below a picture on the sheet."""
    size, _, _, decibels, *_ = report["cells"][way][str(budget)]["rows"][path.name]
    return contact_sheet.caption(size, decibels)


COLOURS = {
    "JPEG": "#999999", "WebP": "#8c6d31", "JPEG XL": "#7b4173", "AVIF": "#2171b5", "HEIC": "#31a354", "VVC": "#111111",
}  # fmt: skip
OUR_LOOKS = {
    RESTORED: ("#d7191c", ""),
    REFERENCE: ("#f08030", ""),
    ALONE: ("#f08030", "6 3"),
    REFINED: ("#f08030", "2 2"),
}

HOW = """Bytes are those of whole files, never more than the budget; a picture is what a decoder makes of the file alone.

- Classical codecs: each photo is scaled down by the factor (1 to 1/12) whose picture, scaled up again, has the highest
  PSNR, and coded at the finest quality that fits; "full size" is the same without scaling. The factor is not paid for.
  AVIF's boxes take some 275 bytes, HEIC's 380, which is much at 1,000; VVC's encoder writes no file format, it counts by its
  bare stream, whose headers take 70 and say nothing of colours: both to its advantage. Settings:
  `sedicfmt/evaluation/codecs.py`.
- `.sedic`: `sedic-pack --max-bytes N` and `sedic-unpack`, each in a process of its own, without other options: words,
  masks and latent, so what a user gets is "restored"; "reference picture" is the same file with `--stage reference`;
  "latent alone" is the reference picture of `--objects 0 --words-overall 0`, for those who compare codecs; "refined" is
  with `--refine` too, which takes about half a minute more, at 1,000 and 2,000 bytes.
- PSNR and MS-SSIM want each pixel. LPIPS 0.1 (AlexNet, VGG16) and DISTS are computed at the pictures' own size, with the
  published weights (`sedicfmt/evaluation/metric_weights.py`); ours were trained with LPIPS-alex. SSIMULACRA2 and
  ColorVideoVDP (`cvvdp`, a full-HD screen) are their packages'. `features-ssd` is a squared distance in the features of
  SSD-MobileNet-v2 (`feature_distance.py`), which no model here was trained on. NIQE looks at the picture alone.
- FID is the Fréchet distance between all crops of 128x128 pixels of the decoded pictures and of the photos, in the same
  networks' features at stride 16, pooled over a crop: 96 and 112 dimensions; a picture of 768x512 has 39 crops, 24 have
  936 (`sedicfmt/evaluation/frechet.py`). It is not the published FID, whose network is another.

Means over the photos; ↑ more is better, ↓ less is better; the best of a column is bold."""
