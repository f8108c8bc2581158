"""The reference picture I_0 = g_s(y^) (paper 3.1): payloads -> symbols, exact everywhere -> pixels."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sedicfmt.errors import SedicError
from sedicfmt.model import SedicFile
from sedicfmt.models.context import walk
from sedicfmt.models.nano_latent import NanoLatent
from sedicfmt.models.registry import load_latent_model
from sedicfmt.segments.latent import SymbolReader, Symbols


@dataclass(frozen=True)
class LatentSymbols:
    """What the latent's payloads say: z (Cz, ., .) and y (Cy, ., .) int32, and y's means in 1/64, int64."""

    z: Symbols
    y: Symbols
    mean: NDArray[np.int64]

    def digests(self) -> dict[str, str]:
        """SHA-256 of z and y as little-endian int16 in C order: equal on every machine (spec clause L-8)."""
        return {n: hashlib.sha256(v.astype("<i2").tobytes()).hexdigest() for n, v in (("z", self.z), ("y", self.y))}


def decode_latent(file: SedicFile, model: NanoLatent | None = None) -> LatentSymbols:
    """Entropy-decode z and y. Raises Malformed or LimitExceeded with path "z" or "y", Unsupported for an unknown model."""
    model = model or load_latent_model(file.model_id)
    shape_y, shape_z = model.grids(*file.coded_size)
    try:
        z = model.decode_z(file.z, shape_z)
    except SedicError as error:
        raise _in_segment(error, "z") from None
    try:
        reader = SymbolReader(file.y)
        symbols, mean = walk(model.scan(z, *shape_y[1:]), lambda _, index: reader.read(index))
        reader.close()
    except SedicError as error:
        raise _in_segment(error, "y") from None
    return LatentSymbols(z, symbols, mean)


def _in_segment(error: SedicError, path: str) -> SedicError:
    error.offset = None  # of the payload; the file's is not known here
    return error.inside(path)


def paint_reference(file: SedicFile, latent: LatentSymbols, model: NanoLatent) -> Image.Image:
    """The reference picture, RGB of the file's size: g_s at the latent's scale, then resampled (L-7)."""
    picture = Image.fromarray(model.synthesise(latent.y, latent.mean, *file.coded_size))
    return picture.resize((file.width, file.height), Image.Resampling.BICUBIC)
