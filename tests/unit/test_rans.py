"""The reader of CompressAI's strings: what its encoder wrote comes back, any other bytes are refused (K-4 to K-6)."""

import random
import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sedicfmt.bitcoding.rans import LEAST, RansReader, Tables
from sedicfmt.errors import Malformed

TABLES = Tables([[0, 30000, 65000, 65536], [0, 1, 2, 3, 65535, 65536], [0, 65535, 65536]], [-1, 5, 0])
VALUES = [(0, -1), (0, 0), (0, 1), (1, 8), (0, -2), (1, 5000), (2, 0), (2, -32767), (0, 32767), (1, 4), (0, 0)]
# of those values, by compressai.ans.RansEncoder of CompressAI 1.2.8
BY_COMPRESSAI = "105443e3e3d16a00f1ff4ffe26064c07ffcfe72fffff1f01"


def parts_of(index, value):
    """The (start, size, bits) that stand for a value, in reading order."""
    row, symbol = TABLES.rows[index], value - TABLES.firsts[index]
    escape = len(row) - 2
    if 0 <= symbol < escape:
        return [(row[symbol], row[symbol + 1] - row[symbol], 16)]
    number, digits = (-2 * symbol - 1 if symbol < 0 else 2 * (symbol - escape)), []
    while number >> 4 * len(digits):
        digits.append(number >> 4 * len(digits) & 15)
    return [(row[escape], row[escape + 1] - row[escape], 16), (len(digits), 1, 4), *((d, 1, 4) for d in digits)]


def written(values):
    """The string of values and their tables: from the last to the first."""
    state, words = LEAST, []
    for start, size, bits in reversed([part for index, value in values for part in parts_of(index, value)]):
        if state >= (LEAST >> 16 << 32) * (size if bits == 16 else 1 << 12):
            words.append(state & 0xFFFFFFFF)
            state >>= 32
        state = (state // size << bits) + state % size + start
    return struct.pack(f"<{len(words) + 2}I", state & 0xFFFFFFFF, state >> 32, *reversed(words))


def read(data, indexes):
    reader = RansReader(data)
    values = reader.take(TABLES, indexes)
    reader.finish()
    return values


def test_what_compressai_wrote():
    assert written(VALUES).hex() == BY_COMPRESSAI
    assert read(bytes.fromhex(BY_COMPRESSAI), [index for index, _ in VALUES]) == [value for _, value in VALUES]


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(-32767, 32767) | st.integers(-8, 12)), max_size=60))
def test_round_trip(values):
    assert read(written(values), [index for index, _ in values]) == [value for _, value in values]


@given(st.binary(max_size=60), st.lists(st.integers(0, 2), max_size=60))
def test_any_bytes_are_the_string_of_their_values_or_refused(data, indexes):
    try:
        values = read(data, indexes)
    except Malformed:
        return
    assert written(list(zip(indexes, values, strict=True))) == data


def test_another_bit_is_another_value_or_refused_and_every_cut_is_found():
    rng = random.Random(1)
    values = [(rng.randrange(2), rng.randrange(-1, 8)) for _ in range(300)]
    data, indexes = written(values), [index for index, _ in values]
    for bit in range(0, 8 * len(data), 7):
        flipped = (int.from_bytes(data, "big") ^ 1 << bit).to_bytes(len(data), "big")
        with suppress(Malformed):
            assert read(flipped, indexes) != [value for _, value in values]
    for end in range(len(data)):
        with pytest.raises(Malformed):
            read(data[:end], indexes)
    with pytest.raises(Malformed, match="K-6"):
        read(data + bytes(4), indexes)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "K-4"),
        (bytes(7), "K-4"),
        (bytes(9), "K-4"),
        (struct.pack("<II", LEAST - 1, 0), "state is outside"),
        (struct.pack("<II", 0, 1 << 31), "state is outside"),
        (struct.pack("<II", LEAST, 0), "ends before its values"),
    ],
)
def test_what_is_wrong_is_told(data, told):
    with pytest.raises(Malformed, match=told):
        read(data, [2, 0])


@pytest.mark.parametrize("row", [[0, 65536], [0, 5, 5, 65536], [1, 5, 65536], [0, 5, 65535], [0, 9, 5, 65536], []])
def test_tables_that_are_none(row):
    with pytest.raises(ValueError, match="rise"):
        Tables([row], [0])
    with pytest.raises(ValueError, match="offsets"):
        Tables([[0, 5, 65536]], [])
