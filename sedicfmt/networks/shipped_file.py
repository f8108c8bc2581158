"""A file of numbers that comes with sedicfmt, read and held against its SHA-256 before anything is done with it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from sedicfmt.errors import BackendFailed


def read_shipped(path: Path, sha256: str | None) -> bytes:
    """The file's bytes; `sha256`: None to take it as it is. Raises BackendFailed for one that is missing or another."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BackendFailed(f"{path.name} cannot be read: {error.strerror}; install sedicfmt anew") from error
    if sha256 is not None and hashlib.sha256(data).hexdigest() != sha256:
        raise BackendFailed(f"{path.name} is not the file that ships (SHA-256 differs); install sedicfmt anew")
    return data
