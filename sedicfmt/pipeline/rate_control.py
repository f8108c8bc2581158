"""Fit a file into a byte budget: first the latent's price goes up, then objects and words go (design 6, rate control).

One rate of the latent model is bundled so far; its price `mu` (see `encoders.latent_nano`) spans a factor of three. A price
above MU_MOST ruins the picture faster than it saves bytes, so before that the content shrinks, step by step, in the
order of CONTENT: the paper keeps one object and fewer words at its lowest rates.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sedicfmt.container.content import write_file
from sedicfmt.encoders.latent_nano import DEFAULT_MU, AnalysedPicture
from sedicfmt.encoders.words import limit_words
from sedicfmt.errors import LimitExceeded
from sedicfmt.model import Mask, SedicFile, SedicObject
from sedicfmt.segments.mask_grid import downscale

MU_MOST = 0.6
SEARCH_STEPS = 12  # halvings of the logarithm of mu: within 0.1 % of the price that just fits


@dataclass(frozen=True)
class Budget:
    """The most bytes that the whole file may have; None: no limit."""

    most_bytes: int | None = None

    @classmethod
    def of(cls, max_bytes: int | None, target_bpp: float | None, pixels: int) -> Budget:
        """From `--max-bytes` or `--target-bpp` (rounded down to whole bytes)."""
        return cls(int(target_bpp * pixels / 8) if target_bpp is not None else max_bytes)


def fit(whole: SedicFile, latent: AnalysedPicture, budget: Budget) -> tuple[SedicFile, dict[str, object]]:
    """`whole` with y filled in, within the budget, and a report of what it took.

    Raises LimitExceeded naming the smallest size if even the barest file is too large.
    """
    if budget.most_bytes is None:
        return replace(whole, y=latent.y_payload()), {"mu": DEFAULT_MU}
    for content, given_up in _contents(whole):
        bare = len(write_file(replace(content, y=b"")))
        room = budget.most_bytes - bare - 1  # a longer y needs up to one byte more of header
        payload, mu = _latent_within(latent, room, MU_MOST if content.objects or content.text else 1e6)
        if payload is not None:
            return replace(content, y=payload), {"mu": round(mu, 4), "given_up": given_up}
    smallest = bare + len(latent.y_payload(1e6)) + 1
    raise LimitExceeded(f"the smallest file of this picture has {smallest} bytes, the budget is {budget.most_bytes}")


def _latent_within(latent: AnalysedPicture, room: int, most: float) -> tuple[bytes | None, float]:
    """The largest payload of at most `room` bytes at a price of at most `most`, and that price."""
    payload = latent.y_payload(low := 1e-3)
    if len(payload) <= room:
        return payload, low
    best, high = latent.y_payload(most), most
    if len(best) > room:
        return None, most
    for _ in range(SEARCH_STEPS):
        middle = (low * high) ** 0.5
        payload = latent.y_payload(middle)
        if len(payload) <= room:
            best, high = payload, middle
        else:
            low = middle
    return best, high


def _contents(whole: SedicFile) -> Iterator[tuple[SedicFile, list[str]]]:
    """The content as asked for, then with less and less, each with a list of what was given up."""
    given_up: list[str] = []
    yield whole, []
    for count, words_object, words_overall, coarser in CONTENT:
        if count > len(whole.objects) and whole.objects:
            continue
        objects = tuple(_reduced(part, words_object, coarser) for part in whole.objects[:count])
        given_up = [f"objects over {count}", f"words over {words_object} and {words_overall}"]
        given_up += [f"masks {coarser} times coarser"] if coarser > 1 else []
        yield replace(whole, text=limit_words(whole.text, words_overall), objects=objects), given_up


def _reduced(part: SedicObject, words: int, coarser: int) -> SedicObject:
    scale = min(part.mask.scale * coarser, 128)
    cells = downscale(part.mask.cells, scale // part.mask.scale)
    return SedicObject(limit_words(part.text, words), Mask(cells, scale))


CONTENT = ((3, 20, 30, 1), (2, 20, 30, 1), (1, 20, 30, 1), (1, 10, 20, 2), (0, 1, 20, 1), (0, 1, 0, 1))
"""(objects, words an object, words overall, mask cells this much coarser), in the order in which they are tried."""
