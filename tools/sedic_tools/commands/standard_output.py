"""Standard output carries what a command itself writes, and nothing else: its lines, its JSON, or the file.

Back ends are other people's programs. What they print, what a C library of theirs or a process that they start writes to file
descriptor 1, would stand in the midst of it. So while a command works, `sys.stdout` and file descriptor 1 both are standard
error, and the command writes to a duplicate of the descriptor that was there before:

    before          at work                           after
    1 -> a pipe     1 -> standard error               1 -> a pipe
                    another number -> the pipe

Workers and other processes that a command starts are given 1 as it is at work. They do not get the duplicate, so a reader of
the pipe waits for none of them.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
from collections.abc import Iterator
from typing import TextIO

_ours: TextIO | None = None


def stdout() -> TextIO:
    """Where a command writes its own lines, and through `buffer` its file."""
    return _ours or sys.stdout


def put(line: str, flush: bool = False) -> None:
    """A line of the command's own on standard output. Raises OSError."""
    print(line, file=stdout(), flush=flush)


@contextlib.contextmanager
def kept_apart() -> Iterator[None]:
    """Within it standard output is `stdout()`, and what everybody else writes there goes to standard error.

    Where `sys.stdout` is no descriptor 1 (a test's text) only `sys.stdout` is another. Raises OSError where what was written
    last cannot go out.
    """
    global _ours
    before = sys.stdout
    descriptor = _duplicate(before)
    _ours = before if descriptor is None else _opened(descriptor, before)
    sys.stdout = sys.stderr
    try:
        yield
        _ours.flush()
    finally:
        ours, _ours, sys.stdout = _ours, None, before
        if descriptor is not None:
            _drain()  # what others hold back in `sys.__stdout__` is none of ours
            os.dup2(descriptor, 1)
            with contextlib.suppress(OSError):  # told above, unless something else is being told
                ours.close()


def _duplicate(stream: TextIO) -> int | None:
    """A second number for descriptor 1, which then is standard error; None where the streams are no descriptors."""
    try:
        there, error = stream.fileno(), sys.stderr.fileno()
    except (AttributeError, OSError, ValueError):
        return None
    if there != 1:
        return None
    stream.flush()
    made = os.dup(1)
    os.dup2(error, 1)
    atexit.register(_leave, error)
    return made


def _opened(descriptor: int, like: TextIO) -> TextIO:
    """A text stream on it, of the same encoding."""
    return open(descriptor, "w", encoding=like.encoding, errors=like.errors)


def _drain() -> None:
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.__stdout__.flush()  # type: ignore[union-attr]


def _leave(error: int) -> None:
    """C libraries write what they hold back when the process ends: by then descriptor 1 is standard error once more."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stdout.flush()
        os.dup2(error, 1)
