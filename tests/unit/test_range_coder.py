"""The range coder and its tables: golden bytes, round trips, the cost of finishing, any bytes."""

import math
import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sedicfmt.bitcoding.cumulative_table import MAX_VALUE, CumulativeTable
from sedicfmt.bitcoding.range_coder import TOTAL, RangeDecoder, RangeEncoder
from sedicfmt.errors import EncodeError, SedicError
from sedicfmt.segments.latent import decode_symbols, encode_symbols, gaussian_tables

TABLE = CumulativeTable.from_frequencies([1000, 60000, 4000, 536])  # -1, 0, 1, escape

GOLDEN = [  # never change: files depend on them
    ([], ""),
    ([0], "04"),
    ([0, 0, 0, 0], "0e"),
    ([1, -1, 0], "ee49"),
    ([7, -300, MAX_VALUE], "fe216160dbc6df723fb7"),
]


@pytest.mark.parametrize(("values", "expected"), GOLDEN)
def test_golden_bytes(values, expected):
    data = encode_symbols(values, [TABLE] * len(values))
    assert data.hex() == expected
    assert decode_symbols(data, [TABLE] * len(values)) == values


@given(st.lists(st.tuples(st.integers(0, 47), st.integers(-40, 40)), max_size=300))
def test_round_trip(pairs):
    tables = [gaussian_tables()[i] for i, _ in pairs]
    values = [v for _, v in pairs]
    assert decode_symbols(encode_symbols(values, tables), tables) == values


@given(st.binary(max_size=40), st.integers(0, 47), st.integers(0, 60))
def test_any_bytes_give_values_or_our_error(data, index, count):
    tables = [gaussian_tables()[index]] * count
    try:
        values = decode_symbols(data, tables)
    except SedicError:
        return
    assert encode_symbols(values, tables) == data


def test_finishing_costs_less_than_two_bytes():
    rng = random.Random(1)
    for _ in range(200):
        values = [rng.choice([-1, 0, 0, 0, 1]) for _ in range(rng.randrange(200))]
        sizes = [TABLE.cumulative[v + 2] - TABLE.cumulative[v + 1] for v in values]
        ideal = sum(-math.log2(s / TOTAL) for s in sizes) / 8
        assert len(encode_symbols(values, [TABLE] * len(values))) < ideal + 1.5


def test_carry_runs_through_many_bytes():
    coder = RangeEncoder()
    coder.out, coder.low = bytearray(b"\x12\xff\xff\xff"), (1 << 32) + 5
    coder._shift()
    assert coder.out == b"\x13\x00\x00\x00\x00"


def test_decoder_reads_zeros_behind_the_end():
    decoder = RangeDecoder(b"")
    assert [decoder.decode((0, 1, TOTAL)) for _ in range(50)] == [0] * 50


@pytest.mark.parametrize("frequencies", [[1, 2], [0, TOTAL - 1, 0, 1], [TOTAL // 2] * 3])
def test_illegal_tables_are_refused(frequencies):
    with pytest.raises(ValueError, match="frequency table"):
        CumulativeTable.from_frequencies(frequencies)


def test_a_value_too_large_is_the_callers_fault():
    with pytest.raises(EncodeError):
        encode_symbols([MAX_VALUE + 1], [TABLE])


def test_gaussian_tables_are_legal_and_ordered():
    tables = gaussian_tables()
    assert len(tables) == 48
    assert all(a.largest <= b.largest for a, b in pairwise(tables))


def read_bits(decoder, frequencies):
    """The bits of these frequencies of a 1."""
    bits = []

    def likely():
        for ones in frequencies:
            bits.append((yield ones))

    decoder.decode_bits(likely())
    return bits


@given(
    st.binary(max_size=30), st.lists(st.integers(0, 47), max_size=60), st.lists(st.integers(1, TOTAL - 1), max_size=60)
)
def test_a_decoder_knows_what_the_encoder_would_have_written(data, indices, frequencies):
    tables, decoder, encoder = [gaussian_tables()[i] for i in indices], RangeDecoder(data), RangeEncoder()
    try:
        values = [table.decode(decoder) for table in tables]
    except SedicError:
        return
    bits = read_bits(decoder, frequencies)
    for value, table in zip(values, tables, strict=True):
        table.encode(value, encoder)
    encoder.encode_bits(bits, frequencies)
    written = encoder.finish()
    assert decoder.is_finished() == (written == data)
    again = RangeDecoder(written)
    assert [table.decode(again) for table in tables] + read_bits(again, frequencies) == values + bits
    assert again.is_finished()
