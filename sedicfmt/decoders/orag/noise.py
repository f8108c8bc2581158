"""The noise that a file's seed stands for: the same numbers on every machine and device (spec clause R-2).

64-bit words of Philox 4x64-10 (Salmon et al., 2011; numpy's bit stream, which numpy guarantees not to change), key = seed,
counter's top word = stage; each word's top 53 bits are a fraction; pairs of fractions become normal numbers by Box and
Muller in float64, rounded to float32. Drawn on the CPU, whatever the device.

R-2 numbers the stages 0, 1, ... A sampler that adds noise in every step draws it from streams of the same seed far above
those.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray


def normal_numbers(seed: int, stage: int, count: int) -> NDArray[np.float32]:
    """`count` standard normal float32 numbers. `stage`: which stream of the seed, 0 to 2^64 - 1."""
    words = np.random.Philox(key=seed, counter=[0, 0, 0, stage]).random_raw(count + count % 2)
    fractions = (words >> np.uint64(11)).astype(np.float64) * 2.0**-53
    radius = np.sqrt(-2 * np.log1p(-fractions[0::2]))
    angle = 2 * math.pi * fractions[1::2]
    pairs = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return pairs.reshape(-1)[:count].astype(np.float32)


def seeded_noise(seed: int, stage: int, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """The same in a shape, filled in C order."""
    return normal_numbers(seed, stage, math.prod(shape)).reshape(shape)


def step_stream(stage: int, step: int) -> int:
    """Which stream an ancestral sampler's noise for step 0, 1, ... of a stage is; never one that a stage starts from."""
    return ((stage + 1) << 32) + step
