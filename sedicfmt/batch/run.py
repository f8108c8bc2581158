"""One file of a folder after the other: kept where it is whole already, made where it is not, told where it fails.

A failure stops nothing but its own file, unless it concerns all: a back end that is missing or refuses, an output that
cannot be written. Back ends are opened once, when the first file needs them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from sedicfmt.batch.jobs import Job
from sedicfmt.batch.journal import FOREIGN, WHOLE, Journal
from sedicfmt.errors import BackendUnavailable, EncodeError, MissingDependency

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


def run_jobs(
    jobs: tuple[Job, ...],
    journal: Journal,
    options: str,
    open_converter: Callable[[], Convert],
    overwrite: bool = False,
) -> Iterator[Outcome]:
    """An outcome a job, in order. `options`: digest of all that decides an output beside the input's bytes.

    `overwrite`: make everything anew, whatever is there. Raises what opening raises, MissingDependency, BackendUnavailable,
    and OSError where an output cannot be written.
    """
    convert: Convert | None = None
    for job in jobs:
        try:
            data = job.source.read_bytes()
            state = journal.state(job, data, options)
        except OSError as error:
            yield Outcome(job, FAILED, error=error)
            continue
        if not overwrite and state == WHOLE:
            yield Outcome(job, KEPT)
            continue
        if not overwrite and state == FOREIGN:
            told = f"{job.output} is there and is not what was made of {job.source}; --overwrite replaces it"
            yield Outcome(job, FAILED, error=EncodeError(told))
            continue
        convert = convert or open_converter()
        try:
            made = convert(job, data)
        except (MissingDependency, BackendUnavailable):
            raise
        except Exception as error:  # a mistake of ours, too, is only this file's
            yield Outcome(job, FAILED, error=error)
            continue
        journal.keep(job, data, made.data, options)
        yield Outcome(job, MADE, made.summary)
