"""The Karhunen-Loeve transform of photo patches: where the codec's g_a and g_s start.

A linear transform that packs the energy of 32x32 RGB patches into few coefficients is already a fair codec; a
network that starts there has to learn only what is better than linear.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from sedicfmt.training.packed import load_photos
from sedicfmt.training.photos import CropSource


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
    # a direction's sign is free: one that rounding cannot turn over (sums of waves are all but zero) makes runs repeatable
    signs = np.where(basis @ np.random.default_rng(1).normal(size=(basis.shape[1], 1)) < 0, -1, 1)
    return (basis * signs).astype(np.float32), np.sqrt(np.maximum(energy[::-1][:count], 0)).astype(np.float32)


def reverse_water_filling(basis_energy: np.ndarray, total: float, patch: int, water: float) -> tuple[float, float]:
    """(bits a pixel, mean squared error a sample) of ideal coding of independent Gaussians at water level `water`."""
    rate = 0.5 * np.log2(np.maximum(basis_energy / water, 1)).sum() / patch**2
    error = np.minimum(basis_energy, water).sum() + max(0.0, total - basis_energy.sum())
    return float(rate), float(error / (3 * patch**2))


def main() -> None:
    """`python -m sedicfmt.training.klt PHOTOS`: what patches of 8, 16 and 32 pixels promise (spec/rationale.md)."""
    images = load_photos(Path(sys.argv[1])).images
    crops = CropSource(images).batch(600, 0) - 127.5
    for patch in (8, 16, 32):
        _, deviation = fit_klt(crops, patch, min(600, 3 * patch**2))
        total = float(np.square(crops).mean()) * 3 * patch**2
        for water in (8000, 16650):
            rate, error = reverse_water_filling(deviation.astype(float) ** 2, total, patch, water)
            print(f"patch {patch:2}  water {water:5}  {rate:.4f} bpp  {10 * np.log10(255**2 / error):.2f} dB")


if __name__ == "__main__":
    main()
