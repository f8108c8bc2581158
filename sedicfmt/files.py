"""Reading and writing of files whose folders may be somebody else's: nothing follows a link, nothing is half there, no
photo is lost.

A file is written beside its place under a name that nobody can guess, and takes its own name when it is whole: by a link,
which fails where something has the name, or by a renaming where it may be replaced. What replaces a file keeps its mode.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

Write = Callable[[BinaryIO], None]
NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
BINARY = getattr(os, "O_BINARY", 0)
NO_WAIT = getattr(os, "O_NONBLOCK", 0)  # opening a pipe that nobody writes to would wait for ever


def read_regular(path: Path, most: int) -> bytes:
    """A file's bytes, at most `most` + 1 of them. Raises OSError, also for pipes, devices and folders."""
    descriptor = os.open(path, os.O_RDONLY | BINARY | NO_WAIT)
    with os.fdopen(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "Not a regular file", str(path))
        return stream.read(most + 1)


def write_whole(path: Path, data: bytes, replace: bool) -> None:
    """Write a file in one step. Raises OSError: FileExistsError where something has the name and `replace` is False."""
    with aside(path, data) as temporary:
        put(temporary, path, replace)


@contextmanager
def aside(path: Path, data: bytes | Write) -> Iterator[Path]:
    """`data`, or what it writes, synced, under a name of its own beside `path`, for as long as the block runs."""
    temporary = path.with_name(f".sedic.{os.urandom(8).hex()}.part")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | NO_FOLLOW | BINARY, 0o666)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            if callable(data):
                data(stream)
            else:
                stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        yield temporary
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def put(temporary: Path, path: Path, replace: bool) -> None:
    """Give `temporary` the name `path`."""
    if replace:
        with suppress(FileNotFoundError):
            there = path.lstat()
            if stat.S_ISREG(there.st_mode):
                temporary.chmod(stat.S_IMODE(there.st_mode))
        temporary.replace(path)
        return
    try:
        os.link(temporary, path)
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        claim(temporary, path)


def claim(temporary: Path, path: Path) -> None:
    """Where a file system has no links: make the name anew, then rename over it. Raises OSError."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | NO_FOLLOW, 0o666))
    temporary.replace(path)


def folder_within(root: Path, folder: Path) -> None:
    """Make `folder`, which lies in `root`, and look that no part of the way is a link. Raises OSError."""
    root.mkdir(parents=True, exist_ok=True)
    place = root
    for part in folder.relative_to(root).parts:
        place = place / part
        with suppress(FileExistsError):
            place.mkdir()
        kind = place.lstat().st_mode
        if stat.S_ISLNK(kind):
            raise OSError(errno.ELOOP, "An output folder that is a link is not followed", str(place))
        if not stat.S_ISDIR(kind):
            raise NotADirectoryError(errno.ENOTDIR, "Not a folder", str(place))


NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EACCES}
CONCERNS_ALL = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO}
"""What a file cannot be written for that no other will be either."""
