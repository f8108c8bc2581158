"""The finest of a codec's settings whose file fits a budget."""

from __future__ import annotations

from collections.abc import Callable


def finest_within(settings: int, budget: int, size_at: Callable[[int], int]) -> int | None:
    """The highest index, of 0 … `settings` - 1 from worst to best, that halving finds within `budget` bytes.

    None where the worst does not fit. Each index is asked for once at most. A codec whose sizes do not always grow may have
    a finer setting that fits; the one returned always does.
    """
    if settings < 1 or size_at(0) > budget:
        return None
    low, high = 0, settings
    while high - low > 1:
        middle = (low + high) // 2
        if size_at(middle) <= budget:
            low = middle
        else:
            high = middle
    return low
