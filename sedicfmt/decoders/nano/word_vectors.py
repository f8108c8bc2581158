"""Vectors of the words of the context tables, made by `sedic_tools.tables.build_word_vectors`: neighbours mean like things."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sedicfmt.networks.shipped_file import read_shipped

DIMENSIONS = 48
UNIT = 200  # a row has length one; entries above 127 / 200 are hardly ever met
FILE = Path(__file__).parent / "word_vectors.npy"
SHA256 = "ff668110e1e8854b3a922fc190f0d9d452a473f9cc74dda97d2a7924d3a7a774"


@cache
def load_vectors() -> NDArray[np.float32]:
    """(words, 48), a row for each word of `words.vocabulary`, in its order. Raises BackendFailed."""
    stored = np.load(BytesIO(read_shipped(FILE, SHA256)), allow_pickle=False)
    return np.asarray(stored.astype(np.float32) / UNIT)
