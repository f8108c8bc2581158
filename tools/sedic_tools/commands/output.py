"""Where the commands read from and write to, and what they do not write over: a photo that somebody has is never lost.

What stands at an output's name already is replaced where it is of our own making (a .sedic file, a PNG that sedicfmt wrote) or
empty, or where --overwrite says so. A pipe or a device is written into.
"""

from __future__ import annotations

import argparse
import errno
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path

from sedic_tools.commands.standard_output import stdout
from sedicfmt.errors import EncodeError
from sedicfmt.files import write_whole
from sedicfmt.limits import MAX_FILE_BYTES

LOOKED_AT = 1 << 16  # bytes of a file at an output's name
IN_PLACE = ("/dev/", "/proc/")  # names of streams that are open already
STDOUT = ("-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1")  # descriptor 1 is another while a command works


def read_input(name: str, most: int) -> bytes:
    """A file's bytes or standard input's, at most `most` + 1 of them (more is refused by who reads them)."""
    if name == "-":
        if sys.stdin is None or getattr(sys.stdin, "name", "") == os.devnull:
            raise OSError("standard input is closed")
        return sys.stdin.buffer.read(most + 1)
    with Path(name).open("rb") as stream:
        return stream.read(most + 1)


def read_sedic(name: str) -> bytes:
    """A .sedic file's bytes."""
    return read_input(name, MAX_FILE_BYTES)


def check_folder(name: str) -> None:
    """Raises OSError where `name` could not be written because its folder is not there: before the work, not after."""
    folder = Path(name).resolve().parent
    if name != "-" and not folder.is_dir():
        raise FileNotFoundError(errno.ENOENT, "No such folder", str(folder))


def check_output(arguments: argparse.Namespace, ours: Callable[[bytes], bool], kind: str) -> None:
    """All that can be wrong with an output, before the work.

    `ours` tells from a file's first and last bytes whether it may be replaced, `kind` is what it then is. Raises OSError,
    EncodeError.
    """
    check_place(arguments.output, arguments.inputs[0], arguments.overwrite, ours, kind)


def check_place(name: str, source: str, overwrite: bool, ours: Callable[[bytes], bool], kind: str) -> None:
    """The same of an output's name, made of the input `source`."""
    if name == "-" or in_place(name):
        return
    path = Path(name)
    if path.is_dir() or name.endswith(("/", os.sep)):
        raise IsADirectoryError(errno.EISDIR, "Is a folder; name a file in it", name)
    check_folder(name)
    if source != "-" and path.exists() and Path(source).exists() and path.samefile(source):
        raise EncodeError(f"{name} is the input itself; it would be lost")
    if not overwrite:
        refuse_foreign(path, ours, kind)


def refuse_foreign(path: Path, ours: Callable[[bytes], bool], kind: str) -> None:
    """Raises EncodeError where something stands at an output's name that is not of our making."""
    if not path.is_file():
        return
    with path.open("rb") as stream:
        start = stream.read(LOOKED_AT)
        stream.seek(max(stream.tell(), path.stat().st_size - LOOKED_AT))
        start += stream.read(LOOKED_AT)  # WebP has its XMP at the end
    if start and not ours(start):
        raise EncodeError(f"{path} is there and is no {kind}; --overwrite replaces it")


def write_output(name: str, data: bytes) -> None:
    """To standard output for "-"; else into a temporary file that takes the name `name` only when it is whole."""
    if on_stdout(name):
        stdout().buffer.write(data)
        stdout().buffer.flush()
        return
    try:
        if in_place(name):
            with open(name, "wb") as stream:
                stream.write(data)
        else:
            write_whole(Path(name).resolve(), data, replace=True)
    except OSError as error:
        raise OSError(error.errno, error.strerror, name) from error


def in_place(name: str) -> bool:
    """Whether it names a stream or a device: nothing to replace (a folder fails later)."""
    try:
        kind = Path(name).stat().st_mode
    except OSError:
        return False
    return name.startswith(IN_PLACE) or not (stat.S_ISREG(kind) or stat.S_ISDIR(kind))


def on_stdout(name: str) -> bool:
    """Whether it is standard output, under whatever name: nothing else goes there then."""
    if name in STDOUT:
        return True
    try:
        return in_place(name) and os.path.samestat(Path(name).stat(), os.fstat(stdout().fileno()))
    except OSError:
        return False


def is_sedic(start: bytes) -> bool:
    """Begins as a .sedic file."""
    return start.startswith(b"\x5e\xd1")


def is_our_png(start: bytes) -> bool:
    """A PNG that sedicfmt wrote (`pipeline.png_text.signed`)."""
    return start.startswith(b"\x89PNG\r\n\x1a\n") and b"tEXtSoftware\0sedicfmt" in start


def is_our_picture(start: bytes) -> bool:
    """A picture that sedicfmt wrote (`pipeline.written_picture`)."""
    from sedicfmt.pipeline.provenance import is_ours

    return is_our_png(start) or (not start.startswith(b"\x89PNG") and is_ours(start))


def is_our_page(start: bytes) -> bool:
    """A page that sedicfmt wrote (`showing.page`)."""
    return start.startswith(b"<!DOCTYPE html>") and b'name="generator" content="sedicfmt"' in start


def is_our_svg(start: bytes) -> bool:
    """An SVG that sedicfmt wrote (`showing.bit_allocation`)."""
    return start.startswith(b"<svg") and b'data-made-by="sedicfmt"' in start
