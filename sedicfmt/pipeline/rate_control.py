"""Fit a file into a byte budget (design 6): how much is said, how large the latent's picture is, and what a bit of it costs.

What is asked of the describer are the paper's limits at the budget's rate (POINTS). With what it said, the largest latent
scale is taken at which the file fits. Where that leaves more than 3 % of the budget, the next scale is taken if some price
mu of a bit, up to MU_MOST, makes it fit: the lowest that does. Higher prices fill the file, and spoil the picture.

If that would leave the latent's picture below LEAST_SCALE, the content shrinks first, in the order of CONTENT; but not
where it is the smaller part of the file by far, as in a large photo's at few bytes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache

from sedicfmt.container.content import write_file
from sedicfmt.encoders.interfaces import DescribeRequest
from sedicfmt.encoders.latent_nano import AnalysedPicture
from sedicfmt.encoders.words import limit_words
from sedicfmt.errors import LimitExceeded
from sedicfmt.limits import MAX_SIDE
from sedicfmt.model import Mask, SedicFile, SedicObject
from sedicfmt.models.registry import find_model
from sedicfmt.segments.mask_grid import downscale

LEAST_SCALE, LARGEST_SCALE = 6, 32  # sixteenths
MOST_SHARE = 1 / 4  # of the budget, for words, masks and overhead, at which they stay whatever the latent's scale
FULL = 0.97  # of the budget: what is left then is not worth a price
MU_MOST = 0.08  # beyond it the smaller scale at no price looks better, though it fills less (spec/rationale.md)
SEARCH_STEPS = 8  # halvings of the interval of prices

Analyse = Callable[[int], AnalysedPicture]  # the picture's latent at a scale in sixteenths


@dataclass(frozen=True)
class Budget:
    """The most bytes that the whole file may have; None: no limit."""

    most_bytes: int | None = None

    @classmethod
    def of(cls, max_bytes: int | None, target_bpp: float | None, pixels: int) -> Budget:
        """From `--max-bytes` or `--target-bpp` (rounded down to whole bytes)."""
        return cls(int(target_bpp * pixels / 8) if target_bpp is not None else max_bytes)


def operating_point(budget: Budget, pixels: int) -> DescribeRequest:
    """The paper's limits (J, l_d, l_all) at the rate of a budget; those of its highest rate without one."""
    most = math.inf if budget.most_bytes is None else budget.most_bytes
    return next(limits for least_bpp, limits in POINTS if most >= int(least_bpp * pixels / 8))


def fit(whole: SedicFile, analyse: Analyse, budget: Budget) -> tuple[SedicFile, dict[str, object]]:
    """`whole` with its latent filled in, within the budget, and a report of what it took.

    Raises LimitExceeded naming the smallest size if even the barest file is too large.
    """
    if budget.most_bytes is None:
        scale = find_model(whole.model_id).usual_scale
        return fill(whole, scale, analyse(scale), 0), {"latent_scale": scale, "mu": 0}
    for content, given_up in _contents(whole):
        found = _fitted(content, analyse, budget.most_bytes)
        if found:
            spent = {"latent_scale": found[0].latent_scale, "mu": round(found[1], 4), "given_up": given_up}
            return found[0], {"budget_bytes": budget.most_bytes, **spent}
    smallest = len(write_file(fill(content, 1, analyse(1), MU_MOST)))
    raise LimitExceeded(f"the smallest file of this picture has {smallest} bytes, the budget is {budget.most_bytes}")


def fill(content: SedicFile, scale: int, latent: AnalysedPicture, mu: float) -> SedicFile:
    """`content` with a latent at a scale and a price."""
    return replace(content, latent_scale=scale, z=latent.z_payload, y=latent.y_payload(mu))


def _least_scale(content: SedicFile, most_bytes: int) -> int:
    """The least scale to accept before something of `content` is given up; 1 where little or nothing can be."""
    nothing_left = not content.objects and not content.text
    return 1 if nothing_left or len(write_file(content)) <= MOST_SHARE * most_bytes else LEAST_SCALE


def _fitted(content: SedicFile, analyse: Analyse, most_bytes: int) -> tuple[SedicFile, float] | None:
    """The file of this content that the budget is best spent on, and its price; None where the scale would be too low."""
    least, largest = _least_scale(content, most_bytes), _largest_allowed(content)
    scale = largest_scale(content, analyse, most_bytes, least - 1, largest)
    plain = fill(content, scale, analyse(scale), 0) if scale >= least else None
    if plain and (len(write_file(plain)) >= FULL * most_bytes or scale == largest):
        return plain, 0.0
    priced = lowest_price(content, scale + 1, analyse(scale + 1), most_bytes)
    return priced or ((plain, 0.0) if plain else None)


def _largest_allowed(content: SedicFile) -> int:
    """The largest scale at which the latent's picture has no side over the format's limit."""
    longest = max(content.width, content.height)
    return min(LARGEST_SCALE, MAX_SIDE * 16 // longest)


def largest_scale(content: SedicFile, analyse: Analyse, most_bytes: int, low: int, high: int) -> int:
    """The largest scale over `low` up to `high` at which the file fits without a price; `low` if none does.

    The search starts where it would lie if the latent's bytes grew with its area: a large scale takes long to try.
    """
    size = cache(lambda scale: len(write_file(fill(content, scale, analyse(scale), 0))))
    barest = len(write_file(content))
    area = max(0, most_bytes - barest) / max(1, size(LEAST_SCALE) - barest)
    scale = min(max(low, int(LEAST_SCALE * math.sqrt(area))), high)
    while scale > low and size(scale) > most_bytes:
        scale -= 1
    while scale < high and size(scale + 1) <= most_bytes:
        scale += 1
    return scale


def lowest_price(
    content: SedicFile, scale: int, latent: AnalysedPicture, most_bytes: int, mu_most: float = MU_MOST
) -> tuple[SedicFile, float] | None:
    """The file at the lowest price at which it fits, and that price; None where it does not even at `mu_most`."""
    best, low, high = fill(content, scale, latent, mu_most), 0.0, mu_most
    if len(write_file(best)) > most_bytes:
        return None
    for _ in range(SEARCH_STEPS):
        filled = fill(content, scale, latent, (low + high) / 2)
        if len(write_file(filled)) <= most_bytes:
            best, high = filled, (low + high) / 2
        else:
            low = (low + high) / 2
    return best, high


def _contents(whole: SedicFile) -> Iterator[tuple[SedicFile, list[str]]]:
    """The content as it was described, then less and less, with what was given up."""
    yield whole, []
    before = whole
    for count, words_object, words_overall, coarser in CONTENT:
        objects = tuple(_reduced(part, words_object, coarser) for part in whole.objects[:count])
        less = replace(whole, text=limit_words(whole.text, words_overall), objects=objects)
        if less != before:
            yield less, _given_up(whole, less)
        before = less


def _given_up(whole: SedicFile, less: SedicFile) -> list[str]:
    """What of `whole` is not in `less`, in words."""
    pairs = list(zip(whole.objects, less.objects, strict=False))
    told = {
        f"objects beyond {len(less.objects)}": len(less.objects) < len(whole.objects),
        "words overall": less.text != whole.text,
        "words of objects": any(before.text != after.text for before, after in pairs),
        "fine masks": any(before.mask.scale != after.mask.scale for before, after in pairs),
    }
    return [what for what, true in told.items() if true]


def _reduced(part: SedicObject, words: int, coarser: int) -> SedicObject:
    scale = min(part.mask.scale * coarser, 128)
    cells = downscale(part.mask.cells, scale // part.mask.scale)
    return SedicObject(limit_words(part.text, words), Mask(cells, scale))


POINTS = ((0.035, DescribeRequest(3, 30, 50)), (0.0, DescribeRequest(1, 20, 30)))
"""(Least bpp of the whole file, limits). The paper has J = 3 at 0.04 to 0.05 bpp and J = 1 at 0.02 to 0.03; halfway between
the one gives way to the other."""

CONTENT = ((3, 20, 30, 1), (2, 20, 30, 1), (1, 20, 30, 1), (1, 10, 20, 2), (0, 1, 20, 1), (0, 1, 0, 1))
"""(objects, words an object, words overall, mask cells this much coarser), in the order in which they are tried."""
