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
    labels, count = connected_parts(mask, corners)
    wanted = flood(mask, corners)
    np.testing.assert_array_equal(labels, wanted)
    assert count == wanted.max() + 1


@pytest.mark.parametrize("corners", [False, True])
def test_large_masks_are_opencvs(corners):
    cv2 = pytest.importorskip("cv2")
    random = np.random.default_rng(4)
    for share in (0.3, 0.6):
        mask = (random.random((300, 400)) < share).astype(np.uint8)
        labels, count = connected_parts(mask, corners)
        theirs, other = cv2.connectedComponents(mask, connectivity=8 if corners else 4)
        pairs = set(zip(labels.ravel().tolist(), other.ravel().tolist(), strict=True))
        assert count == theirs == len(pairs)


def test_a_spiral_and_nothing():
    snake = np.zeros((101, 61), np.uint8)
    snake[::2], snake[1::4, -1], snake[3::4, 0] = 1, 1, 1
    assert connected_parts(snake)[1] == 2
    assert connected_parts(np.zeros((3, 5), np.uint8))[1] == 1
