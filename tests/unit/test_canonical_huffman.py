"""Canonical Huffman codes: known codes, ties by index, the one-symbol alphabet, refusals."""

import pytest
from bitarray import bitarray

from sedicfmt.bitcoding.canonical_huffman import MAX_LENGTH, CanonicalCode, code_lengths
from sedicfmt.errors import Malformed, Truncated

CODES = [  # lengths by symbol, codes by symbol
    ([2, 1, 3, 3], ["10", "0", "110", "111"]),  # RFC 1951, 3.2.2
    ([3, 3, 3, 3, 3, 2, 4, 4], ["010", "011", "100", "101", "110", "00", "1110", "1111"]),  # the same clause's example
    ([1, 1], ["0", "1"]),  # a tie goes to the lower index
    ([0, 1, 0, 1], [None, "0", None, "1"]),  # unused symbols have no code
    ([0, 1], [None, "0"]),  # one symbol
]


@pytest.mark.parametrize(("lengths", "codes"), CODES)
def test_codes_are_canonical_both_ways(lengths, codes):
    code = CanonicalCode(lengths)
    used = [symbol for symbol, word in enumerate(codes) if word]
    assert [code.bits(symbol).to01() for symbol in used] == [codes[symbol] for symbol in used]
    assert code.decode(bitarray("".join(codes[symbol] for symbol in used))) == used
    assert code.decode(code.encode(used * 5)) == used * 5


@pytest.mark.parametrize("lengths", [[], [0, 0], [1, 2], [1, 1, 1], [2, 2, 2], [25], [1, 25]])
def test_incomplete_overfull_and_overlong_codes_are_refused(lengths):
    with pytest.raises(ValueError, match="code"):
        CanonicalCode(lengths)


@pytest.mark.parametrize(
    ("frequencies", "lengths"),
    [([], []), ([0, 0], [0, 0]), ([0, 7], [0, 1]), ([1, 1, 1, 1], [2, 2, 2, 2]), ([5, 2, 1, 0, 1], [1, 2, 3, 0, 3])],
)
def test_lengths_from_frequencies(frequencies, lengths):
    assert code_lengths(frequencies) == lengths


def test_lengths_keep_the_limit_and_fill_the_tree():
    fibonacci = [1, 1]
    while len(fibonacci) < 40:
        fibonacci.append(fibonacci[-1] + fibonacci[-2])
    lengths = code_lengths(fibonacci)
    assert max(lengths) <= MAX_LENGTH
    assert CanonicalCode(lengths).decode(CanonicalCode(lengths).encode(range(40))) == list(range(40))


def test_the_end_inside_a_code_is_truncated():
    with pytest.raises(Truncated):
        CanonicalCode([2, 1, 3, 3]).decode(bitarray("011"))


def test_a_code_that_stands_for_nothing_is_malformed():
    with pytest.raises(Malformed):
        CanonicalCode([1]).decode(bitarray("01"))
