"""The learned latent that a budget is best spent on: how large its picture is, and what a bit of it costs.

Every bit has a price: what hardly shows is left out, and the picture can be larger for it (PRICE). The largest scale is taken
at which the file fits. Where that leaves more than 3 % of the budget, the next scale is taken if some price up to MU_MOST lets
it fit: the lowest that does. Higher prices fill the file, and spoil the picture; then a lower one at the same scale fills it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from sedicfmt.latents.interfaces import CodedLatent, FileSize
from sedicfmt.latents.largest_that_fits import largest_that_fits
from sedicfmt.latents.nano import analyse as latent_nano
from sedicfmt.latents.nano.weights import MODELS, load_latent_model
from sedicfmt.limits import MAX_SIDE
from sedicfmt.picture import Picture

LEAST_SCALE, LARGEST_SCALE = 6, 32  # sixteenths
FULL = 0.97  # of the budget: what is left then is not worth a price
PRICE = 0.02  # squared steps a bit: nearer for the same bytes, and as good to look at (spec/rationale.md)
MU_MOST = 0.08  # beyond it the smaller scale at PRICE looks better, though it fills less
SEARCH_STEPS = 8  # tries of a price at most
ENOUGH = 0.99  # of the budget: no lower price is looked for
GROWTH = 1.35  # bytes grow with the scale to this power
BITS_A_PIXEL = 0.024  # of the photo at full scale, usually: where the search begins


class NanoEncoder:
    """The encoder of one uint8 RGB picture (height, width, 3) by a learned model."""

    least_scale = LEAST_SCALE

    def __init__(self, picture: Picture, model_id: int):
        self.picture, self.model = picture, load_latent_model(model_id, encoder=True)
        self.usual_scale = MODELS[model_id].usual_scale
        self.largest = min(LARGEST_SCALE, MAX_SIDE * 16 // max(picture.shape[:2]))  # no side over the format's limit
        self.analyse = cache(lambda scale: latent_nano.analyse_at(picture, scale, self.model))
        self.coded_at = cache(lambda scale, mu: coded(self.analyse(scale), scale, mu))

    def at(self, scale: int, mu: float = PRICE) -> CodedLatent:
        """The latent at a scale and a price."""
        return self.coded_at(scale, mu)

    def usual(self) -> CodedLatent:
        return self.at(self.usual_scale)

    def smallest(self) -> CodedLatent:
        return self.at(1, MU_MOST)

    def best(self, size: FileSize, most_bytes: int, least_scale: int) -> CodedLatent | None:
        scale = self.largest_scale(size, most_bytes, least_scale - 1)
        plain = self.at(scale) if scale >= least_scale else None
        if plain and size(plain) >= FULL * most_bytes:
            return plain
        dearer = self.lowest_price(size, most_bytes, scale + 1, (PRICE, MU_MOST)) if scale < self.largest else None
        cheaper = (0.0, PRICE)
        return dearer or (self.lowest_price(size, most_bytes, scale, cheaper) if plain else None)

    def largest_scale(self, size: FileSize, most_bytes: int, low: int) -> int:
        """The largest scale over `low` at which the file fits at PRICE; `low` if none does."""
        room = most_bytes - size(CodedLatent(LEAST_SCALE, b"", b""))

        def law(scale: int, found: int) -> float:
            """At which scale the latent would fill the room."""
            return float(scale * (max(1, room) / max(1, found - most_bytes + room)) ** (1 / GROWTH))

        full = BITS_A_PIXEL / 8 * self.picture.shape[0] * self.picture.shape[1]
        start = int(16 * (max(0, room) / full) ** (1 / GROWTH))
        between = (low, self.largest + 1)
        return largest_that_fits(lambda scale: size(self.at(scale)), most_bytes, between, start, law)

    def lowest_price(
        self, size: FileSize, most_bytes: int, scale: int, between: tuple[float, float]
    ) -> CodedLatent | None:
        """The latent at the lowest price at which it fits; None where it does not even at the highest."""
        return lowest_price(lambda mu: self.at(scale, mu), size, most_bytes, between)


def coded(latent: latent_nano.AnalysedPicture, scale: int, mu: float) -> CodedLatent:
    """A latent at a price, its payloads made."""
    return CodedLatent(scale, latent.z_payload, latent.y_payload(mu), {"mu": round(mu, 4)})


def lowest_price(
    at: Callable[[float], CodedLatent], size: FileSize, most_bytes: int, between: tuple[float, float]
) -> CodedLatent | None:
    """The latent, `at` a price, of the lowest price of those `between` at which it fits; None where it does at none."""
    first, last = between
    if (free := size(at(first))) <= most_bytes:
        return at(first)
    best = at(last)
    if (least := size(best)) > most_bytes:
        return None
    low, high = (first, free), (last, least)  # prices and sizes: between them sizes fall nearly evenly
    for _ in range(SEARCH_STEPS):
        if high[1] >= ENOUGH * most_bytes:
            break
        share = (low[1] - most_bytes) / max(1, low[1] - high[1])
        mu = low[0] + min(max(share, 0.1), 0.9) * (high[0] - low[0])
        priced = at(mu)
        if size(priced) <= most_bytes:
            best, high = priced, (mu, size(priced))
        else:
            low = (mu, size(priced))
    return best
