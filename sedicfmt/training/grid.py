"""What keeps a network from painting a grid: the error's part that repeats from patch to patch.

LPIPS and the critics like any texture, and the cheapest one for a network that works in patches is the same for every patch.
Such a tile stays when errors are averaged over patches, and all else nearly goes: of n tiles' independent errors 1 / n of the
energy is left. So n times that energy is near the usual squared error where there is no grid, and far above it where there is
one (`evaluation.grid` measures the same of one picture). Each crop's error counts in units of its own size: a faint grid on a
clear sky is seen as well as a strong one on grass.
"""

from __future__ import annotations

from torch import Tensor

from sedicfmt.evaluation.grid import PITCH

LEAST = 1e-3  # of an error, which may be nothing
NEAR = 4  # tiles a side of a neighbourhood: dots may differ from one to the next


def repeated(error: Tensor) -> Tensor:
    """n * energy of the mean tile of `error` (b, c, side, side), over whole crops and over neighbourhoods; a mean of both."""
    size = error.detach().var((2, 3), keepdim=True).mean(1, keepdim=True).sqrt()
    tiles = (error / (size + LEAST)).unflatten(3, (-1, PITCH)).unflatten(2, (-1, PITCH))  # (b, c, rows, 8, columns, 8)
    near = tiles.unflatten(4, (-1, NEAR)).unflatten(2, (-1, NEAR)).mean((3, 6))
    return (grid_energy(near, NEAR * NEAR) + grid_energy(tiles.mean((2, 4)), tiles.shape[2] * tiles.shape[4])) / 2


def grid_energy(mean: Tensor, count: int) -> Tensor:
    """Of mean tiles, axes (..., 8, ..., 8) or (..., 8, 8), without their own means, which are no pattern."""
    axes = (3, 5) if mean.ndim == 6 else (2, 3)
    return count * (mean - mean.mean(axes, keepdim=True)).square().mean()
