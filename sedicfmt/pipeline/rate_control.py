"""Fit a file into a byte budget (design 6): how large the latent's picture is, what a bit of it costs, and what is said.

The largest latent scale is taken at which the file fits at the price MU_MOST, and then the lowest price at which it still
fits. If that would leave the latent's picture below LEAST_SCALE, the content shrinks first, in the order of CONTENT: the
paper keeps one object and fewer words at its lowest rates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from sedicfmt.container.content import write_file
from sedicfmt.encoders.latent_nano import AnalysedPicture
from sedicfmt.encoders.words import limit_words
from sedicfmt.errors import LimitExceeded
from sedicfmt.limits import MAX_SIDE
from sedicfmt.model import Mask, SedicFile, SedicObject, coded_size
from sedicfmt.segments.mask_grid import downscale

DEFAULT_SCALE, LEAST_SCALE, LARGEST_SCALE = 16, 6, 32  # sixteenths
MU_MOST = 0.06  # takes off about a tenth of the bytes, what the step from one scale to the next does around 16
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


def fit(whole: SedicFile, analyse: Analyse, budget: Budget) -> tuple[SedicFile, dict[str, object]]:
    """`whole` with its latent filled in, within the budget, and a report of what it took.

    Raises LimitExceeded naming the smallest size if even the barest file is too large.
    """
    if budget.most_bytes is None:
        filled = _fill(whole, DEFAULT_SCALE, analyse(DEFAULT_SCALE), 0)
        return filled, {"latent_scale": DEFAULT_SCALE, "mu": 0}
    for content, given_up, least in _contents(whole):
        scale = _largest_scale(content, analyse, budget.most_bytes, least)
        if scale:
            filled, mu = _lowest_price(content, scale, analyse(scale), budget.most_bytes)
            return filled, {"latent_scale": scale, "mu": round(mu, 4), "given_up": given_up}
    smallest = len(write_file(_fill(content, 1, analyse(1), MU_MOST)))
    raise LimitExceeded(f"the smallest file of this picture has {smallest} bytes, the budget is {budget.most_bytes}")


def _fill(content: SedicFile, scale: int, latent: AnalysedPicture, mu: float) -> SedicFile:
    return replace(content, latent_scale=scale, z=latent.z_payload, y=latent.y_payload(mu))


def _largest_scale(content: SedicFile, analyse: Analyse, most_bytes: int, least: int) -> int:
    """The largest scale from `least` on at which the file fits at MU_MOST, by halving; 0 if none does."""
    low, high = least - 1, LARGEST_SCALE
    while max(coded_size(content.width, content.height, high)) > MAX_SIDE:
        high -= 1
    while low < high:
        middle = (low + high + 1) // 2
        fits = len(write_file(_fill(content, middle, analyse(middle), MU_MOST))) <= most_bytes
        low, high = (middle, high) if fits else (low, middle - 1)
    return low if low >= least else 0


def _lowest_price(content: SedicFile, scale: int, latent: AnalysedPicture, most_bytes: int) -> tuple[SedicFile, float]:
    """The file at the lowest price at which it fits, and that price; it does at MU_MOST."""
    best, low, high = _fill(content, scale, latent, 0), 0.0, MU_MOST
    if len(write_file(best)) <= most_bytes:
        return best, 0.0
    best = _fill(content, scale, latent, MU_MOST)
    for _ in range(SEARCH_STEPS):
        filled = _fill(content, scale, latent, (low + high) / 2)
        if len(write_file(filled)) <= most_bytes:
            best, high = filled, (low + high) / 2
        else:
            low = (low + high) / 2
    return best, high


def _contents(whole: SedicFile) -> Iterator[tuple[SedicFile, list[str], int]]:
    """The content as asked for, then less and less, with what was given up and the least scale to accept."""
    yield whole, [], LEAST_SCALE
    for count, words_object, words_overall, coarser in CONTENT:
        if count > len(whole.objects):
            continue
        objects = tuple(_reduced(part, words_object, coarser) for part in whole.objects[:count])
        given_up = [f"objects over {count}", f"words over {words_object} and {words_overall}"]
        given_up += [f"masks {coarser} times coarser"] if coarser > 1 else []
        least = LEAST_SCALE if count or words_overall else 1
        yield replace(whole, text=limit_words(whole.text, words_overall), objects=objects), given_up, least


def _reduced(part: SedicObject, words: int, coarser: int) -> SedicObject:
    scale = min(part.mask.scale * coarser, 128)
    cells = downscale(part.mask.cells, scale // part.mask.scale)
    return SedicObject(limit_words(part.text, words), Mask(cells, scale))


CONTENT = ((3, 20, 30, 1), (2, 20, 30, 1), (1, 20, 30, 1), (1, 10, 20, 2), (0, 1, 20, 1), (0, 1, 0, 1))
"""(objects, words an object, words overall, mask cells this much coarser), in the order in which they are tried."""
