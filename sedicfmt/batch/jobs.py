"""Folders and files -> the list of what is to be made of them, before any of it is: each input's path and its output's."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from sedicfmt.errors import EncodeError


@dataclass(frozen=True)
class Job:
    """`name`: the input's path from its folder on, with "/"; `output_name`: the output's, from the output folder on.

    `rival`: an earlier input that has the same output, which is that one's.
    """

    name: str
    output_name: str
    source: Path
    output: Path
    rival: str = ""


@dataclass(frozen=True)
class Plan:
    """The jobs by name; how many files of the folder have no suffix that counts, by suffix ("" for none).

    `closed`: what could not be looked into, and why.
    """

    jobs: tuple[Job, ...]
    others: dict[str, int]
    closed: tuple[OSError, ...] = ()


def plan(sources: Sequence[Path], out: Path, suffixes: tuple[str, ...], output_suffix: str) -> Plan:
    """What becomes of the given files, and of those in and below the given folders that end in one of `suffixes`, in any case.

    A tar shard, whichever `suffixes`, becomes a shard of the same name (shards.py).
    Hidden files and folders, links to folders, and `out` where it lies in a folder, are passed over. Raises EncodeError
    where there is nothing to do; OSError for a folder that cannot be read, but not for one within it.
    """
    closed, others, jobs, first = list[OSError](), Counter[str](), list[Job](), dict[str, str]()
    for source in sources:
        for name, path in _listed(source, out.resolve(), closed.append):
            if path is not source and PurePath(name).suffix.lower() not in (*suffixes, SHARD):
                others[PurePath(name).suffix.lower()] += 1
                continue
            made = name if is_shard(name) else PurePath(name).with_suffix(output_suffix).as_posix()
            jobs.append(Job(name, made, path, out / made, first.get(made, "")))
            first.setdefault(made, str(path) if path is source else name)
    if not jobs:
        told = ", ".join(map(str, sources))
        raise EncodeError(f"{told} holds no file that ends in {', '.join(suffixes)}")
    return Plan(tuple(jobs), dict(sorted(others.items())), tuple(closed))


def is_shard(name: str) -> bool:
    """Whether a file is a tar shard, by its name."""
    return PurePath(name).suffix.lower() == SHARD


def find(sources: Sequence[Path], suffixes: tuple[str, ...]) -> tuple[list[Path], list[OSError]]:
    """The given files, and those in and below the given folders as `plan` takes them; what could not be looked into.

    Raises OSError for a given folder that cannot be read.
    """
    closed, found = list[OSError](), list[Path]()
    for source in sources:
        for name, path in _listed(source, None, closed.append):
            if path is source or PurePath(name).suffix.lower() in suffixes:
                found.append(path)
    return found, closed


def _listed(source: Path, out: Path | None, refuse: Callable[[OSError], None]) -> list[tuple[str, Path]]:
    """(name, path) of a file, or of all in and below a folder, by name."""
    if not source.is_dir():
        return [(source.name, source)]
    os.scandir(source).close()
    return [(name, source / name) for name in sorted(_names(source, out, refuse))]


def _names(folder: Path, out: Path | None, refuse: Callable[[OSError], None]) -> Iterator[str]:
    """Every file in and below `folder` that is not hidden, but not in `out`: what was made is no picture to pack."""
    for place, folders, files in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".") and (Path(place) / name).resolve() != out]
        for name in files:
            if not name.startswith("."):
                yield (Path(place) / name).relative_to(folder).as_posix()


SHARD = ".tar"
# Of the formats that are opened (pipeline/picture_file.py), the suffixes under which people keep pictures.
PICTURES = (
    ".apng", ".avif", ".bmp", ".dib", ".gif", ".heic", ".heics", ".heif", ".hif", ".j2k", ".jfif", ".jp2", ".jpe", ".jpeg",
    ".jpg", ".jpx", ".jxl", ".mpo", ".pbm", ".pfm", ".pgm", ".png", ".pnm", ".ppm", ".qoi", ".tga", ".tif", ".tiff", ".webp",
)  # fmt: skip
