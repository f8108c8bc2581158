"""Print spec/tables/gaussian_frequencies.txt: `python -m sedic_tools.build_gaussian_tables > FILE`.

Line i holds the integer frequencies (sum 2^16) of the values -K..K and of the escape under a normal distribution of mean 0
and deviation 0.15 * 1.15^i, K = max(1, ceil(4 deviation)). The file is frozen: decoders read it, nobody computes it again.
"""

from __future__ import annotations

from itertools import pairwise
from math import ceil, erf, sqrt

SCALE_MIN, SCALE_STEP, SCALE_COUNT = 0.15, 1.15, 48
TOTAL = 1 << 16


def frequencies(deviation: float) -> list[int]:
    """2K + 2 integers >= 1 that add up to 2^16; what rounding leaves over goes to the value 0."""
    largest = max(1, ceil(4 * deviation))
    edges = [0.5 * (1 + erf((k - 0.5) / deviation / sqrt(2))) for k in range(-largest, largest + 2)]
    mass = [high - low for low, high in pairwise(edges)]
    mass.append(max(0.0, 1 - sum(mass)))
    spare = TOTAL - len(mass)
    found = [1 + int(spare * m) for m in mass]
    found[largest] += TOTAL - sum(found)
    return found


if __name__ == "__main__":
    for i in range(SCALE_COUNT):
        print(*frequencies(SCALE_MIN * SCALE_STEP**i))
