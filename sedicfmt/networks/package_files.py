"""Weights that come with other packages: found as files, never imported, and held against their SHA-256 as our own are.

What a package of that name holds on this machine is not ours to say; what is computed with it is. A new version of a package
whose weights are the same is read, another file is refused before anything of it is.
"""

from __future__ import annotations

import hashlib
from importlib import util
from pathlib import Path

from sedicfmt.errors import BackendFailed, MissingDependency


def package_file(package: str, name: str, sha256: str, advice: str) -> Path:
    """The file `name` in the installed `package` (as Python calls it).

    Raises MissingDependency, saying `advice`, where it is not there; BackendFailed where it is another file.
    """
    found = util.find_spec(package)
    for folder in (found.submodule_search_locations or []) if found else []:
        file = Path(folder) / name
        if file.is_file():
            check(file, sha256)
            return file
    raise MissingDependency(advice)


def check(file: Path, sha256: str) -> None:
    """Raises BackendFailed for a file of another digest, or one that cannot be read."""
    try:
        with file.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise BackendFailed(f"{file} cannot be read: {error.strerror}") from error
    if found != sha256:
        raise BackendFailed(f"{file} is not the file that is known: its SHA-256 differs; install its package anew")
