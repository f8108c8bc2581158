"""What every source of pictures has in common: points on its curve, and files that another process decodes.

A rate is always the size of a file on disk. The decoder gets that file, and beside it only what `beside` says (a size to scale
to, where the format has no place for it); the table's note tells of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from sedicfmt.errors import BackendFailed, BackendUnavailable, EncodeError, MissingDependency, SedicError
from sedicfmt.harness.cache import Cache, Entry, Key
from sedicfmt.harness.prepare import Photo

FILE, PICTURE = "file", "picture.png"
BYTES, BPP, SETTING = "bytes", "bpp", "setting"


@dataclass(frozen=True)
class Point:
    """A place on a curve: at most so many bytes or bits a pixel, or a setting of the codec's own ("" for its default)."""

    kind: str
    value: float | str

    def budget(self, photo: Photo) -> int | None:
        """Bytes that a file of this picture may have; None for a setting."""
        if self.kind == BYTES:
            return int(self.value)
        return int(float(self.value) * photo.pixels / 8) if self.kind == BPP else None

    def __str__(self) -> str:
        value = f"{self.value:g}" if isinstance(self.value, (int, float)) else self.value
        unit = {BYTES: " bytes", BPP: " bpp"}.get(self.kind, "")
        return f"{value}{unit}" or "default"


@dataclass(frozen=True)
class Coded:
    """A picture's file, kept in the cache; `nothing`: why there is none within the budget."""

    photo: Photo
    entry: Entry

    @property
    def file(self) -> Path:
        return self.entry.file(FILE)

    @property
    def nothing(self) -> str:
        return str(self.entry.told.get("nothing", ""))


@dataclass
class Workshop:
    """What a source works with: the cache, a folder for what is not kept, how many processes, who is told of a picture done
    or failed. `ray`: the cluster whose actors the processes of .sedic are, "" for one that is started, None for none."""

    cache: Cache
    folder: Path
    jobs: int
    done: Callable[[Photo, Entry], None]
    failed: Callable[[Photo, SedicError], None]
    ray: str | None = None


class Source(Protocol):
    """One way of coding pictures. `points` make its curve, `note` is what a reader of the table must know of it."""

    @property
    def name(self) -> str: ...

    @property
    def points(self) -> Sequence[Point]: ...

    @property
    def note(self) -> str: ...

    @property
    def made(self) -> str:
        """By what, with which options, in words. Raises SedicError where it is not installed."""

    def check(self) -> None:
        """Raises SedicError for what would fail at every picture, before any work."""

    def encoding(self, point: Point) -> Key:
        """All that decides a file beside the picture: options, versions."""

    def decoding(self, point: Point) -> Key:
        """All that decides a picture beside its file."""

    def encode(self, wanted: Sequence[tuple[Photo, Key]], point: Point, shop: Workshop) -> None:
        """Make the files, and keep them under these keys, each as soon as it is there."""

    def decode(self, wanted: Sequence[tuple[Coded, Key]], point: Point, shop: Workshop) -> None:
        """Make the pictures, and keep them under these keys, each as soon as it is there."""


@dataclass
class OneByOne:
    """A source that codes each picture in a process of its own."""

    points: Sequence[Point] = field(default_factory=tuple)

    def encode(self, wanted: Sequence[tuple[Photo, Key]], point: Point, shop: Workshop) -> None:
        """As `Source` has it."""
        each(wanted, shop, lambda photo: photo, lambda photo, key: self.encode_one(photo, key, point, shop))

    def decode(self, wanted: Sequence[tuple[Coded, Key]], point: Point, shop: Workshop) -> None:
        """As `Source` has it."""
        each(wanted, shop, lambda coded: coded.photo, lambda coded, key: self.decode_one(coded, key, point, shop))

    def encode_one(self, photo: Photo, key: Key, point: Point, shop: Workshop) -> Entry:
        """A picture's file. Raises SedicError."""
        raise NotImplementedError

    def decode_one(self, coded: Coded, key: Key, point: Point, shop: Workshop) -> Entry:
        """A file's picture. Raises SedicError."""
        raise NotImplementedError


def each(
    wanted: Sequence[tuple[Any, Key]],
    shop: Workshop,
    photo_of: Callable[[Any], Photo],
    work: Callable[[Any, Key], Entry],
) -> None:
    """Do all, as many at once as the workshop has processes; a failure that concerns one picture stops nothing else.

    Raises MissingDependency, BackendUnavailable.
    """

    def one(item: tuple[Any, Key]) -> None:
        photo = photo_of(item[0])
        try:
            entry = work(*item)
        except (MissingDependency, BackendUnavailable):
            raise
        except SedicError as error:
            shop.failed(photo, error)
        else:
            shop.done(photo, entry)

    with ThreadPoolExecutor(shop.jobs) as pool:
        futures = [pool.submit(one, item) for item in wanted]
        try:
            for future in futures:
                future.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def within(size: int, photo: Photo, point: Point, name: str) -> None:
    """Raises BackendFailed for a file over its budget: no such file enters a table."""
    budget = point.budget(photo)
    if budget is not None and size > budget:
        raise BackendFailed(f"{name} made {size} bytes of {photo.name}, more than {budget}")


def without_folders(line: str) -> str:
    """A command line for a page, absolute paths by their names alone: where they lie on one machine is nobody's business."""
    return re.sub(r"(?<![\w./])/(?!/)(?:[^\s/,:]+/)*", "", line)


def points_of(given: dict[str, Any], where: str) -> tuple[Point, ...]:
    """The points that `bytes`, `bpp` and `settings` ask for. Raises EncodeError."""
    points = [Point(BYTES, _positive(value, int, f"{where}.bytes")) for value in listed(given.get("bytes"))]
    points += [Point(BPP, _positive(value, float, f"{where}.bpp")) for value in listed(given.get("bpp"))]
    points += [Point(SETTING, str(value)) for value in listed(given.get("settings"))]
    if len(set(points)) < len(points):
        raise EncodeError("a point is asked for twice", where)
    return tuple(points)


def listed(value: Any) -> list[Any]:
    """A list as it is, a single value as a list of one, None as none."""
    return [] if value is None else list(value) if isinstance(value, (list, tuple)) else [value]


def _positive(value: Any, kind: type, where: str) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value <= 0 or kind(value) != value:
        raise EncodeError(f"{value!r} is no rate", where)
    return value
