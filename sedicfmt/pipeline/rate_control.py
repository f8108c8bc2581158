"""Fit a file into a byte budget (design 6): how much is said, and what the rest is spent on.

What is asked of the describer are the paper's limits at the budget's rate (POINTS). With what it said, the latent's encoder
gets what the budget leaves (latents/nano/search.py, latents/av1/search.py).

If that would leave the latent's picture below the encoder's least scale, the content shrinks first, in the order of CONTENT;
but not where it is the smaller part of the file by far, as in a large photo's at few bytes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from sedicfmt.container.content import write_file
from sedicfmt.encoders.interfaces import DescribeRequest
from sedicfmt.encoders.words import limit_words
from sedicfmt.errors import LimitExceeded
from sedicfmt.latents.interfaces import CodedLatent, FileSize, LatentEncoder
from sedicfmt.model import Mask, SedicFile, SedicObject
from sedicfmt.segments.mask_grid import downscale

MOST_SHARE = 1 / 4  # of the budget, for words, masks and overhead, at which they stay whatever the latent's scale


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


def fit(whole: SedicFile, coder: LatentEncoder, budget: Budget) -> tuple[SedicFile, dict[str, object]]:
    """`whole` with its latent filled in, within the budget, and a report of what it took.

    `coder`: the picture's encoder for the model of `whole`. Raises LimitExceeded naming the smallest size if even the barest
    file is too large.
    """
    if budget.most_bytes is None:
        latent = coder.usual()
        return fill(whole, latent), what_made(latent)
    for content, given_up in _contents(whole):
        best = coder.best(size_with(content), budget.most_bytes, _least_scale(content, coder, budget.most_bytes))
        if best:
            return fill(content, best), {"budget_bytes": budget.most_bytes, **what_made(best), "given_up": given_up}
    smallest = size_with(content)(coder.smallest())
    raise LimitExceeded(f"the smallest file of this picture has {smallest} bytes, the budget is {budget.most_bytes}")


def fill(content: SedicFile, latent: CodedLatent) -> SedicFile:
    """`content` with a latent."""
    return replace(
        content, latent_scale=latent.scale, z=latent.z, y=latent.y, extensions=content.extensions + latent.extensions
    )


def size_with(content: SedicFile) -> FileSize:
    """How many bytes the file has with one latent or another."""
    return lambda latent: len(write_file(fill(content, latent)))


def what_made(latent: CodedLatent) -> dict[str, object]:
    """A latent's settings, for the report."""
    return {"latent_scale": latent.scale, **latent.settings}


def _least_scale(content: SedicFile, coder: LatentEncoder, most_bytes: int) -> int:
    """The least scale to accept before something of `content` is given up; 1 where little or nothing can be."""
    nothing_left = not content.objects and not content.text
    return 1 if nothing_left or len(write_file(content)) <= MOST_SHARE * most_bytes else coder.least_scale


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
