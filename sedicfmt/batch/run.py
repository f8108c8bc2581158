"""The files of a folder: kept where one is whole already, made where it is not, told where it fails.

A failure stops nothing but its own file, unless it concerns all: a back end that is missing or refuses, a disk that is full.
Back ends are opened once, when the first file needs them; with several processes once in each (workers.py). What is written,
and the journal, are one process's alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sedicfmt.batch.jobs import Job, is_shard
from sedicfmt.batch.journal import ABSENT, FOREIGN, STALE, WHOLE, Journal, sha256, sha256_of
from sedicfmt.batch.shards import Shard
from sedicfmt.batch.workers import Convert, Elsewhere, Item, Made, Open
from sedicfmt.errors import BackendUnavailable, EncodeError, MissingDependency
from sedicfmt.files import CONCERNS_ALL, read_regular

MADE, KEPT, FAILED = "made", "kept", "failed"
UNFINISHED = "unfinished "  # before the options of a shard with members that failed: it is made again


@dataclass(frozen=True)
class Outcome:
    """What became of a job: "made" and its summary, "kept", or "failed" and why."""

    job: Job
    status: str
    summary: dict[str, object] = field(default_factory=dict)
    error: Exception | None = None


@dataclass
class Run:
    """A run over jobs. `options`: digest of all that decides an output beside the input's bytes.

    `open_converter` opens the back ends; `most_bytes`: of an input that are read (one more shows that there are more);
    `overwrite`: make everything anew, whatever is there; `elsewhere`: converts in other processes, None for here;
    `suffixes`, `suffix`: of a shard's members that are converted, and of what becomes of them.
    """

    journal: Journal
    options: str
    open_converter: Open
    most_bytes: int
    overwrite: bool = False
    elsewhere: Elsewhere | None = None
    suffixes: tuple[str, ...] = ()
    suffix: str = ""

    def outcomes(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        """Do the jobs, each if it needs doing; outcomes in their order.

        Raises what ends the run: whatever opening raises, MissingDependency, BackendUnavailable, and OSError where no output
        can be written.
        """
        files: list[Job] = []
        for job in jobs:
            if is_shard(job.name):
                yield from self._files(files)
                files = []
                yield self._shard(job)
            else:
                files.append(job)
        yield from self._files(files)

    def _files(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        """Inputs are looked at as processes are free for them; those that need nothing wait in line with the others."""
        if self.elsewhere is None:
            yield from map(self._file, jobs)
            return
        settled: dict[int, Outcome] = {}
        told = 0

        def items() -> Iterator[Item]:
            for number, job in enumerate(jobs):
                found = self._before(job)
                if isinstance(found, Outcome):
                    settled[number] = found
                else:
                    yield (number, found), job, found[0]

        for (number, (data, state)), made in self._converted(items()):
            for passed in range(told, number):
                yield settled.pop(passed)
            told = number + 1
            yield self._after(jobs[number], data, state, made)
        for passed in range(told, len(jobs)):
            yield settled.pop(passed)

    def _file(self, job: Job) -> Outcome:
        """One input, here."""
        found = self._before(job)
        if isinstance(found, Outcome):
            return found
        ((_, made),) = self._converted(iter([(None, job, found[0])]))
        return self._after(job, *found, made)

    def _before(self, job: Job) -> Outcome | tuple[bytes, str]:
        """The input's bytes and what stands at the output's name; an outcome where nothing is to be done."""
        try:
            if job.rival:
                raise EncodeError(f"{job.rival} and {job.name} would both become {job.output_name}; rename one of them")
            data = read_regular(job.source, self.most_bytes)
            state = self._state(job, sha256(data))
            return Outcome(job, KEPT) if state == WHOLE else (data, state)
        except (OSError, EncodeError, MemoryError) as error:
            return Outcome(job, FAILED, error=error)

    def _state(self, job: Job, given: str) -> str:
        """What stands at the output's name. Raises EncodeError for what is not ours to replace."""
        state = ABSENT if self.overwrite else self.journal.state(job, given, self.options)
        if state == FOREIGN:
            raise EncodeError(
                f"{job.output} is there and is not what was made of {job.source}; --overwrite replaces it"
            )
        return state

    def _converted(self, items: Iterator[Item]) -> Iterator[tuple[Any, Made | Exception]]:
        """Here, or in other processes."""
        if self.elsewhere is not None:
            yield from self.elsewhere(items, self.open_converter)
            return
        for tag, job, data in items:
            convert = self._convert  # outside of what is caught: back ends that do not open concern all
            try:
                yield tag, convert(job, data)
            except (MissingDependency, BackendUnavailable):
                raise
            except Exception as error:  # a mistake of ours, too, is only this file's
                yield tag, error

    def _after(self, job: Job, data: bytes, state: str, made: Made | Exception) -> Outcome:
        if isinstance(made, Exception):
            return Outcome(job, FAILED, error=made)
        try:
            self.journal.keep(job, sha256(data), made.data, self.options, replace=self.overwrite or state == STALE)
        except OSError as error:
            if error.errno in CONCERNS_ALL:
                raise
            return Outcome(job, FAILED, error=error)
        return Outcome(job, MADE, made.summary)

    def _shard(self, job: Job) -> Outcome:
        """A shard, whole."""
        shard = Shard(job, self.suffixes, self.suffix, self.most_bytes, self._converted)
        try:
            given = sha256_of(job.source)
            state = self._state(job, given)
            if state == WHOLE:
                return Outcome(job, KEPT)
            shard.check()

            options = lambda: (UNFINISHED if shard.failed else "") + self.options  # noqa: E731
            self.journal.keep(job, given, shard.write, options, self.overwrite or state == STALE)
        except (OSError, EncodeError, MemoryError) as error:
            if isinstance(error, OSError) and error.errno in CONCERNS_ALL:
                raise
            return Outcome(job, FAILED, error=error)
        return Outcome(job, FAILED if shard.failed else MADE, shard.summary(), shard.error())

    @cached_property
    def _convert(self) -> Convert:
        return self.open_converter()
