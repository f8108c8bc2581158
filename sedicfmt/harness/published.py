"""Results that others published, as curves: read, never measured here, and marked so wherever they are shown.

A CSV has a line of names, `bpp` and those of metrics (metrics/table.py), then a line a point; an empty cell is no figure. A
JSON is CompressAI's: {"name", "results": {"bpp": […], "psnr-rgb": […], …}}, or "psnr" in its older files. A name that is no
metric's is passed over in JSON, an error in CSV.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sedicfmt.errors import EncodeError
from sedicfmt.harness.metrics.table import METRICS

MARK = " (published)"
OF_COMPRESSAI = {"psnr": "psnr-rgb", "ms-ssim": "ms-ssim-rgb"}
"""Our names of metrics and CompressAI's, where they differ."""
NAMES = {metric.name for metric in METRICS}


@dataclass(frozen=True)
class Published:
    """A curve: `points` are {"bpp": …, metric: …}, by bpp; `note` says where it is from and what it rests on."""

    name: str
    points: tuple[Mapping[str, float], ...]
    note: str = ""


def read_published(given: Mapping[str, Any], folder: Path, where: str) -> Published:
    """A table of `published`: {"name", "file", "note"}. Raises EncodeError, OSError."""
    if not set(given) <= {"name", "file", "note"} or "file" not in given:
        raise EncodeError("published has file, name and note", where)
    path = folder / given["file"]
    name, points = from_json(path) if path.suffix == ".json" else (path.stem, from_csv(path))
    if not points:
        raise EncodeError(f"{path} has no point with a bpp", where)
    name = str(given.get("name", name))
    marked = name if name.endswith(MARK) else name + MARK
    return Published(marked, tuple(sorted(points, key=lambda p: p["bpp"])), str(given.get("note", "")))


def from_csv(path: Path) -> list[dict[str, float]]:
    """The points in a CSV file. Raises EncodeError with the line."""
    with path.open(newline="") as stream:
        lines = csv.DictReader(stream)
        unknown = sorted(set(lines.fieldnames or ()) - NAMES - {"bpp"})
        if unknown or "bpp" not in (lines.fieldnames or ()):
            raise EncodeError(f"{path}: wants the columns bpp and names of metrics, not {', '.join(unknown) or 'none'}")
        found = []
        for number, line in enumerate(lines, 2):
            try:
                found.append({name: float(value) for name, value in line.items() if value})
            except (TypeError, ValueError, AttributeError) as error:
                raise EncodeError(f"{path}, line {number}: {error}") from error
    return [point for point in found if "bpp" in point]


def from_json(path: Path) -> tuple[str, list[dict[str, float]]]:
    """The name and the points in a file of CompressAI's form. Raises EncodeError."""
    try:
        held = json.loads(path.read_text())
        results = held["results"]
        columns = {name: results[name] for name in NAMES if name in results}
        columns |= {ours: results[theirs] for ours, theirs in theirs_of().items() if theirs in results}
        columns["bpp"] = results["bpp"]
        points = [dict(zip(columns, map(float, row), strict=True)) for row in zip(*columns.values(), strict=True)]
    except (ValueError, KeyError, TypeError) as error:
        raise EncodeError(f"{path} is no result file of CompressAI's form: {error!r}") from error
    return str(held.get("name", path.stem)), points


def theirs_of() -> dict[str, str]:
    """Each metric's name in CompressAI's JSON."""
    return {name: OF_COMPRESSAI.get(name, name) for name in sorted(NAMES)}
