"""What was made once is not made again: each stage's outcome under the digest of all that it depends on.

    FOLDER/ab/abcdef…/stage.json     {"key": …, "told": …}
    FOLDER/ab/abcdef…/NAME           the stage's files

A key is JSON: the digests of what goes in, the options, the versions of what computes. So a changed option, picture or
library asks for another key, and what is unchanged is found, whatever run made it. An entry takes its name when it is whole;
a run that was killed leaves none half there. Entries are never changed; who needs the space deletes the folder.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RECORD = "stage.json"
Key = Mapping[str, Any]


@dataclass(frozen=True)
class Entry:
    """A stage's outcome: its folder, and what it tells (seconds, figures, …)."""

    folder: Path
    told: dict[str, Any]

    def file(self, name: str) -> Path:
        """One of its files."""
        return self.folder / name


@dataclass(frozen=True)
class Cache:
    """Entries in a folder, which is made at the first one."""

    folder: Path

    def find(self, key: Key) -> Entry | None:
        """The entry of `key`; None where there is none, or one that cannot be read."""
        place = self._place(key)
        try:
            return Entry(place, json.loads((place / RECORD).read_text())["told"])
        except (OSError, ValueError, KeyError):
            return None

    def keep(self, key: Key, told: Mapping[str, Any], files: Mapping[str, Path] | None = None) -> Entry:
        """A new entry; `files` are moved into it. One that is there already stays. Raises OSError."""
        place = self._place(key)
        made = place.with_name(f".{place.name}.{os.urandom(4).hex()}")
        made.mkdir(parents=True)
        try:
            for name, source in (files or {}).items():
                shutil.move(source, made / name)
            (made / RECORD).write_text(json.dumps({"key": key, "told": told}, default=str))
            if self.find(key) is None:
                shutil.rmtree(place, ignore_errors=True)  # one whose record cannot be read
                made.rename(place)
        except OSError:
            if self.find(key) is None:  # no other run was faster
                raise
        finally:
            shutil.rmtree(made, ignore_errors=True)
        return Entry(place, json.loads(json.dumps(dict(told), default=str)))

    def _place(self, key: Key) -> Path:
        digest = digest_of(key)
        return self.folder / digest[:2] / digest


def digest_of(key: Any) -> str:
    """SHA-256 of what JSON can say, in hexadecimal; the order of names does not count."""
    return hashlib.sha256(json.dumps(key, sort_keys=True, default=str).encode()).hexdigest()


def digest_of_path(path: Path) -> str:
    """SHA-256 of a file, or of all files in and below a folder with their names. Raises OSError."""
    if path.is_file():
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    files = sorted(file for file in path.rglob("*") if file.is_file())
    return digest_of([[file.relative_to(path).as_posix(), digest_of_path(file)] for file in files])
