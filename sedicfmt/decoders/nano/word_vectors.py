"""Vectors of the words of the context tables, made by `sedic_tools.tables.build_word_vectors`: neighbours mean like things."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sedicfmt.errors import BackendFailed

DIMENSIONS = 48
UNIT = 200  # a row has length one; entries above 127 / 200 are hardly ever met
FILE = Path(__file__).parent / "word_vectors.npy"
SHA256 = "ff668110e1e8854b3a922fc190f0d9d452a473f9cc74dda97d2a7924d3a7a774"


@cache
def load_vectors() -> NDArray[np.float32]:
    """(words, 48), a row for each word of `words.vocabulary`, in its order. Raises BackendFailed."""
    try:
        data = FILE.read_bytes()
    except OSError as error:
        raise BackendFailed(f"{FILE.name} cannot be read: {error.strerror}; install sedicfmt anew") from error
    if hashlib.sha256(data).hexdigest() != SHA256:
        raise BackendFailed(f"{FILE.name} is not the file that ships (SHA-256 differs); install sedicfmt anew")
    return np.load(FILE, allow_pickle=False).astype(np.float32) / UNIT
