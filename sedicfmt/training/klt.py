"""The Karhunen-Loeve transform of photo patches: where the codec's g_a and g_s start.

A linear transform that packs the energy of 32x32 RGB patches into few coefficients is already a fair codec; a
network that starts there has to learn only what is better than linear.
"""

from __future__ import annotations

import numpy as np


def fit_klt(crops: np.ndarray, patch: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The `count` strongest principal directions of patches.

    crops: float32 (n, 3, h, w), centred on zero. Returns the orthonormal basis, float32 (count, 3*patch*patch) with
    the patch in (channel, row, column) order, and the standard deviation along each direction, float32 (count,).
    """
    n, c, h, w = crops.shape
    cut = crops[:, :, : h // patch * patch, : w // patch * patch]
    grid = cut.reshape(n, c, h // patch, patch, w // patch, patch).transpose(0, 2, 4, 1, 3, 5)
    rows = grid.reshape(-1, c * patch * patch)
    covariance = rows.T @ rows / len(rows)
    energy, directions = np.linalg.eigh(covariance.astype(np.float64))
    basis = directions[:, ::-1][:, :count].T
    signs = np.sign(basis.sum(axis=1, keepdims=True)) + (basis.sum(axis=1, keepdims=True) == 0)
    return (basis * signs).astype(np.float32), np.sqrt(np.maximum(energy[::-1][:count], 0)).astype(np.float32)
