"""An experiment, run: prepare, then for each source and point encode, decode and measure; each step from the cache where it
is there. What fails is told and stands as a gap; the rest goes on."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from sedicfmt.errors import SedicError
from sedicfmt.harness.cache import Cache, Entry, Key, digest_of_path
from sedicfmt.harness.experiment import Experiment
from sedicfmt.harness.measure import Measurer
from sedicfmt.harness.prepare import Photo, given_pictures, prepare
from sedicfmt.harness.progress import Progress
from sedicfmt.harness.results import Results, Row
from sedicfmt.harness.sources.source import Coded, Point, Source, Workshop


@dataclass
class Run:
    """`say` gets what goes wrong, when it does; `jobs`, `ray`: as `Workshop` has them."""

    experiment: Experiment
    cache: Cache
    measurer: Measurer
    progress: Progress
    jobs: int = 1
    say: Callable[[str], None] = lambda line: None
    ray: str | None = None
    results: Results = field(init=False)

    def all(self) -> Results:
        """Everything. Raises EncodeError, OSError for pictures that cannot be prepared: a table over fewer were another."""
        given = given_pictures(self.experiment.pictures)[:: self.experiment.every]
        photos = [prepare(one, self.experiment.prepare, self.cache) for one in given]
        self.results = Results(self.experiment.metrics, photos, gaps=self.measurer.gaps)
        for source in self.experiment.sources:
            for stage in STAGES:
                self.progress.expect(f"{stage} {source.name}", len(photos) * len(source.points))
        for source in self.experiment.sources:
            for point in source.points if self._can(source) else ():
                self._point(source, point, photos)
        self.results.own = self.measurer.own(photos)
        return self.results

    def _can(self, source: Source) -> bool:
        try:
            source.check()
        except SedicError as error:
            self._fail(f"{source.name}: {error}")
            return False
        return True

    def _point(self, source: Source, point: Point, photos: Sequence[Photo]) -> None:
        rows = [Row(source.name, str(point), photo) for photo in photos]
        self.results.rows += rows
        by_name = {row.photo.name: row for row in rows}
        with tempfile.TemporaryDirectory(dir=self.cache.folder, prefix=".work.") as work:
            workshop = partial(Workshop, self.cache, Path(work), self.jobs, ray=self.ray)
            coded = self._encode(source, point, photos, by_name, workshop)
            self._decode(source, point, coded, by_name, workshop)
        self._measure(source, point, rows)

    def _encode(
        self,
        source: Source,
        point: Point,
        photos: Sequence[Photo],
        rows: dict[str, Row],
        workshop: Callable[..., Workshop],
    ) -> list[Coded]:
        wanted = [(photo, encode_key(source, point, photo)) for photo in photos]
        found = self._stage("encode", source.encode, source, point, wanted, lambda photo: photo, rows, workshop)
        coded = [Coded(photo, found[photo.name]) for photo in photos if photo.name in found]
        for one in coded:
            row = rows[one.photo.name]
            row.why, row.size = one.nothing, 0 if one.nothing else one.file.stat().st_size
            row.told |= {f"encode_{name}": value for name, value in self._costs(one.entry).items()}
            row.told |= {name: one.entry.told[name] for name in ("scale", "quality", "parts") if name in one.entry.told}
        return [one for one in coded if not one.nothing]

    def _decode(
        self,
        source: Source,
        point: Point,
        coded: Sequence[Coded],
        rows: dict[str, Row],
        workshop: Callable[..., Workshop],
    ) -> None:
        wanted = [(one, decode_key(source, point, one)) for one in coded]
        found = self._stage("decode", source.decode, source, point, wanted, lambda one: one.photo, rows, workshop)
        for one in coded:
            row = rows[one.photo.name]
            if one.photo.name in found:
                entry = found[one.photo.name]
                row.picture = entry.file("picture.png")
                row.told |= {f"decode_{name}": value for name, value in self._costs(entry).items()}

    def _stage(
        self, stage: str, work: Callable[..., None], source: Source, point: Point, wanted: Sequence[tuple[Any, Key]],
        photo_of: Callable[[Any], Photo], rows: dict[str, Row], workshop: Callable[..., Workshop],
    ) -> dict[str, Entry]:  # fmt: skip
        """What is in the cache, and what the source makes of the rest, by the pictures' names."""
        kind, found = f"{stage} {source.name}", dict[str, Entry]()
        for item, key in wanted:
            entry = self.cache.find(key)
            if entry:
                found[photo_of(item).name] = entry
                self.progress.done(kind, made=False)

        def done(photo: Photo, entry: Entry) -> None:
            found[photo.name] = entry
            self.progress.done(kind)

        def failed(photo: Photo, error: SedicError) -> None:
            rows[photo.name].why = str(error)
            self._fail(f"{source.name} at {point}, {photo.name}: {error}")
            self.progress.done(kind, made=False)

        left = [(item, key) for item, key in wanted if photo_of(item).name not in found]
        if left:
            try:
                work(left, point, workshop(done, failed))
            except SedicError as error:
                self._fail(f"{source.name} at {point}: {error}")
                for item, _ in left:
                    rows[photo_of(item).name].why = rows[photo_of(item).name].why or str(error)
        return found

    def _measure(self, source: Source, point: Point, rows: Sequence[Row]) -> None:
        kind = f"measure {source.name}"

        def one(row: Row) -> None:
            if row.picture:
                self.measurer.row(row)
            self.progress.done(kind, made=bool(row.picture))

        with ThreadPoolExecutor(self.jobs) as pool:
            list(pool.map(one, rows))
        summary = self.results.summarise(source.name, str(point))
        if summary.complete:
            self.measurer.whole(summary, [row.photo.path for row in rows], [row.picture for row in rows if row.picture])

    def _costs(self, entry: Entry) -> dict[str, Any]:
        """Seconds and peak memory as results.py names them."""
        told = entry.told
        found: dict[str, Any] = {name: told[name] for name in ("process_seconds", "peak_bytes") if name in told}
        if "together" in told:
            found["process_seconds"] /= told["together"]
        if "stages" in told:
            found["seconds"] = sum(told["stages"].values())
            found["stages"] = told["stages"]
            batch = self.cache.find({"stage": "batch", "id": told.get("batch")})
            found |= {"peak_bytes": batch.told["peak_bytes"]} if batch else {}
        return found

    def _fail(self, line: str) -> None:
        self.results.failures.append(line)
        self.say(line)


def encode_key(source: Source, point: Point, photo: Photo) -> Key:
    """All that decides a file."""
    return {"stage": "encode", "of": photo.digest, "budget": point.budget(photo), "by": source.encoding(point)}


def decode_key(source: Source, point: Point, coded: Coded) -> Key:
    """All that decides a picture: the file, and the size that some decoders are told."""
    size = [coded.photo.width, coded.photo.height]
    return {"stage": "decode", "of": digest_of_path(coded.file), "size": size, "by": source.decoding(point)}


STAGES = ("encode", "decode", "measure")
