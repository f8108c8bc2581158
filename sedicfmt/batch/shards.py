"""Tar shards in, tar shards out (WebDataset's form): each member with a suffix that counts is converted, all others, such as
captions and labels, are copied, so that a sample stays whole. Order is kept, times and owners are not: equal inputs make
equal shards.

A shard is done or not: a run that was killed in the middle of one does that one again. One with members that failed holds
the others, and is done again by the next run.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from sedicfmt.batch.jobs import Job
from sedicfmt.batch.workers import Item, Made
from sedicfmt.errors import EncodeError, SedicError

Converted = Iterator[tuple[Any, Made | Exception]]


@dataclass
class Shard:
    """One shard's conversion. `suffixes`: of the members that are converted, to `suffix`; `most_bytes` of one are read.

    After `write`, `made` and `copied` count, and `failed` holds each failed member's name and why.
    """

    job: Job
    suffixes: tuple[str, ...]
    suffix: str
    most_bytes: int
    convert: Callable[[Iterator[Item]], Converted]
    made: int = 0
    copied: int = 0
    failed: list[tuple[str, Exception]] = field(default_factory=list)

    def check(self) -> None:
        """Raises EncodeError for what is no tar file, or where two members would get one name."""
        try:
            with tarfile.open(self.job.source) as given:
                names = [self._name(member.name) for member in given if member.isfile()]
        except (tarfile.TarError, EOFError) as error:
            raise EncodeError(f"{self.job.name} is no tar file: {error}") from error
        twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
        if twice:
            raise EncodeError(f"two members of {self.job.name} would both become {twice[0]}")

    def write(self, stream: BinaryIO) -> None:
        """The shard that is made of it. Raises what ends all."""
        with tarfile.open(self.job.source) as given, tarfile.open(fileobj=stream, mode="w") as out:
            for name, made in self._in_order(given):
                if isinstance(made, Exception):
                    self.failed.append((name, made))
                else:
                    _add(out, self._name(name), made)

    def _in_order(self, given: tarfile.TarFile) -> Iterator[tuple[str, bytes | Exception]]:
        """Every member's new bytes, in the shard's order; copies wait until what is before them is converted."""
        waiting: list[tuple[str, bytes]] = []
        copies: dict[int, list[tuple[str, bytes]]] = {}

        def items() -> Iterator[Item]:
            number = 0
            for member in given:
                if not member.isfile():
                    continue
                data = _bytes(given, member, self.most_bytes)
                if PurePosixPath(member.name).suffix.lower() not in self.suffixes:
                    waiting.append((member.name, data))
                    continue
                copies[number] = list(waiting)
                waiting.clear()
                name = f"{self.job.name}/{member.name}"
                yield (number, member.name, len(data)), Job(name, self._name(name), Path(name), self.job.output), data
                number += 1

        for (number, name, _), made in self.convert(items()):
            for copy in copies.pop(number):
                self.copied += 1
                yield copy
            if isinstance(made, Made):
                self.made += 1
                yield name, made.data
            else:
                yield name, made
        for copy in waiting:
            self.copied += 1
            yield copy

    def _name(self, name: str) -> str:
        place = PurePosixPath(name)
        return place.with_suffix(self.suffix).as_posix() if place.suffix.lower() in self.suffixes else name

    def summary(self) -> dict[str, object]:
        """What is to be told of it."""
        told = [f"{name}: {error}" for name, error in self.failed]
        return {"members": self.made, "copied": self.copied, "failed_members": len(self.failed), "warnings": told}

    def error(self) -> SedicError | None:
        """What went wrong first."""
        if not self.failed:
            return None
        name, first = self.failed[0]
        kind = type(first) if isinstance(first, SedicError) else EncodeError
        return kind(f"{len(self.failed)} of {self.made + len(self.failed)} members failed, first {name}: {first}")


def _bytes(given: tarfile.TarFile, member: tarfile.TarInfo, most: int) -> bytes:
    """A member's bytes, at most `most` + 1 of them: more is refused by who reads them."""
    stream = given.extractfile(member)
    assert stream is not None
    return stream.read(most + 1)


def _add(out: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    out.addfile(info, io.BytesIO(data))
