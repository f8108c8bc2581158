"""The search that encoders share: the highest step of quality, or the largest scale, at which a file fits its budget.

Bytes grow with the step by a law that is roughly known, so the first try tells where the answer lies, and two or three are
enough. Where the law does not hold, the interval is halved.
"""

from __future__ import annotations

from collections.abc import Callable

TRIES = 6  # by the law; then by halves


def largest_that_fits(
    size_at: Callable[[int], int],
    most: int,
    between: tuple[int, int],
    start: int,
    law: Callable[[int, int], float],
    near: float = 1.0,
) -> int:
    """The largest n with low < n < high whose `size_at(n)` is at most `most`; low if there is none.

    `between`: (low, high), neither of which is tried; `start`: the first try; `law(n, size)`: where the size would be `most`;
    `near`: this share of `most` is enough, and no larger n is tried.
    """
    low, high = between
    at, tries = float(start), 0
    while high - low > 1:
        n = min(max(round(at), low + 1), high - 1) if tries < TRIES else (low + high) // 2
        size, tries = size_at(n), tries + 1
        if size <= most:
            low = n
            if size >= near * most:
                break
        else:
            high = n
        at = law(n, size)
    return low
