"""Two folders, what a codec made and what it was to make: their figures, in the form that MS-ILLM, StableCodec and AEIC share.

A picture has the name of its photo, with any suffix. One that lacks, or has another size, ends it: a mean over the rest would
be another set's. Bytes come from a folder of the files (`bits`), each under its picture's name, or are not known.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sedicfmt.batch.jobs import PICTURES
from sedicfmt.errors import EncodeError
from sedicfmt.harness.cache import Cache
from sedicfmt.harness.measure import Measurer
from sedicfmt.harness.prepare import Given, Photo, given_pictures, prepare
from sedicfmt.harness.results import Results, Row

GIVEN = "as given"


@dataclass(frozen=True)
class Folders:
    """`made`: the pictures; `photos`: what they are to be; `bits`: the files, or None."""

    made: Path
    photos: Path
    bits: Path | None = None


def score(folders: Folders, cache: Cache, measurer: Measurer, done: Callable[[int, int], None]) -> Results:
    """The figures of a folder. Raises EncodeError, OSError."""
    photos = [prepare(given, "as-is", cache) for given in given_pictures(folders.photos)]
    pairs = [(photo, prepare(given, "as-is", cache)) for photo, given in _paired(photos, folders.made)]
    results = Results(measurer.metrics, photos, gaps=measurer.gaps)
    for i, (photo, picture) in enumerate(pairs):
        if (photo.width, photo.height) != (picture.width, picture.height):
            sizes = f"{picture.width}x{picture.height}, its photo {photo.width}x{photo.height}"
            raise EncodeError(f"{photo.name} in {folders.made} has {sizes} pixels")
        row = Row(folders.made.resolve().name, GIVEN, photo, _size(folders.bits, photo.name), picture=picture.path)
        results.rows.append(row)
        measurer.row(row)
        done(i + 1, len(pairs))
    summary = results.summarise(folders.made.resolve().name, GIVEN)
    measurer.whole(summary, [photo.path for photo, _ in pairs], [picture.path for _, picture in pairs])
    results.own = measurer.own(photos)
    return results


def _paired(photos: list[Photo], made: Path) -> list[tuple[Photo, Given]]:
    given = {one.name: one for one in given_pictures(made)}
    lacking = [photo.name for photo in photos if photo.name not in given]
    if lacking:
        raise EncodeError(f"{made} has no picture for {len(lacking)} of {len(photos)} photos, such as {lacking[0]}")
    return [(photo, given[photo.name]) for photo in photos]


def _size(bits: Path | None, name: str) -> int:
    """Bytes of a picture's file; 0 where they are not known."""
    if bits is None:
        return 0
    found = [path for path in bits.iterdir() if path.is_file() and name in (path.name, path.stem)]
    files = [path for path in found if path.suffix.lower() not in PICTURES or len(found) == 1]
    if len(files) != 1:
        raise EncodeError(f"{bits} has {len(files)} files for {name}")
    return files[0].stat().st_size
