"""Growing the context tree: at each node the question that saves most bits, as long as one saves enough."""

from __future__ import annotations

import numpy as np

from sedicfmt.bitcoding.context_tree import LEAF, Test
from sedicfmt.bitcoding.range_coder import TOTAL

ENOUGH = 10.0  # bits that a question must save over all samples; the samples of an object repeat it `times`
PRIOR = 2.0  # cells that a leaf's frequency leans on its parent's with


def grow(packed: np.ndarray, counts: np.ndarray, tests: list[Test]) -> list[str]:
    """The nodes in preorder, as lines of the table. `packed`: the answers, the value behind them; see mask_samples."""
    lines: list[str] = []
    value = len(tests)
    pending = [(np.arange(len(packed)), 0.5)]
    while pending:
        rows, parent = pending.pop()
        answers = np.unpackbits(packed[rows], axis=1, count=value + 1)
        weights = counts[rows]
        total, ones = int(weights.sum()), int(weights[answers[:, value] == 1].sum())
        probability = (ones + PRIOR * parent) / (total + PRIOR)
        best, saved = _best_question(answers, weights, total, ones)
        if saved < ENOUGH:
            frequency = round(probability * TOTAL)
            lines.append(f"{LEAF} {min(max(frequency, 1), TOTAL - 1)}")
            continue
        kind, row, column = tests[best]
        lines.append(f"{kind} {row} {column}")
        yes = answers[:, best] == 1
        pending += [(rows[yes], probability), (rows[~yes], probability)]
    return lines


def _best_question(answers: np.ndarray, weights: np.ndarray, total: int, ones: int) -> tuple[int, float]:
    """(index of the test, bits saved), the first of equals."""
    whole = _bits(np.array(ones), np.array(total))
    if whole < ENOUGH:
        return 0, 0.0
    tests = answers.shape[1] - 1
    yes = np.zeros(tests, np.int64)
    yes_ones = np.zeros(tests, np.int64)
    for start in range(0, len(answers), 1 << 16):
        part, weight = answers[start : start + (1 << 16)], weights[start : start + (1 << 16)].astype(np.float64)
        yes += np.rint(weight @ part[:, :-1]).astype(np.int64)
        yes_ones += np.rint((weight * part[:, -1]) @ part[:, :-1]).astype(np.int64)
    saved = whole - _bits(yes_ones, yes) - _bits(ones - yes_ones, total - yes)
    best = int(np.argmax(np.round(saved, 3)))
    return best, float(saved[best])


def _bits(ones: np.ndarray, total: np.ndarray) -> np.ndarray:
    """Length of a code for `total` cells of which `ones` are 1, the odds learnt from them."""
    zeros = total - ones
    return -(ones * np.log2((ones + 0.4) / (total + 0.8)) + zeros * np.log2((zeros + 0.4) / (total + 0.8)))
