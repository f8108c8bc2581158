"""Masks cleaned and made disjoint: pictures drawn by hand, and properties of any mask."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sedicfmt.encoders.objects.clean_mask import LEAST_KEPT, clean_mask, resolve_overlaps, without_holes, without_specks
from sedicfmt.errors import EncodeError


def rectangle(top: int, left: int, bottom: int, right: int, size: tuple[int, int] = (60, 80)) -> np.ndarray:
    mask = np.zeros(size, np.uint8)
    mask[top:bottom, left:right] = 1
    return mask


THING = rectangle(10, 10, 50, 50)  # 1600 pixels: specks and holes are below 32


def test_specks_go_and_parts_stay():
    speck, part = rectangle(0, 60, 5, 66), rectangle(20, 60, 26, 66)  # 30 and 36 pixels
    assert np.array_equal(clean_mask(THING | speck | part), THING | part)


def test_small_holes_are_filled_and_large_ones_stay():
    small, large = rectangle(12, 12, 17, 18), rectangle(30, 30, 36, 36)
    assert np.array_equal(clean_mask(THING - small - large), THING - large)


def test_a_notch_at_the_pictures_edge_is_no_hole():
    mask = rectangle(0, 0, 40, 40)
    mask[0:3, 5:8] = 0
    assert np.array_equal(clean_mask(mask), mask)


def test_parts_touching_at_a_corner_are_one():
    mask = THING.copy()
    mask[50, 50] = mask[51, 51] = 1
    assert np.array_equal(without_specks(mask), mask)
    ring = rectangle(0, 0, 40, 40) - rectangle(10, 10, 12, 12) - rectangle(12, 12, 14, 14)
    assert without_holes(ring).sum() == 1600


def test_the_largest_part_stays_however_small():
    dust = np.zeros((40, 40), np.uint8)
    dust[::4, ::4] = 1
    assert clean_mask(dust).any()


MASKS = st.tuples(st.integers(1, 24), st.integers(1, 24)).flatmap(
    lambda size: st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=4).map(
        lambda seeds: [
            (np.random.default_rng(s).random(size) < np.random.default_rng(s + 1).random()).astype(np.uint8)
            for s in seeds
        ]
    )
)


@given(MASKS)
def test_a_clean_mask_is_a_mask_and_clean(masks):
    for mask in masks:
        clean = clean_mask(mask)
        assert clean.shape == mask.shape and clean.dtype == np.uint8 and set(np.unique(clean)) <= {0, 1}
        assert clean.any() == mask.any()
        assert without_specks(mask).sum() <= mask.sum() <= without_holes(mask).sum()


@given(MASKS, st.integers(0, 2))
def test_resolved_masks_are_disjoint_parts_of_their_own(masks, given_count):
    before, rest = masks[:given_count], masks[given_count:]
    own = resolve_overlaps(rest, [0.5] * len(rest), before)
    assert len(own) == len(rest)
    total = sum((m.astype(int) for m in own), np.maximum.reduce(before).astype(int) if before else 0)
    assert np.max(total, initial=0) <= 1
    for mine, mask in zip(own, rest, strict=True):
        assert not (mine & (1 - mask)).any()


def test_the_smaller_stands_before_the_larger_in_any_order():
    sofa, cat = rectangle(20, 0, 60, 80), rectangle(30, 30, 50, 50)
    for masks in ([sofa, cat], [cat, sofa]):
        own = dict(zip(map(id, masks), resolve_overlaps(masks, [0.9, 0.4]), strict=True))
        assert np.array_equal(own[id(cat)], cat) and np.array_equal(own[id(sofa)], sofa - cat)


def test_a_given_mask_keeps_its_pixels():
    sofa, cat = rectangle(20, 0, 60, 80), rectangle(30, 30, 50, 90)
    (own,) = resolve_overlaps([cat], [0.9], [sofa])
    assert not own.any()
    (own,) = resolve_overlaps([sofa], [0.9], [cat])
    assert np.array_equal(own, sofa - (sofa & cat))


@pytest.mark.parametrize(("scores", "winner"), [((0.9, 0.4), 0), ((0.4, 0.9), 1), ((0.5, 0.5), 0)])
def test_of_one_thing_named_twice_the_more_certain_stays(scores, winner):
    masks = [rectangle(10, 10, 50, 50), rectangle(11, 10, 50, 50)]
    own = resolve_overlaps(masks, scores)
    assert np.array_equal(own[winner], masks[winner]) and not own[1 - winner].any()


def test_equal_areas_go_to_the_more_certain():
    left, right = rectangle(0, 0, 10, 20), rectangle(0, 10, 10, 30)
    own = resolve_overlaps([left, right], [0.3, 0.8])
    assert own[0].sum() == 100 and own[1].sum() == 200


def test_fringes_are_given_up():
    large, inner = rectangle(0, 0, 60, 80), rectangle(0, 0, 60, 40)
    other = rectangle(0, 40, 60, 77)
    own = resolve_overlaps([large, inner, other], [1.0, 1.0, 1.0])
    assert LEAST_KEPT > 3 / 80 and not own[0].any() and own[1].any() and own[2].any()


def test_empty_and_unequal_ones():
    empty = np.zeros((60, 80), np.uint8)
    assert not resolve_overlaps([empty, empty], [1, 1])[1].any()
    assert resolve_overlaps([], []) == ()
    with pytest.raises(EncodeError):
        resolve_overlaps([empty, np.zeros((3, 3), np.uint8)], [1, 1])
    with pytest.raises(EncodeError):
        resolve_overlaps([empty], [])
