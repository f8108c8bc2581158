"""BD-rate by the package bjontegaard (Akima interpolation): how many percent more bytes for the same quality, less is better.

MS-SSIM enters in dB, -10 log10(1 - x), as papers have it; measures of which less is better with their sign turned. Four points
on both curves at least, as in Bjontegaard's own proposal. It stands beside how much of both curves' range overlaps.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from sedicfmt.errors import MissingDependency
from sedicfmt.installing import pip_install

LEAST_POINTS = 4
Curve = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class BdRate:
    """`percent` of rate against the anchor; None where it cannot be had, and `why`. `overlap`: 0 to 1."""

    percent: float | None
    overlap: float = 0.0
    why: str = ""


def bd_rate(anchor: Curve, tested: Curve, metric: str, higher_is_better: bool) -> BdRate:
    """Of two curves of (bpp, figure). Raises MissingDependency without the package."""
    if min(len(anchor), len(tested)) < LEAST_POINTS:
        return BdRate(None, why=f"{min(len(anchor), len(tested))} points; {LEAST_POINTS} are needed")
    try:
        a, b = (_growing(curve, metric, higher_is_better) for curve in (anchor, tested))
    except ValueError as error:
        return BdRate(None, why=str(error))
    found = _library().bd_rate(*a, *b, method="akima", require_matching_points=False, min_overlap=0)
    low, high = max(a[1][0], b[1][0]), min(a[1][-1], b[1][-1])
    whole = max(a[1][-1], b[1][-1]) - min(a[1][0], b[1][0])
    if not math.isfinite(found):
        return BdRate(None, why="the curves do not overlap")
    return BdRate(float(found), max(0.0, high - low) / whole)


def _growing(curve: Curve, metric: str, higher_is_better: bool) -> tuple[list[float], list[float]]:
    """Rates and qualities, the quality growing strictly. Raises ValueError where it does not grow with the rate."""
    points = sorted((rate, quality_of(value, metric, higher_is_better)) for rate, value in curve)
    rates, values = [rate for rate, _ in points], [value for _, value in points]
    if any(after <= before for before, after in pairwise(values)):
        raise ValueError("a curve does not grow with its rate")
    return rates, values


def quality_of(value: float, metric: str, higher_is_better: bool) -> float:
    """A figure so that more is better."""
    if metric == "ms-ssim":
        return -10 * math.log10(max(1 - value, 1e-12))
    return value if higher_is_better else -value


def _library() -> Any:
    try:
        import bjontegaard
    except ModuleNotFoundError as missing:
        raise MissingDependency(f"BD-rates need the package bjontegaard: {pip_install('bjontegaard')}") from missing
    return bjontegaard
