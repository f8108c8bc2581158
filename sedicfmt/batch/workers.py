"""Inputs converted side by side, in processes that open their back ends once each.

At most two inputs a process are under way, and outputs come in the order of the inputs, so that memory is bounded and a run's
lines are the same for any number of processes. A process that is lost (killed, out of memory) takes no input with it: those
under way are done again, one by one, and one that ends a process once more is told as failed. Where the run itself is killed,
its processes end, too: none is left behind with its models.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from typing import Any

from sedicfmt.batch.jobs import Job
from sedicfmt.errors import BackendFailed, BackendUnavailable, MissingDependency

AHEAD = 2  # inputs a process that are under way
LOST = "the process at work on it was ended, as happens where memory is short; a second try ended the same way"


@dataclass(frozen=True)
class Made:
    """An output's bytes, and what is to be told of it (`warnings` among it)."""

    data: bytes
    summary: dict[str, object] = field(default_factory=dict)


Convert = Callable[[Job, bytes], Made]  # a job and its input's bytes -> its output
Open = Callable[[], Convert]  # opens back ends
Item = tuple[Any, Job, bytes]  # what the caller wants back, a job and its input's bytes


Elsewhere = Callable[[Iterator[Item], Open], Iterator[tuple[Any, "Made | Exception"]]]  # as `converted` does it


class EndsAll(Exception):
    """What ends a run, whichever input it came up at: `error` says what."""

    def __init__(self, error: Exception):
        super().__init__(error)
        self.error = error


def converted(items: Iterator[Item], opener: Open, jobs: int) -> Iterator[tuple[Any, Made | Exception]]:
    """Each item's output, or what went wrong with it, in the items' order; `opener` must be what can be pickled.

    Raises what ends all: what opening raises, MissingDependency, BackendUnavailable.
    """
    pool, under_way = _pool(opener, jobs), deque[tuple[Item, Future[Made | Exception]]]()
    try:
        while True:
            while len(under_way) < AHEAD * jobs and (item := next(items, None)) is not None:
                under_way.append((item, _submitted(pool, item)))
            if not under_way:
                return
            try:
                made = under_way[0][1].result()
            except BrokenProcessPool:
                pool.shutdown()
                lost, under_way = under_way, deque()
                yield from _one_by_one(lost, opener)
                pool = _pool(opener, jobs)
                continue
            yield under_way.popleft()[0][0], made
    except EndsAll as ending:
        _end(pool)
        raise ending.error from ending
    except BaseException:
        _end(pool)
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _submitted(pool: ProcessPoolExecutor, item: Item) -> Future[Made | Exception]:
    """An item under way; lost at once where the pool has just lost a process."""
    try:
        return pool.submit(_convert, item[1], item[2])
    except BrokenProcessPool as error:
        lost: Future[Made | Exception] = Future()
        lost.set_exception(error)
        return lost


def _end(pool: ProcessPoolExecutor) -> None:
    """What is under way is of no use any more, and may take minutes. The executor has no word for that before Python 3.14."""
    processes = list((pool._processes or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.terminate()


def _one_by_one(
    lost: deque[tuple[Item, Future[Made | Exception]]], opener: Open
) -> Iterator[tuple[Any, Made | Exception]]:
    """Those under way when a process was lost: what was done by then, the others each in a process of its own."""
    for (tag, job, data), future in lost:
        if future.done() and not future.exception():
            yield tag, future.result()
            continue
        with _pool(opener, 1) as pool:
            try:
                yield tag, pool.submit(_convert, job, data).result()
            except BrokenProcessPool:
                yield tag, BackendFailed(LOST)


def _pool(opener: Open, jobs: int) -> ProcessPoolExecutor:
    """Processes started anew, so that nothing of this one's state goes along."""
    return ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), _start, (opener,))


# in a worker


@dataclass
class Worker:
    """What a process does: it opens its back ends at the first input."""

    opener: Open
    opened: Convert | None = None

    def convert(self, job: Job, data: bytes) -> Made | Exception:
        """The output, or what is wrong with this input alone. Raises EndsAll."""
        try:
            if self.opened is None:
                self.opened = self.opener()
        except Exception as error:
            raise EndsAll(_sent(error)) from None
        try:
            return self.opened(job, data)
        except (MissingDependency, BackendUnavailable) as error:
            raise EndsAll(_sent(error)) from None
        except Exception as error:  # a mistake of ours, too, is only this input's
            return _sent(error)


_worker: Worker | None = None


def _start(opener: Open) -> None:
    """An interruption is the parent's to act on."""
    global _worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _worker = Worker(opener)


def _end_with_parent() -> None:
    """Processes of a pool wait for work from each other's pipes, and so for ever where their parent was killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _convert(job: Job, data: bytes) -> Made | Exception:
    assert _worker is not None
    return _worker.convert(job, data)


def _sent(error: Exception) -> Exception:
    """The error, or one of its words where it cannot be sent to another process."""
    try:
        pickle.loads(pickle.dumps(error))
        return error
    except Exception:
        return BackendFailed(f"{type(error).__name__}: {error}")
