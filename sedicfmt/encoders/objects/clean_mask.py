"""What is done to every mask that a segmenter found: holes filled, specks removed, overlaps resolved.

A speck is a connected part smaller than SPECK of the mask's area; the largest part always stays. A hole is ground that the
mask encloses, smaller than HOLE of the mask's area. Things that something in front cuts in two keep both parts, and
a large hole stays a hole (the handle of a cup). Both are shares of the mask, so that the picture's size plays no role.

Where masks overlap, a pixel goes to

    1. an object whose mask was given, by a user or a describer;
    2. else the smaller mask: a box around a large thing takes in what lies on it or stands before it (the sofa's mask
       holds the cat), a small thing's box seldom the large one. The cat would vanish, the sofa hardly loses;
    3. of masks of equal area the more certain, then the one described first.

Before that, of two masks that are nearly the same (intersection over union of SAME or more) only the more certain stays:
one thing was named twice. A mask that keeps less than LEAST_KEPT of its pixels is given up, as fringes say nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sedicfmt.encoders.connected_parts import connected_parts
from sedicfmt.errors import EncodeError
from sedicfmt.picture import Pixels

SPECK = 0.02  # of the mask's area
HOLE = 0.02  # of the mask's area
SAME = 0.8  # intersection over union, from which on two masks show one thing
LEAST_KEPT = 0.1  # of a mask's area that the others must leave


def clean_mask(mask: Pixels) -> Pixels:
    """`mask` (uint8 0/1) without specks and small holes; an empty one stays empty."""
    return without_holes(without_specks(mask))


def without_specks(mask: Pixels) -> Pixels:
    """Only the parts (connected over corners as well) with at least SPECK of the mask's area, and the largest."""
    parts = connected_parts(mask, corners=True)
    if len(parts.areas) <= 1:
        return mask
    return parts.painted(parts.areas >= min(SPECK * parts.areas.sum(), parts.areas.max()))


def without_holes(mask: Pixels) -> Pixels:
    """With the enclosed parts of the ground filled that are smaller than HOLE of the mask's area."""
    ground = connected_parts(mask == 0)  # by sides alone, since the mask itself is connected over corners
    fill = (ground.areas < HOLE * np.count_nonzero(mask)) & ~ground.at_edge
    return mask | ground.painted(fill) if fill.any() else mask


def resolve_overlaps(
    masks: Sequence[Pixels], scores: Sequence[float], given: Sequence[Pixels] = ()
) -> tuple[Pixels, ...]:
    """Each mask's own pixels, in the same order, disjoint from each other and from `given`; empty where it is given up.

    All masks are of one shape; `scores` say how certain each is. Raises EncodeError for masks of several shapes.
    """
    if len({mask.shape for mask in [*masks, *given]}) > 1 or len(masks) != len(scores):
        raise EncodeError("overlapping masks are of one shape, with a score each")
    areas = [int(mask.sum(dtype=np.int64)) for mask in masks]
    owned = [np.zeros_like(mask) for mask in masks]
    taken = np.logical_or.reduce([mask > 0 for mask in given]) if given else np.zeros((1, 1), bool)
    for i in sorted(_different(masks, areas, scores), key=lambda i: (areas[i], -scores[i], i)):
        free = np.where(taken, np.uint8(0), masks[i])
        if 0 < areas[i] * LEAST_KEPT <= free.sum(dtype=np.int64):
            owned[i] = without_specks(free)
            taken = taken | (owned[i] > 0)
    return tuple(owned)


def _different(masks: Sequence[Pixels], areas: Sequence[int], scores: Sequence[float]) -> list[int]:
    """The indices of the masks that show different things, the most certain first."""
    kept: list[int] = []
    for i in sorted(range(len(masks)), key=lambda i: -scores[i]):  # a stable sort: the one described first
        if not any(_over_union(masks[i], masks[j], areas[i] + areas[j]) >= SAME for j in kept):
            kept.append(i)
    return kept


def _over_union(a: Pixels, b: Pixels, areas: int) -> float:
    common = int((a & b).sum(dtype=np.int64))
    return common / max(1, areas - common)
