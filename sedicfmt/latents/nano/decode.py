"""A learned latent: payloads -> symbols, exact everywhere -> g_s(y^), the reference picture at the latent's scale."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sedicfmt.errors import SedicError
from sedicfmt.latents.interfaces import in_segment
from sedicfmt.latents.nano.context import walk
from sedicfmt.latents.nano.nano_latent import NanoLatent
from sedicfmt.model import SedicFile
from sedicfmt.segments.latent import SymbolReader, Symbols


@dataclass(frozen=True)
class LatentSymbols:
    """What the latent's payloads say: z (Cz, ., .) and y (Cy, ., .) int32, and y's means in 1/64, int64.

    `size`: width and height of the picture that they show; `model`: what paints it.
    """

    z: Symbols
    y: Symbols
    mean: NDArray[np.int64]
    size: tuple[int, int]
    model: NanoLatent

    def digests(self) -> dict[str, str]:
        """SHA-256 of z and y as little-endian int16 in C order: equal on every machine (spec clause L-8)."""
        return {n: hashlib.sha256(v.astype("<i2").tobytes()).hexdigest() for n, v in (("z", self.z), ("y", self.y))}

    def paint(self) -> NDArray[np.uint8]:
        """g_s(y^), uint8 RGB (height, width, 3) (L-7)."""
        return self.model.synthesise(self.y, self.mean, *self.size)


def decode_payloads(file: SedicFile, model: NanoLatent) -> LatentSymbols:
    """Entropy-decode z and y. Raises Malformed or LimitExceeded with path "z" or "y"."""
    shape_y, shape_z = model.grids(*file.coded_size)
    try:
        z = model.decode_z(file.z, shape_z)
    except SedicError as error:
        raise in_segment(error, "z") from None
    try:
        reader = SymbolReader(file.y)
        symbols, mean = walk(model.scan(z, *shape_y[1:]), lambda _, index: reader.read(index))
        reader.close()
    except SedicError as error:
        raise in_segment(error, "y") from None
    return LatentSymbols(z, symbols, mean, file.coded_size, model)
