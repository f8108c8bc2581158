"""The bundled latent encoder: picture -> z and y payloads at any rate.

What sets the rate is the size at which the latent shows the picture (`latent_scale`, in sixteenths); between two sizes, the
price mu of a bit: each y - mean becomes the integer s that makes (y - mean - s)^2 + mu * bits(s) least, among the nearest one,
the next towards zero, and zero itself. mu = 0 is plain rounding; a smaller size is by far the better way to fewer bytes
(spec/rationale.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sedicfmt.bitcoding.range_coder import TOTAL
from sedicfmt.latents.nano.context import TwoPasses, walk
from sedicfmt.latents.nano.hyper_synthesis import MEAN_UNIT
from sedicfmt.latents.nano.layers import Array
from sedicfmt.latents.nano.nano_latent import NanoLatent
from sedicfmt.model import coded_size
from sedicfmt.segments.latent import Symbols, SymbolWriter, gaussian_tables

_LARGEST_PRICED = 15  # prices of larger values are that of this one: they are rare and never rounded to zero


@dataclass(frozen=True)
class AnalysedPicture:
    """Everything about a picture at one scale: z and its payload, y as floats, and what y is coded against."""

    z: Symbols
    z_payload: bytes
    y: Array  # (Cy, rows, columns)
    scan: TwoPasses

    def y_payload(self, mu: float = 0.0) -> bytes:
        """y's payload at a price of `mu` squared steps for a bit."""
        return self.coded(mu)[0]

    def coded(self, mu: float = 0.0) -> tuple[bytes, Symbols, NDArray[np.int64]]:
        """y's payload, its values, and their means in 1/64."""
        writer = SymbolWriter()

        def choose(mean: NDArray[np.int64], index: NDArray[np.int64]) -> Symbols:
            values = quantise(self.y - mean / MEAN_UNIT, index, mu)
            writer.write(values, index)
            return values

        symbols, mean = walk(self.scan, choose)
        return writer.finish(), symbols, mean


def analyse_at(picture: NDArray[np.uint8], latent_scale: int, model: NanoLatent) -> AnalysedPicture:
    """uint8 RGB (height, width, 3) -> its latent at `latent_scale` sixteenths of its size (L-1)."""
    return analyse(coded_picture(picture, latent_scale), model)


def coded_picture(picture: NDArray[np.uint8], latent_scale: int) -> NDArray[np.uint8]:
    """`picture`, (height, width, 3), at `latent_scale` sixteenths of its size: what the latent shows."""
    height, width, _ = picture.shape
    size = coded_size(width, height, latent_scale)
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS))


def analyse(picture: NDArray[np.uint8], model: NanoLatent) -> AnalysedPicture:
    """uint8 RGB (height, width, 3) -> its latent, ready to be coded at any price."""
    y = model.analyse(picture)
    z = model.hyper_analyse(y)
    return AnalysedPicture(z, model.encode_z(z), y, model.scan(z, *y.shape[1:]))


@cache
def prices() -> Array:
    """Bits of the values 0.._LARGEST_PRICED under each Gaussian table, float64 (tables, values); table 0 has none."""
    rows = []
    for table in gaussian_tables():
        sizes = np.diff(table.cumulative)[table.largest :]
        known = -np.log2(sizes[: min(_LARGEST_PRICED, table.largest) + 1] / TOTAL)
        rows.append(np.concatenate([known, np.full(_LARGEST_PRICED + 1 - len(known), -np.log2(sizes[-1] / TOTAL) + 4)]))
    return np.array(rows)


def quantise(residual: Array, index: NDArray[np.int64], mu: float) -> Symbols:
    """y - mean -> the cheapest integers for the price mu, int32 of the same shape; 0 where index is 0."""
    size = np.abs(residual)
    nearest = np.rint(size)
    candidates = np.stack([nearest, np.maximum(nearest - 1, 0), np.zeros_like(nearest)])
    bits = prices()[index, np.minimum(candidates, _LARGEST_PRICED).astype(np.int64)]
    chosen = np.argmin((size - candidates) ** 2 + mu * bits, axis=0)
    magnitude = np.take_along_axis(candidates, chosen[None], axis=0)[0]
    cheapest: Symbols = (np.sign(residual) * magnitude * (index > 0)).astype(np.int32)
    return cheapest
