"""Print a file of spec/tables: `python -m sedic_tools.tables.build_gaussian_tables [--shifted] > FILE`.

gaussian_frequencies.txt: line i holds the integer frequencies (sum 2^16) of the values -K..K and of the escape under a normal
distribution of mean 0 and deviation 0.15 * 1.15^i, K = max(1, ceil(4 deviation)). shifted_gaussian_frequencies.txt: line
4 (i - 1) + f, i in 1..31 and f in 0..3, the same for a mean of (f - 3.5) / 8 and K = max(1, ceil(4 deviation + |mean|)).
The files are frozen: decoders read them, nobody computes them again.
"""

from __future__ import annotations

import sys
from itertools import pairwise
from math import ceil, erf, sqrt

SCALE_MIN, SCALE_STEP, SCALE_COUNT, SHIFTED_COUNT = 0.15, 1.15, 48, 32
TOTAL = 1 << 16


def frequencies(deviation: float, mean: float = 0.0) -> list[int]:
    """2K + 2 integers >= 1 that add up to 2^16; what rounding leaves over goes to the value 0."""
    largest = max(1, ceil(4 * deviation + abs(mean)))
    edges = [0.5 * (1 + erf((k - 0.5 - mean) / deviation / sqrt(2))) for k in range(-largest, largest + 2)]
    mass = [high - low for low, high in pairwise(edges)]
    mass.append(max(0.0, 1 - sum(mass)))
    spare = TOTAL - len(mass)
    found = [1 + int(spare * m) for m in mass]
    found[largest] += TOTAL - sum(found)
    return found


if __name__ == "__main__":
    if "--shifted" in sys.argv:
        for i in range(1, SHIFTED_COUNT):
            for f in range(4):
                print(*frequencies(SCALE_MIN * SCALE_STEP**i, (f - 3.5) / 8))
    else:
        for i in range(SCALE_COUNT):
            print(*frequencies(SCALE_MIN * SCALE_STEP**i))
