"""The part of a batch that a perceptual loss looks at: a window that stands elsewhere at every step.

A network's features have grids of their own (AlexNet's first layer sees every fourth pixel). Where the window stands always at
the same phase of a model's patches, the model learns a pattern that pleases those features and stands as a dot grid before an
eye. A window moved at random leaves it nothing to learn.
"""

from __future__ import annotations

import numpy as np

Window = tuple[slice, slice, slice, slice]


def moved_window(rng: np.random.Generator, side: int, room: int = 32) -> Window:
    """For square batches (b, c, side, side): a window `room` pixels smaller, moved by 0 to `room` - 1 pixels each way."""
    top, left = (int(v) for v in rng.integers(0, room, 2))
    inside = side - room
    return slice(None), slice(None), slice(top, top + inside), slice(left, left + inside)
