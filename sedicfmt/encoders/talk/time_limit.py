"""A limit on the whole time that something may take, whatever it waits for.

Limits of network libraries hold for each read: a server that sends a byte a second stays below them for ever. So the work
is done in a thread of its own while we wait for it, with an eye on the clock; Ctrl-C works meanwhile. A thread cannot be
ended from outside: work that is given up goes on behind the scenes until it fails or its process ends.
"""

from __future__ import annotations

from collections.abc import Callable
from queue import Empty, Queue
from threading import Thread
from typing import TypeVar

Result = TypeVar("Result")


def within(seconds: float, work: Callable[[], Result]) -> Result:
    """What `work` returns or raises. Raises TimeoutError where it takes longer than `seconds`."""
    done: Queue[tuple[Result | None, BaseException | None]] = Queue(1)

    def run() -> None:
        try:
            done.put((work(), None))
        except BaseException as error:
            done.put((None, error))

    Thread(target=run, daemon=True).start()
    try:
        result, error = done.get(timeout=seconds)
    except Empty:
        raise TimeoutError(f"no answer within {seconds:g} s") from None
    if error is not None:
        raise error
    return result  # type: ignore[return-value]  # None only where `work` returns it
