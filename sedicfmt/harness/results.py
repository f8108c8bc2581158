"""What a run found: a row a picture, a summary a point, gaps with their reasons; written as CSV and as CompressAI's JSON.

`results.csv`: a line for each source, point and picture. `summary.csv`: a line for each source, point and metric, with the
metric's library, backbone and protocol. `compressai/SOURCE.json`: {"name", "description", "results": {"bpp": […], "psnr-rgb":
[…], …}}, which `python -m compressai.utils.plot -f …` draws, and below it one a picture and point, with its `source`.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any

from sedicfmt.harness.metrics.metric import Metric
from sedicfmt.harness.prepare import Photo
from sedicfmt.harness.published import theirs_of

COSTS = (
    "encode_seconds", "decode_seconds", "encode_process_seconds", "decode_process_seconds", "encode_peak_bytes",
    "decode_peak_bytes",
)  # fmt: skip


@dataclass
class Row:
    """A picture by one source at one point. Without a `picture` it is no result, and `why` says why; `size` 0: not known."""

    source: str
    point: str
    photo: Photo
    size: int = 0
    why: str = ""
    values: dict[str, float] = field(default_factory=dict)
    gaps: dict[str, str] = field(default_factory=dict)
    told: dict[str, Any] = field(default_factory=dict)
    picture: Path | None = None

    @property
    def bpp(self) -> float:
        return self.size * 8 / self.photo.pixels


@dataclass
class Summary:
    """A point's means over its pictures (`count` of `wanted`); `whole`: figures of the set, with what else they tell."""

    source: str
    point: str
    count: int
    wanted: int
    size: float
    bpp: float
    values: dict[str, float]
    whole: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Only such points stand on curves: a mean over some pictures is another picture set's."""
        return self.count == self.wanted


@dataclass
class Results:
    """All that a run found. `gaps`: metric -> why it has no figures; `failures`: what went wrong, in words; `own`: the photos'
    own means, of the metrics that need no picture beside."""

    metrics: Sequence[Metric]
    photos: Sequence[Photo]
    rows: list[Row] = field(default_factory=list)
    summaries: list[Summary] = field(default_factory=list)
    gaps: dict[str, str] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    own: dict[str, float] = field(default_factory=dict)

    def summarise(self, source: str, point: str) -> Summary:
        """The means of a point's rows, kept."""
        there = [row for row in self.rows if (row.source, row.point) == (source, point) and row.picture]
        values = {m.name: fmean(row.values[m.name] for row in there) for m in self.metrics if self._all(there, m.name)}
        costs = {
            name: fmean(row.told[name] for row in there)
            for name in COSTS
            if there and all(name in r.told for r in there)
        }
        size, bpp = (fmean(getattr(row, name) for row in there) if there else 0.0 for name in ("size", "bpp"))
        made = Summary(source, point, len(there), len(self.photos), size, bpp, values | costs)
        self.summaries.append(made)
        return made

    @staticmethod
    def _all(rows: Sequence[Row], metric: str) -> bool:
        return bool(rows) and all(metric in row.values for row in rows)

    def sources(self) -> list[str]:
        """In the order they were measured."""
        return list(dict.fromkeys(summary.source for summary in self.summaries))

    def rows_of(self, s: Summary) -> list[Row]:
        """A point's, a picture each."""
        return [row for row in self.rows if (row.source, row.point) == (s.source, s.point)]

    def of(self, source: str) -> list[Summary]:
        """The points of a source."""
        return [summary for summary in self.summaries if summary.source == source]

    def curve(self, source: str, metric: str) -> list[tuple[float, float]]:
        """(bpp, figure) of the complete points that have the figure, by bpp."""
        points = [(s.bpp, s.values[metric]) for s in self.of(source) if s.complete and s.bpp and metric in s.values]
        return sorted(points)


def write_csv(results: Results, folder: Path) -> None:
    """`results.csv` and `summary.csv`."""
    names = [metric.name for metric in results.metrics if metric.kind != "all"]
    with (folder / "results.csv").open("w", newline="") as stream:
        out = csv.writer(stream)
        out.writerow(["source", "point", "picture", "width", "height", "bytes", "bpp", *names, *COSTS, "note"])
        for row in results.rows:
            photo = row.photo
            figures = [row.values.get(name, "") for name in names]
            rate = [row.size, f"{row.bpp:.6f}"] if row.size else ["", ""]
            notes = "; ".join(filter(None, [row.why, *(f"{k}: {v}" for k, v in row.gaps.items())]))
            costs = [row.told.get(name, "") for name in COSTS]
            out.writerow([row.source, row.point, photo.name, photo.width, photo.height, *rate, *figures, *costs, notes])
    with (folder / "summary.csv").open("w", newline="") as stream:
        out = csv.writer(stream)
        out.writerow(
            ["source", "point", "pictures", "of", "bytes", "bpp", "metric", "value", *TOLD_OF_METRIC, "details"]
        )
        for s in results.summaries:
            for metric in results.metrics:
                value = s.values.get(metric.name, "")
                told = json.dumps(s.whole[metric.name]) if metric.name in s.whole else results.gaps.get(metric.name, "")
                about = [metric.library, metric.backbone, metric.protocol]
                head = [s.source, s.point, s.count, s.wanted, f"{s.size:.2f}", f"{s.bpp:.6f}"]
                out.writerow([*head, metric.name, value, *about, told])


def write_compressai(results: Results, folder: Path, description: str) -> None:
    """A file a source, and one for each of its pictures and points."""
    names = theirs_of()
    for source in results.sources():
        points = sorted((s for s in results.of(source) if s.complete), key=lambda s: s.bpp)
        if not points:
            continue
        columns = {"bpp": [s.bpp for s in points]} if all(s.bpp for s in points) else {}
        for metric in results.metrics:
            if all(metric.name in s.values for s in points):
                columns[names[metric.name]] = [s.values[metric.name] for s in points]
        for theirs, ours in (("encoding_time", "encode_process_seconds"), ("decoding_time", "decode_process_seconds")):
            if all(ours in s.values for s in points):
                columns[theirs] = [s.values[ours] for s in points]
        place = folder / "compressai"
        write_json(
            place / f"{file_name(source)}.json", {"name": source, "description": description, "results": columns}
        )
    for row in results.rows:
        if row.picture:
            found: dict[str, Any] = ({"bpp": row.bpp} if row.size else {}) | {
                names[name]: value for name, value in row.values.items()
            }
            told = {"source": row.photo.name, "name": row.source, "description": row.point, "results": found}
            name = f"{file_name(row.photo.name)}-{file_name(row.point)}.json"
            write_json(folder / "compressai" / file_name(row.source) / name, told)


def write_json(path: Path, held: Mapping[str, Any]) -> None:
    """Makes the folder, too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(held, indent=2) + "\n")


def file_name(name: str) -> str:
    """A name as a part of a path: letters, digits, dots and dashes."""
    return re.sub(r"[^\w.-]+", "-", name).strip("-.") or "unnamed"


TOLD_OF_METRIC = ("library", "backbone", "protocol")
