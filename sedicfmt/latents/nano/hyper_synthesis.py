"""h_s in integers: z -> for every y a mean in 1/64 and the number of its frequency table (spec clauses H-1 to H-6).

Whatever steers the entropy decoder must come out the same on every machine. Weights are int8, activations int16; sums are
taken in float64, which holds these integers exactly (below 2^53), so neither order nor threads nor device matter.

    a = W1 (3x3, zeros around) z + b1;   h = clamp((a m1 + 2^(s1-1)) >> s1, 0, 32767);   h shuffled to twice the size
    c = W2 (1x1) h + b2;   mean = clamp((c m2 + 2^(s2-1)) >> s2, +-32767);   index the same, clamped to 0..47
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sedicfmt.latents.nano.layers import Weights, shuffle

MEAN_UNIT = 64  # means are in 1/64
LAST_INDEX = 47
Integers = NDArray[np.int64]


def grow(z: NDArray[np.int32], weights: Weights) -> Integers:
    """H-2 to H-4: z (Cz, h, w), |z| <= 32767 -> the hidden values, int64 (2h, 2w, N)."""
    return shuffle(requantise(_convolve3x3(z.transpose(1, 2, 0), weights), weights, "h_s.grow", 0, 32767), 2)


def dense(x: Integers, weights: Weights, name: str, low: int, high: int) -> Integers:
    """H-5 on rows of integers (..., n) -> (..., outputs)."""
    weight = weights[name + ".weight"].astype(np.float64)
    total = (x.astype(np.float64) @ weight.T).astype(np.int64) + weights[name + ".bias"]
    return requantise(total, weights, name, low, high)


def _convolve3x3(z: NDArray[np.int32], weights: Weights) -> Integers:
    """H-2: int (h, w, Cz) -> int64 (h, w, channels of h_s.grow), bias added."""
    h, w, _ = z.shape
    padded = np.pad(z.astype(np.float64), ((1, 1), (1, 1), (0, 0)))
    taps = weights["h_s.grow.weight"].astype(np.float64)  # (out, in, 3, 3)
    total = sum(padded[dy : dy + h, dx : dx + w] @ taps[:, :, dy, dx].T for dy in range(3) for dx in range(3))
    return np.asarray(total).astype(np.int64) + weights["h_s.grow.bias"]


def requantise(total: Integers, weights: Weights, name: str, low: int, high: int) -> Integers:
    """H-3: (total * multiplier + half) >> shift, clamped; the multiplier is int32, one a channel (last axis)."""
    shift = int(weights[name + ".shift"][0])
    scaled = (total * weights[name + ".multiplier"].astype(np.int64) + (1 << (shift - 1))) >> shift
    clamped: Integers = np.clip(scaled, low, high)
    return clamped
