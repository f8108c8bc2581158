"""The guided filter: its window means, and its equations solved pixel by pixel."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sedicfmt.encoders.offline.guided_filter import EPSILON, RADIUS, guided


def windows(values: np.ndarray) -> np.ndarray:
    """(h, w, ...) -> (h, w, pixels of a window, ...), edges going on."""
    padded = np.pad(values, [(RADIUS, RADIUS)] * 2 + [(0, 0)] * (values.ndim - 2), mode="edge")
    rows, columns = values.shape[:2]
    size = range(2 * RADIUS + 1)
    return np.stack([padded[y : y + rows, x : x + columns] for y in size for x in size], axis=2)


def solved(picture: np.ndarray, values: np.ndarray) -> np.ndarray:
    """By numpy's least squares, a window at a time, the penalty as three more equations."""
    colours = picture / 255
    seen, wanted = windows(colours), windows(values.astype(float))
    count = seen.shape[2]
    functions = np.empty((*values.shape, 4))
    for y, x in np.ndindex(values.shape):
        system = np.vstack(
            [np.c_[seen[y, x], np.ones(count)], np.c_[np.eye(3) * np.sqrt(EPSILON * count), np.zeros(3)]]
        )
        functions[y, x] = np.linalg.lstsq(system, np.r_[wanted[y, x], np.zeros(3)], rcond=None)[0]
    mean = windows(functions).mean(2)
    return (mean[..., :3] * colours).sum(-1) + mean[..., 3]


@given(st.integers(1, 7), st.integers(1, 7), st.integers(0, 2**32))
def test_it_solves_its_equations(height, width, seed):
    random = np.random.default_rng(seed)
    picture = random.integers(0, 256, (height, width, 3)).astype(np.uint8)
    values = random.random((height, width)).astype(np.float32)
    np.testing.assert_allclose(guided(picture, values), solved(picture, values), atol=2e-4)


def test_a_flat_picture_blurs_and_a_constant_stays():
    flat, step = (
        np.full((30, 40, 3), 99, np.uint8),
        np.repeat([[0.0, 1.0]], 20, axis=1).repeat(30, 0).astype(np.float32),
    )
    led = guided(flat, step)
    assert led[15, 5] == 0 and led[15, 35] == 1 and 0.3 < led[15, 20] < 0.7
    noise = np.random.default_rng(1).integers(0, 256, (30, 40, 3)).astype(np.uint8)
    np.testing.assert_allclose(guided(noise, np.full((30, 40), 0.3, np.float32)), 0.3, atol=1e-5)
