"""A folder -> the list of what is to be made of it, before any of it is: each input's path and its output's."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath

from sedicfmt.errors import EncodeError


@dataclass(frozen=True)
class Job:
    """`name`: the input's path from its folder on, with "/"; `output_name`: the output's, from the output folder on."""

    name: str
    output_name: str
    source: Path
    output: Path


@dataclass(frozen=True)
class Plan:
    """The jobs by name; how many files of the folder have no suffix that counts, by suffix ("" for none).

    `closed`: what could not be looked into, and why.
    """

    jobs: tuple[Job, ...]
    others: dict[str, int]
    closed: tuple[OSError, ...] = ()


def plan(folder: Path, out: Path, suffixes: tuple[str, ...], output_suffix: str) -> Plan:
    """What becomes of the files in and below `folder` that end in one of `suffixes`, whatever their case.

    Hidden files and folders, links to folders, and `out` where it lies in `folder`, are passed over. Raises EncodeError
    where two files would give one output, or where there is nothing to do; OSError for a folder that cannot be read, but
    not for one within it.
    """
    os.scandir(folder).close()
    closed = list[OSError]()
    names = sorted(_names(folder, out.resolve(), closed.append))
    chosen = [name for name in names if PurePath(name).suffix.lower() in suffixes]
    if not chosen:
        raise EncodeError(f"{folder} holds no file that ends in {', '.join(suffixes)}")
    jobs = dict[str, Job]()
    for name in chosen:
        made = PurePath(name).with_suffix(output_suffix).as_posix()
        if made in jobs:
            raise EncodeError(f"{jobs[made].name} and {name} would both become {made}; rename one of them")
        jobs[made] = Job(name, made, folder / name, out / made)
    others = Counter(PurePath(name).suffix.lower() for name in set(names) - set(chosen))
    return Plan(tuple(jobs.values()), dict(sorted(others.items())), tuple(closed))


def _names(folder: Path, out: Path, refuse: Callable[[OSError], None]) -> Iterator[str]:
    """Every file in and below `folder` that is not hidden, but not in `out`: what was made is no picture to pack."""
    for place, folders, files in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".") and (Path(place) / name).resolve() != out]
        for name in files:
            if not name.startswith("."):
                yield (Path(place) / name).relative_to(folder).as_posix()


# Of the formats that are opened (pipeline/picture_file.py), the suffixes under which people keep pictures.
PICTURES = (
    ".apng", ".avif", ".bmp", ".dib", ".gif", ".heic", ".heics", ".heif", ".hif", ".j2k", ".jfif", ".jp2", ".jpe", ".jpeg",
    ".jpg", ".jpx", ".jxl", ".mpo", ".pbm", ".pfm", ".pgm", ".png", ".pnm", ".ppm", ".qoi", ".tga", ".tif", ".tiff", ".webp",
)  # fmt: skip
