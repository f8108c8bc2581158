"""What a folder already holds: `.sedic-pack.jsonl` or `.sedic-unpack.jsonl` in the output folder, one line of JSON a file.

    {"output": "a/b.sedic", "source": "/photos/a/b.jpg", "input_sha256": ..., "options": ..., "output_sha256": ...}

    bytes of the output -> aside, synced -> its line in the journal, synced -> the output takes its name

So a name never stands for half a file, and a file that has its name has its line, found by the file's SHA-256; a line
without its file (the run was killed between the two) does no harm, nor does a last line that was torn. What was made of
the same bytes by the same options (their digest) is kept, what was made of the same file before it or the options changed
is made anew. Anything else of an output's name, also an output that somebody changed, is not ours to replace.

Where the system has locks, one run at a time works on a folder; the lock ends with its process. Nothing is written through
a link, neither the journal (nor is it one of several names of a file) nor an output, nor below a folder that is one.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

from sedicfmt.batch.jobs import Job
from sedicfmt.files import NO_FOLLOW, Write, aside, folder_within, put

JOURNAL_FLAGS = os.O_RDWR | os.O_CREAT | os.O_APPEND | NO_FOLLOW  # never through a link that somebody laid there
LONGEST_LINE = 1 << 20  # bytes; what is longer is none of ours
ABSENT, WHOLE, STALE, FOREIGN = "absent", "whole", "stale", "foreign"


class Journal:
    """The journal of `tool` in the folder `out`, which is made where it is missing. A context manager: it holds a lock.

    It knows what was done before it was opened. What is done meanwhile is written, not remembered: a run does an output once,
    and its memory must not grow with what it does.
    """

    def __init__(self, out: Path, tool: str):
        self.path, self.tool = out / f".{tool}.jsonl", tool
        self.lines = defaultdict[str, list[dict[str, Any]]](list)  # by output

    def __enter__(self) -> Journal:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._stream = os.fdopen(os.open(self.path, JOURNAL_FLAGS, 0o666), "a+b")
        try:
            _check_own(self._stream.fileno(), self.path)
            _lock(self._stream.fileno(), self.path)
            self._read()
        except BaseException:
            self._stream.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()

    def state(self, job: Job, given: str, options: str) -> str:
        """What the output of `job` is to an input of the SHA-256 `given`: "absent", "whole", "stale" or "foreign"."""
        if not os.path.lexists(job.output):
            return ABSENT
        if job.output.is_symlink() or not job.output.is_file():
            return FOREIGN
        there = sha256_of(job.output)
        made = [line for line in self.lines.get(job.output_name, ()) if line.get("output_sha256") == there]
        if any((line.get("input_sha256"), line.get("options")) == (given, options) for line in made):
            return WHOLE
        source = str(job.source.resolve())
        ours = any(line.get("input_sha256") == given or line.get("source") == source for line in made)
        return STALE if ours else FOREIGN

    def keep(
        self, job: Job, given: str, made: bytes | Write, options: str | Callable[[], str], replace: bool = True
    ) -> None:
        """Write `made`, or what it writes: the output for an input of the SHA-256 `given`.

        Raises OSError, which names the output.

        `options` may be asked for once all is written. `replace`: False where nothing has the output's name; if something has
        by now, it stays.
        """
        line = {"output": job.output_name, "source": str(job.source.resolve()), "input_sha256": given}
        try:
            folder_within(self.path.parent, job.output.parent)
            with aside(job.output, made) as temporary:
                line |= {"options": options() if callable(options) else options, "output_sha256": sha256_of(temporary)}
                self._append(json.dumps(line).encode() + b"\n")
                put(temporary, job.output, replace)
        except OSError as error:
            raise OSError(error.errno, error.strerror, error.filename if linked(error) else str(job.output)) from error

    def _read(self) -> None:
        """The lines; a torn last one is ended."""
        self._stream.seek(0)
        data = b"\n"
        for data in iter(partial(self._stream.readline, LONGEST_LINE), b""):
            if line := _parsed(data):
                self.lines[line["output"]].append(line)
        if not data.endswith(b"\n"):
            self._append(b"\n")

    def _append(self, line: bytes) -> None:
        self._stream.write(line)
        self._stream.flush()
        os.fsync(self._stream.fileno())


def linked(error: OSError) -> bool:
    """Whether a folder on the way is what is wrong."""
    return error.errno in (errno.ELOOP, errno.ENOTDIR)


def sha256(data: bytes) -> str:
    """In hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def sha256_of(path: Path) -> str:
    """Of a file, which need not fit into memory. Raises OSError."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _parsed(line: bytes) -> dict[str, Any] | None:
    """A line of the journal; None for one that is torn or none of ours."""
    if not line.startswith(b"{"):
        return None
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and isinstance(found.get("output"), str) else None


def _check_own(descriptor: int, path: Path) -> None:
    """Raises OSError for what is no file, and for one that has another name too: that name may be somebody's settings."""
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "Not a regular file", str(path))
    if found.st_nlink > 1:
        raise OSError(errno.EMLINK, "The file has other names as well (hard links); move it away", str(path))


def _lock(descriptor: int, path: Path) -> None:
    """Raises BlockingIOError where another process holds the lock."""
    try:
        import fcntl
    except ModuleNotFoundError:  # Windows
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise BlockingIOError(errno.EAGAIN, "Another run is at work on this folder", str(path)) from error
