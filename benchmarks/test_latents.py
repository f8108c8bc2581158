"""The latent's values as bytes and back: the range coder of .sedic and CompressAI's rANS, given the same values and tables.

.sedic's tables are laid out as CompressAI's are (the values in order, then an escape, of a total of 2^16), so they can be
given to it as they are.
"""

from __future__ import annotations

import numpy as np
import pytest

import sedicfmt
from sedicfmt.latents.nano.context import walk
from sedicfmt.latents.painting import decode_latent
from sedicfmt.segments.latent import SymbolWriter, decode_symbols, encode_symbols, gaussian_tables

ENCODE, DECODE = "latent, the values of y alone, encode", "latent, the values of y alone, decode"


@pytest.fixture(scope="session")
def coded(packed) -> tuple[list[int], list[int]]:
    """The values of y that are coded, and the index of each one's table, in the order of the file."""
    latent = decode_latent(sedicfmt.read(packed)).inner  # within its guard
    found, indexes = SymbolWriter(), list[int]()

    def choose(_, index):
        values = np.where(index > 0, latent.y, 0)
        found.write(values, index)
        indexes.extend(index[index > 0].tolist())
        return values

    walk(latent.model.scan(latent.z, *latent.y.shape[1:]), choose)
    return found.values, indexes


@pytest.fixture(scope="session")
def theirs():
    """CompressAI's coder, and the tables as it takes them: rows, their lengths, the value of each one's first interval."""
    ans = pytest.importorskip("compressai.ans", reason="CompressAI is not installed")
    tables = gaussian_tables()
    return ans, (
        [list(t.cumulative) for t in tables],
        [len(t.cumulative) for t in tables],
        [-t.largest for t in tables],
    )


@pytest.fixture(scope="module")
def ours(coded):
    """The values with a table each, and the range coder's string of them."""
    tables = [gaussian_tables()[i] for i in coded[1]]
    return coded[0], tables, encode_symbols(coded[0], tables)


@pytest.fixture(scope="module")
def rans(coded, theirs):
    """CompressAI's coder, its tables, and its string of the values."""
    ans, tables = theirs
    return ans, tables, ans.RansEncoder().encode_with_indexes(*coded, *tables)


def test_range_coder(timed, ours):
    values, tables, made = ours
    assert timed(lambda: encode_symbols(values, tables), ENCODE, made) == made


def test_range_decoder(timed, ours):
    values, tables, made = ours
    assert timed(lambda: decode_symbols(made, tables), DECODE, made) == values


def test_rans_of_compressai(timed, coded, rans):
    ans, tables, made = rans
    assert timed(lambda: ans.RansEncoder().encode_with_indexes(*coded, *tables), ENCODE, made) == made


def test_rans_of_compressai_decoder(timed, coded, rans):
    ans, tables, made = rans
    assert timed(lambda: ans.RansDecoder().decode_with_indexes(made, coded[1], *tables), DECODE, made) == coded[0]
