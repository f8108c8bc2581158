"""One table: what every codec makes of a folder of photos at equal bytes of whole files, `.sedic` beside the classical ones.

    python -m sedic_tools.pages.equal_bytes KODAK --out docs/equal-bytes

writes `docs/equal-bytes.md` (tables), `.svg` (rates against measures), `.jpg` (contact sheet) and `.json`. The last holds
every finished figure, so that a run that was stopped goes on where it was and one that finds all there only draws again.
A figure is used again only while what made it is the same: the photos by their digests, a codec by its options and its
library's version, `.sedic` by a digest of the package's code, tables and weights. Delete the file where the code of a
measure, a codec's qualities or the search for them have changed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from sedicfmt.errors import BackendFailed, EncodeError, SedicError
from sedicfmt.evaluation import codecs
from sedicfmt.evaluation.frechet import NETWORKS, Array, fid
from sedicfmt.evaluation.judge import MEASURES, Judge, vectors
from sedicfmt.evaluation.metrics import find_photos, load_picture
from sedicfmt.picture import Picture

from . import equal_bytes_page as page
from .equal_bytes_sources import Classical, Row, Sedic, Source, Want

BUDGETS = (500, 700, 1000, 1500, 2000, 3000)
COLUMNS = ["bytes", "scale", "quality", *(measure.name for measure in MEASURES)]
Report = dict[str, Any]
"""{columns, photos: {name: digest}, keys: {id: key}, cells: {way: {budget: Cell}}}; a Cell: {key: id, rows: {name: Row or
None}, fid: one for each network, once all photos are there}."""


@dataclass
class Photo:
    """A photo, read when it is needed, and the vectors of its crops, kept."""

    path: Path
    picture: Picture = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.picture = load_picture(self.path)

    @cached_property
    def vectors(self) -> dict[str, Array]:
        return vectors(self.picture)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the tool; gives its exit code (errors.py)."""
    options = _parser().parse_args(arguments)
    budgets = sorted(set(options.bytes or BUDGETS))
    try:
        photos = [Photo(path) for path in find_photos(options.folder)]
        report = start_report(options.out.with_suffix(".json"), photos)
        sources = sources_of(budgets, options)
        for source in sources:
            measure(report, source, photos, options.jobs, lambda: write_report(report, options.out))
        page.write(report, [photo.path for photo in photos], sources, budgets, options.out, command_line(options))
    except (SedicError, OSError) as error:
        print(f"equal_bytes: {error}", file=sys.stderr)
        return getattr(error, "exit_code", 74)
    return 0


def sources_of(budgets: Sequence[int], options: argparse.Namespace) -> list[Source]:
    """The codecs asked for, then ours."""
    peers = [codec for codec in codecs.CODECS if not options.codec or codec.name in options.codec]
    ours = [] if options.no_sedic else [Sedic(budget, options.model) for budget in budgets]
    return [*(Classical(codec, budgets) for codec in peers), *ours]


def start_report(path: Path, photos: Sequence[Photo]) -> Report:
    """The report to go on with. Raises EncodeError where the one at `path` is of other photos or other measures."""
    digests = {photo.path.name: hashlib.sha256(photo.path.read_bytes()).hexdigest()[:16] for photo in photos}
    if not path.exists():
        return {"columns": COLUMNS, "photos": digests, "keys": {}, "cells": {}}
    report = json.loads(path.read_text())
    if (report["columns"], report["photos"]) != (COLUMNS, digests):
        raise EncodeError(f"{path} is of other photos or measures: name another --out, or delete it")
    return report


def measure(report: Report, source: Source, photos: Sequence[Photo], jobs: int, keep: Callable[[], None]) -> None:
    """Adds what is not there yet of one source; `keep` is called after every photo."""
    cells = cells_of(report, source)
    wants = [want for want, cell in cells.items() if "fid" not in cell]
    if not wants:
        return
    seen: dict[Want, list[dict[str, Array]]] = {want: [] for want in wants}

    def work(photo: Photo) -> tuple[Photo, dict[Want, tuple[Row, dict[str, Array]] | None]]:
        return photo, code_and_judge(source, photo, wants, cells)

    with ThreadPoolExecutor(jobs) as pool:
        for photo, found in pool.map(work, photos):
            for want, result in found.items():
                cells[want]["rows"][photo.path.name] = result and result[0]
                seen[want] += [result[1]] if result else []
            keep()
            _progress(f"{source.name}: {photo.path.name}")
    for want in wants:
        whole = len(seen[want]) == len(photos)
        cells[want]["fid"] = [distance(photos, seen[want], network) if whole else None for network in NETWORKS]
    keep()


def code_and_judge(
    source: Source, photo: Photo, wants: Sequence[Want], cells: Mapping[Want, Any]
) -> dict[Want, tuple[Row, dict[str, Array]] | None]:
    """A photo's rows and vectors for these wants of a source; equal files are judged once, and known ones not again."""
    name, judge = photo.path.name, Judge(photo.picture)
    known = {want: cell["rows"][name] for want, cell in cells.items() if cell["rows"].get(name)}
    judged: dict[tuple[bytes, str], tuple[Any, dict[str, Array]]] = {}
    found: dict[Want, tuple[Row, dict[str, Array]] | None] = {}
    for want, coded in source.code(photo.path, photo.picture, wants, known):
        if coded is None:
            found[want] = None
            continue
        if len(coded.data) > want[1]:
            raise BackendFailed(f"{source.name} made {len(coded.data)} bytes of {name}, more than {want[1]}")
        same = (coded.data, coded.codec)
        if same not in judged:
            before = known.get(want)
            judged[same] = (before[3:] if before else judge.figures(coded.picture), vectors(coded.picture))
        figures, crops = judged[same]
        found[want] = ([len(coded.data), str(coded.scale), coded.quality, *figures], crops)
    return found


def distance(photos: Sequence[Photo], pictures: Sequence[dict[str, Array]], network: str) -> float | None:
    """FID by one network; None where there are too few crops for it."""
    try:
        return round(fid([p.vectors[network] for p in photos], [p[network] for p in pictures]), 4)
    except EncodeError:
        return None


def cells_of(report: Report, source: Source) -> dict[Want, Any]:
    """The cells that a source fills, those emptied that something else would make today."""
    key = json.loads(json.dumps(source.key))
    made = hashlib.sha256(json.dumps(key).encode()).hexdigest()[:8]
    found, stale = {}, set()
    for way, budget in source.wants:
        cells = report["cells"].setdefault(way, {})
        if cells.get(str(budget), {"key": made})["key"] != made:
            stale.add(cells.pop(str(budget))["key"])
        found[way, budget] = cells.setdefault(str(budget), {"key": made, "rows": {}})
    for before in stale:
        print(f"equal_bytes: {source.name} is measured anew: {report['keys'][before]} -> {key}", file=sys.stderr)
    report["keys"][made] = key
    return found


def write_report(report: Report, out: Path) -> None:
    """Replaces the JSON file in one step, so that a stop in between leaves the old one whole; a cell a line."""
    used = {cell["key"] for cells in report["cells"].values() for cell in cells.values()}
    keys = {made: key for made, key in report["keys"].items() if made in used}
    head = {"columns": report["columns"], "photos": report["photos"], "keys": keys}
    lines = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in head.items()]
    ways = [
        f"{json.dumps(way)}: {{\n" + ",\n".join(f"{json.dumps(b)}: {json.dumps(cells[b])}" for b in cells) + "}"
        for way, cells in report["cells"].items()
    ]
    path = out.with_suffix(".json")
    scratch = path.with_name(path.name + ".part")
    scratch.write_text("{\n" + ",\n".join([*lines, '"cells": {\n' + ",\n".join(ways) + "}"]) + "\n}\n")
    os.replace(scratch, path)


def command_line(options: argparse.Namespace) -> str:
    """The command to repeat, folders by their names alone: where they lie on one machine is nobody's business."""
    out = options.out.name if options.out.is_absolute() else options.out
    more = [f" --bytes {budget}" for budget in options.bytes or []] + [
        f" --codec '{name}'" for name in options.codec or []
    ]
    more += [" --no-sedic"] if options.no_sedic else [f" --model {options.model}"] if options.model else []
    return f"python -m sedic_tools.pages.equal_bytes {options.folder.resolve().name} --out {out}{''.join(more)}"


def _progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="equal_bytes", description=(__doc__ or "").splitlines()[0])
    names = [codec.name for codec in codecs.CODECS]
    parser.add_argument("folder", type=Path, help="the photos, sides at least 192 pixels")
    parser.add_argument("--out", type=Path, required=True, help="the files to write, without the end of their names")
    parser.add_argument("--bytes", type=int, action="append", help=f"a budget; may be repeated (default: {BUDGETS})")
    parser.add_argument("--codec", action="append", choices=names, help="only these beside ours; may be repeated")
    parser.add_argument("--no-sedic", action="store_true", help="only the classical codecs")
    parser.add_argument("--model", help="a latent model's name for sedic-pack; its default if none is given")
    parser.add_argument("--jobs", type=int, default=1, help="photos at the same time (default: %(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
