"""One file of a folder after the other: kept where it is whole already, made where it is not, told where it fails.

A failure stops nothing but its own file, unless it concerns all: a back end that is missing or refuses, a disk that is full.
Back ends are opened once, when the first file needs them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from sedicfmt.batch.jobs import Job
from sedicfmt.batch.journal import ABSENT, FOREIGN, STALE, WHOLE, Journal
from sedicfmt.errors import BackendUnavailable, EncodeError, MissingDependency
from sedicfmt.files import CONCERNS_ALL, read_regular

MADE, KEPT, FAILED = "made", "kept", "failed"


@dataclass(frozen=True)
class Made:
    """An output's bytes, and what is to be told of it (`warnings` among it)."""

    data: bytes
    summary: dict[str, object] = field(default_factory=dict)


Convert = Callable[[Job, bytes], Made]  # a job and its input's bytes -> its output


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
    `overwrite`: make everything anew, whatever is there.
    """

    journal: Journal
    options: str
    open_converter: Callable[[], Convert]
    most_bytes: int
    overwrite: bool = False

    def outcome(self, job: Job) -> Outcome:
        """Do one job, if it needs doing.

        Raises what ends the run: whatever opening raises, MissingDependency, BackendUnavailable, and OSError where no output
        can be written.
        """
        try:
            if job.rival:
                raise EncodeError(f"{job.rival} and {job.name} would both become {job.output_name}; rename one of them")
            data = read_regular(job.source, self.most_bytes)
            state = ABSENT if self.overwrite else self.journal.state(job, data, self.options)
            if state == WHOLE:
                return Outcome(job, KEPT)
            if state == FOREIGN:
                told = f"{job.output} is there and is not what was made of {job.source}; --overwrite replaces it"
                raise EncodeError(told)
        except (OSError, EncodeError, MemoryError) as error:
            return Outcome(job, FAILED, error=error)
        convert = self._convert  # outside of what is caught: back ends that do not open concern all
        try:
            made = convert(job, data)
        except (MissingDependency, BackendUnavailable):
            raise
        except Exception as error:  # a mistake of ours, too, is only this file's
            return Outcome(job, FAILED, error=error)
        try:
            self.journal.keep(job, data, made.data, self.options, replace=self.overwrite or state == STALE)
        except OSError as error:
            if error.errno in CONCERNS_ALL:
                raise
            return Outcome(job, FAILED, error=error)
        return Outcome(job, MADE, made.summary)

    @cached_property
    def _convert(self) -> Convert:
        return self.open_converter()
