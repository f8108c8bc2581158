"""The learned latent that a budget is best spent on: how large its picture is, and what a bit of it costs.

The largest scale is taken at which the file fits. Where that leaves more than 3 % of the budget, the next scale is taken if
some price mu of a bit, up to MU_MOST, makes it fit: the lowest that does. Higher prices fill the file, and spoil the picture.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

from sedicfmt.latents.interfaces import CodedLatent, FileSize
from sedicfmt.latents.nano import analyse as latent_nano
from sedicfmt.latents.nano.weights import MODELS, load_latent_model
from sedicfmt.limits import MAX_SIDE
from sedicfmt.picture import Picture

LEAST_SCALE, LARGEST_SCALE = 6, 32  # sixteenths
FULL = 0.97  # of the budget: what is left then is not worth a price
MU_MOST = 0.08  # beyond it the smaller scale at no price looks better, though it fills less (spec/rationale.md)
SEARCH_STEPS = 8  # halvings of the interval of prices


class NanoEncoder:
    """The encoder of one uint8 RGB picture (height, width, 3) by a learned model."""

    least_scale = LEAST_SCALE

    def __init__(self, picture: Picture, model_id: int):
        self.picture, self.model = picture, load_latent_model(model_id)
        self.usual_scale = MODELS[model_id].usual_scale
        self.largest = min(LARGEST_SCALE, MAX_SIDE * 16 // max(picture.shape[:2]))  # no side over the format's limit
        self.analyse = cache(lambda scale: latent_nano.analyse_at(picture, scale, self.model))

    def at(self, scale: int, mu: float = 0.0) -> CodedLatent:
        """The latent at a scale and a price."""
        return coded(self.analyse(scale), scale, mu)

    def usual(self) -> CodedLatent:
        return self.at(self.usual_scale)

    def smallest(self) -> CodedLatent:
        return self.at(1, MU_MOST)

    def best(self, size: FileSize, most_bytes: int, least_scale: int) -> CodedLatent | None:
        scale = self.largest_scale(size, most_bytes, least_scale - 1)
        plain = self.at(scale) if scale >= least_scale else None
        if plain and (size(plain) >= FULL * most_bytes or scale == self.largest):
            return plain
        return self.lowest_price(size, most_bytes, scale + 1) or plain

    def largest_scale(self, size: FileSize, most_bytes: int, low: int) -> int:
        """The largest scale over `low` at which the file fits without a price; `low` if none does.

        The search starts where it would lie if the latent's bytes grew with its area: a large scale takes long to try.
        """
        size_at = cache(lambda scale: size(self.at(scale)))
        barest = size(CodedLatent(LEAST_SCALE, b"", b""))
        area = max(0, most_bytes - barest) / max(1, size_at(LEAST_SCALE) - barest)
        scale: int = min(max(low, int(LEAST_SCALE * math.sqrt(area))), self.largest)
        while scale > low and size_at(scale) > most_bytes:
            scale -= 1
        while scale < self.largest and size_at(scale + 1) <= most_bytes:
            scale += 1
        return scale

    def lowest_price(self, size: FileSize, most_bytes: int, scale: int, mu_most: float = MU_MOST) -> CodedLatent | None:
        """The latent at the lowest price at which it fits; None where it does not even at `mu_most`."""
        return lowest_price(lambda mu: self.at(scale, mu), size, most_bytes, mu_most)


def coded(latent: latent_nano.AnalysedPicture, scale: int, mu: float) -> CodedLatent:
    """A latent at a price, its payloads made."""
    return CodedLatent(scale, latent.z_payload, latent.y_payload(mu), {"mu": round(mu, 4)})


def lowest_price(
    at: Callable[[float], CodedLatent], size: FileSize, most_bytes: int, mu_most: float
) -> CodedLatent | None:
    """The latent, `at` a price, of the lowest price at which it fits; None where it does not even at `mu_most`."""
    best, low, high = at(mu_most), 0.0, mu_most
    if size(best) > most_bytes:
        return None
    for _ in range(SEARCH_STEPS):
        priced = at((low + high) / 2)
        if size(priced) <= most_bytes:
            best, high = priced, (low + high) / 2
        else:
            low = (low + high) / 2
    return best
