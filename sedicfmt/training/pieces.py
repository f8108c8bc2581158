"""A file in pieces, for links that carry only small ones: FILE.000, FILE.001 ... and FILE.sha256; and back."""

from __future__ import annotations

import hashlib
from pathlib import Path

from sedicfmt.errors import ChecksumMismatch

MOST_BYTES = 16_000_000


def split(file: Path, most: int = MOST_BYTES) -> list[Path]:
    """Write the pieces of `file` beside it; the file stays."""
    data = file.read_bytes()
    pieces = [Path(f"{file}.{i:03}") for i in range(max(1, -(-len(data) // most)))]
    for i, piece in enumerate(pieces):
        piece.write_bytes(data[i * most : (i + 1) * most])
    Path(f"{file}.sha256").write_text(hashlib.sha256(data).hexdigest() + "\n")
    return pieces


def join(file: Path) -> None:
    """Make `file` from its pieces. Raises FileNotFoundError, ChecksumMismatch."""
    expected = Path(f"{file}.sha256").read_text().strip()
    parts = [Path(f"{file}.{i:03}") for i in range(1000)]
    data = b"".join(part.read_bytes() for part in parts if part.exists())
    if hashlib.sha256(data).hexdigest() != expected:
        raise ChecksumMismatch(f"the pieces of {file.name} do not make the file that was split: is one missing?")
    file.write_bytes(data)
