"""A folder -> the list of what is to be made of it, before any of it is: each input's path and its output's."""

from __future__ import annotations

import os
from collections.abc import Iterator
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
    """The jobs by name, and how many files of the folder have no suffix that counts."""

    jobs: tuple[Job, ...]
    others: int


def plan(folder: Path, out: Path, suffixes: tuple[str, ...], output_suffix: str) -> Plan:
    """What becomes of the files in and below `folder` that end in one of `suffixes`, whatever their case.

    Hidden files and folders, links to folders, and `out` where it lies in `folder`, are passed over. Raises EncodeError
    where two files would give one output, or where there is nothing to do; OSError for a folder that cannot be read.
    """
    names = sorted(_names(folder, out.resolve()))
    chosen = [name for name in names if PurePath(name).suffix.lower() in suffixes]
    if not chosen:
        raise EncodeError(f"{folder} holds no file that ends in {', '.join(suffixes)}")
    jobs = dict[str, Job]()
    for name in chosen:
        made = PurePath(name).with_suffix(output_suffix).as_posix()
        if made in jobs:
            raise EncodeError(f"{jobs[made].name} and {name} would both become {made}; rename one of them")
        jobs[made] = Job(name, made, folder / name, out / made)
    return Plan(tuple(jobs.values()), len(names) - len(chosen))


def _names(folder: Path, out: Path) -> Iterator[str]:
    """Every file in and below `folder` that is not hidden, but not in `out`: what was made is no picture to pack."""
    for place, folders, files in os.walk(folder, onerror=_refuse):
        folders[:] = [name for name in folders if not name.startswith(".") and (Path(place) / name).resolve() != out]
        for name in files:
            if not name.startswith("."):
                yield (Path(place) / name).relative_to(folder).as_posix()


def _refuse(error: OSError) -> None:
    raise error


# Of what Pillow reads, the suffixes under which people keep pictures.
PICTURES = (
    ".avif", ".bmp", ".gif", ".jfif", ".jp2", ".jpe", ".jpeg", ".jpg", ".jxl", ".pgm", ".png", ".pnm", ".ppm", ".tga", ".tif",
    ".tiff", ".webp",
)  # fmt: skip
