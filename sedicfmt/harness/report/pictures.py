"""What a report shows: curves, and the same part of some pictures by every source, pixel for pixel."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from sedicfmt.evaluation import contact_sheet, rate_plot
from sedicfmt.evaluation.metrics import load_picture
from sedicfmt.harness.experiment import Experiment
from sedicfmt.harness.report.tables import curve_of
from sedicfmt.harness.results import Results, Row
from sedicfmt.picture import Picture

CROP, SHOWN, STEP = 192, 3, 32  # pixels of a crop's side; pictures; pixels between places that are tried
LUMA = (0.299, 0.587, 0.114)


@dataclass(frozen=True)
class Crop:
    """A part of a picture and what stands below it."""

    picture: Picture
    caption: str


def curves(results: Results, experiment: Experiment) -> str:
    """An SVG: a panel a metric, a curve a source of two complete points or more; published ones dashed. Empty without any."""
    names = [*results.sources(), *(published.name for published in experiment.published)]
    look = {name: COLOURS[i % len(COLOURS)] for i, name in enumerate(names)}
    dashed = {published.name for published in experiment.published}
    panels = []
    for metric in results.metrics:
        found = {name: curve_of(results, experiment, name, metric) for name in names}
        lines = [
            rate_plot.Curve(name, look[name], points, "5 3" if name in dashed else "", 1.2 if name in dashed else 1.8)
            for name, points in found.items()
            if len(points) > 1
        ]
        title = f"{metric.title} by bpp, {'higher' if metric.higher_is_better else 'lower'} is better"
        panels += [rate_plot.Panel(title, lines)] if lines else []
    return rate_plot.draw(panels, rate_plot.BPP_TICKS) if panels else ""


def shown_point(results: Results) -> str:
    """The point that most sources have; of several the one in the middle."""
    points = list(dict.fromkeys(s.point for s in results.summaries if s.count))
    most = max((sum(s.point == point for s in results.summaries) for point in points), default=0)
    best = [point for point in points if sum(s.point == point for s in results.summaries) == most]
    return best[len(best) // 2] if best else ""


def crops(results: Results) -> list[list[Crop]]:
    """A row a picture: the photo's part, and that of each source at `shown_point`, or at its own middle point."""
    found = []
    for i in contact_sheet.spread(len(results.photos), SHOWN):
        photo = results.photos[i]
        pixels = load_picture(photo.path)
        place = busiest(pixels)
        rows = [row for source in results.sources() if (row := _row(results, source, photo.name))]
        cells = [Crop(cut(pixels, place), photo.name)]
        cells += [Crop(cut(load_picture(row.picture), place), named(row)) for row in rows if row.picture]
        found.append(cells)
    return found


def named(row: Row) -> str:
    """What stands below a crop."""
    return f"{row.source}, {row.size:,} B" if row.size else row.source


def _row(results: Results, source: str, photo: str) -> Row | None:
    rows = [row for row in results.rows if row.source == source and row.photo.name == photo and row.picture]
    point = shown_point(results)
    return next((row for row in rows if row.point == point), rows[len(rows) // 2] if rows else None)


def busiest(picture: Picture) -> tuple[int, int]:
    """Top and left of the crop with the most detail: the sum of the luma's steps, at places STEP apart."""
    luma = picture.astype(np.float32) @ np.array(LUMA, np.float32)
    steps = np.abs(np.diff(luma, axis=0, prepend=luma[:1])) + np.abs(np.diff(luma, axis=1, prepend=luma[:, :1]))
    height, width = luma.shape
    places = [
        (top, left)
        for top in range(0, max(1, height - CROP + 1), STEP)
        for left in range(0, max(1, width - CROP + 1), STEP)
    ]
    return max(places, key=lambda p: float(steps[p[0] : p[0] + CROP, p[1] : p[1] + CROP].sum()))


def cut(picture: Picture, place: tuple[int, int]) -> Picture:
    """CROP pixels a side, fewer where the picture is smaller."""
    return picture[place[0] : place[0] + CROP, place[1] : place[1] + CROP]


def sheet(rows: Sequence[Sequence[Crop]]) -> Image.Image:
    """All crops on one picture, each pixel for pixel; a row has a cell for each of the most that a row has."""
    columns = max(len(row) for row in rows)
    width = max(crop.picture.shape[1] for row in rows for crop in row)
    blank = contact_sheet.Cell(None, "")
    padded = [
        contact_sheet.Row(
            [contact_sheet.Cell(_padded(c.picture, width), c.caption) for c in row] + [blank] * (columns - len(row))
        )
        for row in rows
    ]
    return contact_sheet.draw_sheet([""] * columns, padded, width)


def _padded(picture: Picture, width: int) -> Picture:
    """White at the right, so that nothing is scaled."""
    return np.pad(picture, ((0, 0), (0, width - picture.shape[1]), (0, 0)), constant_values=255)


def png_of(picture: Picture) -> bytes:
    """A PNG file."""
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "PNG", optimize=True)
    return out.getvalue()


COLOURS = (
    "#d7191c", "#2171b5", "#31a354", "#111111", "#8c6d31", "#7b4173", "#f08030", "#17becf", "#999999", "#e377c2",
    "#637939", "#393b79",
)  # fmt: skip
