"""The noise of a seed (clause R-2): frozen numbers, and Philox written out again beside numpy's."""

import math

import numpy as np
import pytest

from sedicfmt.decoders.orag.noise import normal_numbers

WORD = 2**64 - 1


def philox(counter, key):
    """Philox 4x64-10 after its authors' description: one block of four words."""
    c, k = list(counter), list(key)
    for number in range(10):
        if number:
            k = [(k[0] + 0x9E3779B97F4A7C15) & WORD, (k[1] + 0xBB67AE8584CAA73B) & WORD]
        a, b = 0xD2E7470EE14C6C93 * c[0], 0xCA5A826395121157 * c[2]
        c = [(b >> 64) ^ c[1] ^ k[0], b & WORD, (a >> 64) ^ c[3] ^ k[1], a & WORD]
    return c


@pytest.mark.parametrize(("seed", "stage"), [(0, 0), (1, 0), (7, 1), (2**32 - 1, 3)])
def test_numbers_are_those_of_the_clause(seed, stage):
    words = philox((1, 0, 0, stage), (seed, 0)) + philox((2, 0, 0, stage), (seed, 0))
    fractions = [(word >> 11) * 2.0**-53 for word in words]
    expected = []
    for f, g in zip(fractions[0::2], fractions[1::2], strict=True):
        radius = math.sqrt(-2 * math.log(1 - f))
        expected += [radius * math.cos(2 * math.pi * g), radius * math.sin(2 * math.pi * g)]
    assert normal_numbers(seed, stage, 7) == pytest.approx(expected[:7], rel=1e-6)


def test_the_specifications_example():
    assert normal_numbers(1, 0, 4) == pytest.approx([0.49438775, -0.6922074, 0.5715938, 0.11316118], rel=1e-6)


def test_numbers_are_normal_and_float32():
    numbers = normal_numbers(7, 0, 100_001)
    assert numbers.dtype == np.float32
    assert numbers.mean() == pytest.approx(0, abs=0.01)
    assert numbers.std() == pytest.approx(1, abs=0.01)
    assert not np.array_equal(numbers[:10], normal_numbers(7, 1, 10))
