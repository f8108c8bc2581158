"""The learned latent of search.py, refined for its picture (refine.py) and made to fit the budget once more.

A refined latent has a few per cent more bytes or fewer. At the scale that was found for the plain one, the lowest price mu of
a bit is taken at which it fits; where none does, the plain one stays.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from sedicfmt.latents.interfaces import CodedLatent, FileSize
from sedicfmt.latents.nano.analyse import AnalysedPicture, coded_picture
from sedicfmt.latents.nano.refine import Fullness, refine
from sedicfmt.latents.nano.search import NanoEncoder, coded, lowest_price

MOST_PIXELS = 1 << 20  # of the coded picture: a larger one is not refined, it would take minutes and gigabytes
# steering leaves some hundredths to pay (docs/training-log.md); where it failed by far the plain one stays
MU_MOST = 0.3


class RefiningEncoder(NanoEncoder):
    """The encoder of one uint8 RGB picture (height, width, 3) that takes about ten seconds more for a nearer picture."""

    def usual(self) -> CodedLatent:
        plain = super().usual()
        better = self.refined(plain.scale)
        return told(coded(better, plain.scale, 0.0)) if better else plain

    def best(self, size: FileSize, most_bytes: int, least_scale: int) -> CodedLatent | None:
        plain = super().best(size, most_bytes, least_scale)
        if plain is None:
            return None
        better = self.refined(plain.scale, lambda latent: size(coded(latent, plain.scale, 0.0)) / most_bytes)
        fits = self.cheapest(better, plain.scale, size, most_bytes) if better else None
        return told(fits) if fits else plain

    def cheapest(self, latent: AnalysedPicture, scale: int, size: FileSize, most_bytes: int) -> CodedLatent | None:
        """`latent` without a price where it fits so, else at the lowest one; None where it does not fit."""
        return lowest_price(cache(lambda mu: coded(latent, scale, mu)), size, most_bytes, (0.0, MU_MOST))

    def refined(self, scale: int, fullness: Fullness = lambda latent: 1.0) -> AnalysedPicture | None:
        """The refined latent at a scale; None where the coded picture is too large."""
        picture = coded_picture(self.picture, scale)
        if picture.shape[0] * picture.shape[1] > MOST_PIXELS:
            return None
        return refine(self.analyse(scale), picture, self.model, fullness)


def told(latent: CodedLatent) -> CodedLatent:
    """`latent`, with a word for the report."""
    return replace(latent, settings={**latent.settings, "refined": True})
