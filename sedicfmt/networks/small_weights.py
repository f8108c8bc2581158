"""Weights at a byte each: what makes a network half as large as in float16, for a change that no picture shows.

A matrix or kernel of at least LEAST entries becomes int8 in units of its own for each output channel, `NAME.unit` float16;
everything else becomes float16. Figures are in the models' cards.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]
LEAST = 1024
UNIT = ".unit"
STEPS = 127


def pack(weights: Arrays, steps: int = STEPS) -> Arrays:
    """float arrays (outputs, ...) -> what is stored; `steps`: the largest integer, at most 127."""
    stored: Arrays = {}
    for name, weight in weights.items():
        if weight.ndim < 2 or weight.size < LEAST:
            stored[name] = weight.astype(np.float16)
            continue
        unit = np.maximum(np.abs(weight.reshape(len(weight), -1)).max(1) / steps, 1e-7).astype(np.float16)
        unit = np.where(unit == 0, np.float16(1e-7), unit)
        stored[name] = np.rint(weight / spread(unit, weight)).clip(-steps, steps).astype(np.int8)
        stored[name + UNIT] = unit
    return stored


def unpack(stored: Arrays) -> Arrays:
    """What `pack` made -> float32 arrays."""
    return {
        name: value.astype(np.float32) * spread(stored[name + UNIT], value)
        if name + UNIT in stored
        else value.astype(np.float32)
        for name, value in stored.items()
        if not name.endswith(UNIT)
    }


def spread(unit: NDArray[np.float16], weight: NDArray[Any]) -> NDArray[np.float32]:
    """A unit for each output, in the weight's shape."""
    return unit.astype(np.float32).reshape(-1, *[1] * (weight.ndim - 1))
