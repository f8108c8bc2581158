"""The connected parts of a mask are OpenCV's; and of any mask they are what a flood finds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sedicfmt.encoders.connected_parts import connected_parts

SIDES, CORNERS = ((0, 1), (1, 0), (0, -1), (-1, 0)), ((1, 1), (1, -1), (-1, 1), (-1, -1))


def flood(mask: np.ndarray, corners: bool) -> np.ndarray:
    """Parts numbered from 1 on, in the order of their first pixels."""
    labels, number = np.zeros(mask.shape, int), 0
    for start in zip(*np.nonzero(mask), strict=True):
        if labels[start]:
            continue
        number, open_places = number + 1, [start]
        while open_places:
            y, x = open_places.pop()
            if 0 <= y < mask.shape[0] and 0 <= x < mask.shape[1] and mask[y, x] and not labels[y, x]:
                labels[y, x] = number
                open_places += [(y + dy, x + dx) for dy, dx in SIDES + (CORNERS if corners else ())]
    return labels


@given(
    st.integers(1, 12), st.integers(1, 12), st.integers(0, 2**32), st.sampled_from([0.2, 0.5, 0.8, 1]), st.booleans()
)
def test_parts_are_what_a_flood_finds(height, width, seed, share, corners):
    mask = (np.random.default_rng(seed).random((height, width)) < share).astype(np.uint8)
    parts, wanted = connected_parts(mask, corners), flood(mask, corners)
    assert parts.areas.tolist() == np.bincount(wanted.ravel())[1:].tolist()
    for number in range(len(parts.areas)):
        inside = wanted == number + 1
        np.testing.assert_array_equal(parts.painted(np.arange(len(parts.areas)) == number), inside)
        assert parts.at_edge[number] == (inside.any() and inside[outermost(inside)].any())
    np.testing.assert_array_equal(parts.painted(np.ones(len(parts.areas), bool)), mask)


def outermost(inside: np.ndarray) -> np.ndarray:
    """Where the outermost rows and columns are."""
    edges = np.ones(inside.shape, bool)
    edges[1:-1, 1:-1] = False
    return edges


@pytest.mark.parametrize("corners", [False, True])
def test_large_masks_are_opencvs(corners):
    cv2 = pytest.importorskip("cv2")
    random = np.random.default_rng(4)
    for share in (0.3, 0.6):
        mask = (random.random((300, 400)) < share).astype(np.uint8)
        count, _, told, _ = cv2.connectedComponentsWithStats(mask, connectivity=8 if corners else 4)
        areas = connected_parts(mask, corners).areas
        assert len(areas) == count - 1 and sorted(areas) == sorted(told[1:, cv2.CC_STAT_AREA])


@pytest.mark.parametrize(
    "kind", [lambda m: m * 255, lambda m: m.astype(bool), lambda m: m.astype(int), np.asfortranarray]
)
def test_any_kind_of_mask(kind):
    mask = (np.random.default_rng(2).random((20, 30)) < 0.5).astype(np.uint8)
    assert connected_parts(kind(mask)).areas.tolist() == connected_parts(mask).areas.tolist()


def test_a_spiral_and_nothing():
    snake = np.zeros((101, 61), np.uint8)
    snake[::2], snake[1::4, -1], snake[3::4, 0] = 1, 1, 1
    assert connected_parts(snake).areas.tolist() == [51 * 61 + 50]
    nothing = connected_parts(np.zeros((3, 5), np.uint8))
    assert len(nothing.areas) == 0 and not nothing.painted(np.zeros(0, bool)).any()
