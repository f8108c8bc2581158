"""The noise that a file's seed stands for: the same numbers on every machine and device (spec clause R-2).

64-bit words of Philox 4x64-10 (Salmon et al., 2011; numpy's bit stream, which numpy guarantees not to change), key = seed,
counter's top word = stage; each word's top 53 bits are a fraction; pairs of fractions become normal numbers by Box and
Muller in float64, rounded to float32. Drawn on the CPU, whatever the device. Any part of a stream can be had without what
stands before it: four words stand at each value of the counter.

R-2 numbers the stages 0, 1, ... A sampler that adds noise in every step draws it from streams of the same seed far above
those.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

BLOCK = 4  # words at one value of Philox's counter


def normal_numbers(seed: int, stage: int, count: int) -> NDArray[np.float32]:
    """`count` standard normal float32 numbers. `stage`: which stream of the seed, 0 to 2^64 - 1."""
    return normal_from(stream(seed, stage).random_raw(count + count % 2))[:count]


def seeded_noise(seed: int, stage: int, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """The same in a shape, filled in C order."""
    return normal_numbers(seed, stage, math.prod(shape)).reshape(shape)


def noise_within(seed: int, stage: int, shape: tuple[int, ...], rows: slice, columns: slice) -> NDArray[np.float32]:
    """`seeded_noise` of `shape` (..., rows, columns), of which only these rows and columns are drawn."""
    height, width = shape[-2:]
    whole = (rows, columns) == (slice(0, height), slice(0, width))
    if whole or width % 2:  # where a line's end is within a pair of words, all is drawn, too
        return seeded_noise(seed, stage, shape)[..., rows, columns]
    count, first = (rows.stop - rows.start) * width, columns.start - columns.start % 2
    drawn = np.empty(
        (math.prod(shape[:-2]), rows.stop - rows.start, columns.stop + columns.stop % 2 - first), np.uint64
    )
    for number, part in enumerate(drawn):
        lines = words_from(seed, stage, (number * height + rows.start) * width, count).reshape(-1, width)
        part[:] = lines[:, first : first + part.shape[1]]
    numbers = normal_from(drawn.reshape(-1)).reshape(*shape[:-2], *drawn.shape[1:])
    return np.ascontiguousarray(numbers[..., columns.start - first : columns.stop - first])


def words_from(seed: int, stage: int, begin: int, count: int) -> NDArray[np.uint64]:
    """`count` words of a stage from word `begin` on."""
    words = stream(seed, stage)
    words.advance(begin // BLOCK)
    return words.random_raw(begin % BLOCK + count)[begin % BLOCK :]


def stream(seed: int, stage: int) -> np.random.Philox:
    """The words of a stage."""
    return np.random.Philox(key=seed, counter=[0, 0, 0, stage])


def normal_from(words: NDArray[np.uint64]) -> NDArray[np.float32]:
    """An even number of words -> as many standard normal numbers, two by two."""
    fractions = (words >> np.uint64(11)).astype(np.float64) * 2.0**-53
    radius = np.sqrt(-2 * np.log1p(-fractions[0::2]))
    angle = 2 * math.pi * fractions[1::2]
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).reshape(-1).astype(np.float32)


def step_stream(stage: int, step: int) -> int:
    """Which stream an ancestral sampler's noise for step 0, 1, ... of a stage is; never one that a stage starts from."""
    return ((stage + 1) << 32) + step
