"""The search for the largest step within a budget: right whatever the sizes, short where they grow as they usually do."""

import math

from hypothesis import example, given
from hypothesis import strategies as st

from sedicfmt.latents.largest_that_fits import largest_that_fits

steps = st.integers(-1, 62)


@given(steps, st.integers(-5, 70), st.floats(-100, 100, allow_nan=False))
def test_the_largest_is_found_whatever_the_law_says(largest, start, wrong):
    tried = []

    def size_at(step):
        tried.append(step)
        return step

    assert largest_that_fits(size_at, largest, (-1, 63), start, lambda n, size: n + wrong) == largest
    assert len(set(tried)) == len(tried) <= 12 and not {-1, 63} & set(tried)


@given(st.integers(100, 5000), st.integers(0, 62), st.floats(0.05, 0.1))
@example(513, 49, 0.05)  # four tries by the law stop one short of the answer
def test_few_tries_where_the_law_nearly_holds(most, start, growth):
    tried = []

    def size_at(step):
        tried.append(step)
        return round(60 * math.exp(growth * step))

    found = largest_that_fits(size_at, most, (-1, 63), start, lambda n, size: n + math.log(most / size) / 0.07)
    assert size_at(found) <= most and (found == 62 or size_at(found + 1) > most)
    assert len(tried) - 2 <= 9


@given(st.integers(70, 5000), st.integers(0, 62))
def test_near_enough_is_enough(most, start):
    def size_at(step):
        return round(60 * math.exp(0.07 * step))

    found = largest_that_fits(
        size_at, most, (-1, 63), start, lambda n, size: n + math.log(most / size) / 0.07, near=0.9
    )
    assert found == 62 or (size_at(found) <= most and size_at(found + 1) > 0.9 * most)
