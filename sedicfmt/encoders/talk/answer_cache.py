"""Answers that were paid for, on disk: a run that is killed, or repeated, asks no question twice.

An answer's name is the SHA-256 of all that decides it: the picture's pixels as they are sent, the prompts, the schema, the
model and the server's address. Each is written before it is used, to a temporary file that takes the name when it is whole.
A file holds the answer and its own SHA-256; one that is damaged in any way counts as not there. There is nothing in it
that is secret but the description itself: all folders that are made for it are readable to their owner alone. Nothing is
ever deleted here, except what turned out to be of no use; an answer takes a block of the disk, and the folder may be removed
at any time.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class AnswerCache:
    """Texts by key, in `folder`, which is made when the first is stored."""

    folder: Path

    def get(self, key: str) -> str | None:
        """The text stored under `key`; None where there is none, or a damaged one."""
        try:
            entry = json.loads(self._file(key).read_bytes())
            answer, check = entry["answer"], entry["sha256"]
            return answer if entry["key"] == key and check == _digest(answer.encode()) else None
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None

    def put(self, key: str, answer: str) -> None:
        """Store `answer`, which may be any string. Raises OSError where that cannot be written."""
        entry = {"key": key, "sha256": _digest(answer.encode("utf-8", "replace"))}
        entry["answer"] = answer.encode("utf-8", "replace").decode()  # half a surrogate pair has no digest
        target = self._file(key)
        private_folder(target.parent)
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".answer.", suffix=".part")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                json.dump(entry, stream)
            os.replace(temporary, target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    def forget(self, key: str) -> None:
        """Remove the text stored under `key`, if there is one."""
        with contextlib.suppress(OSError):
            self._file(key).unlink()

    def _file(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.json"


def answer_key(pixels: NDArray[np.uint8], parts: Mapping[str, object]) -> str:
    """SHA-256, in hexadecimal, of a picture and of what else decides the answer (anything that JSON can hold)."""
    told = json.dumps({"version": VERSION, "shape": list(pixels.shape), **parts}, sort_keys=True).encode()
    return _digest(len(told).to_bytes(8, "big") + told + np.ascontiguousarray(pixels).tobytes())


def private_folder(folder: Path) -> None:
    """Make `folder` and what it lies in, each readable to the owner alone. Raises OSError.

    Those of the cache's own that are there already, from where others might read, are closed, too.
    """
    for place in (*reversed(folder.parents), folder):
        try:
            place.mkdir(mode=0o700)
        except FileExistsError:
            if place.is_relative_to(default_folder().parent):
                with contextlib.suppress(OSError):  # another user's
                    place.chmod(0o700)
        except OSError:
            if not place.is_dir():  # the system's may be there and not ours to make
                raise


def default_folder() -> Path:
    """`$XDG_CACHE_HOME/sedicfmt/answers`, else the same in ~/.cache; a relative XDG_CACHE_HOME does not count (XDG)."""
    given = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (given if given.is_absolute() else Path.home() / ".cache").joinpath(*OWN)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


VERSION = 1  # of what goes into a key
OWN = ("sedicfmt", "answers")  # the cache's folders
