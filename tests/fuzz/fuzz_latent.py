"""Any bytes are the one pair of payloads z and y of their symbols by the learned model, or a refusal (L-5).

An input is columns and rows of y less one, one byte each; the length of z in two bytes; z; y.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray

import sedicfmt
from sedicfmt.latents.allocated import DEFAULT_MODEL
from sedicfmt.latents.nano.context import walk
from sedicfmt.latents.nano.decode import decode_payloads
from sedicfmt.latents.nano.nano_latent import STRIDE, NanoLatent
from sedicfmt.latents.nano.weights import load_latent_model
from sedicfmt.model import SedicFile
from sedicfmt.segments.latent import Symbols, SymbolWriter
from tests.fuzz import REFUSED, VALID

LARGEST = 4  # positions a side, so that an execution is quick


def seeds() -> Iterator[bytes]:
    """Latents of the vectors of fitting size."""
    for path in VALID:
        file = sedicfmt.read(path)
        columns, rows = (-(-side // STRIDE) for side in file.coded_size)
        if file.model_id == DEFAULT_MODEL and max(columns, rows) <= LARGEST:
            yield bytes([columns - 1, rows - 1]) + len(file.z).to_bytes(2, "big") + file.z + file.y


def check(data: bytes) -> bool:
    """Decode both payloads; their symbols coded again are the same bytes."""
    if len(data) < 4:
        return False
    width, height = (STRIDE * (1 + n % LARGEST) for n in data[:2])
    end = 4 + int.from_bytes(data[2:4], "big")
    z, y = data[4:end], data[end:]
    model = _model()
    try:
        latent = decode_payloads(SedicFile(width, height, DEFAULT_MODEL, z, y), model)
    except REFUSED:
        return False
    assert model.encode_z(latent.z) == z
    assert _written(latent.z, latent.y, model) == y
    return True


def _written(z: Symbols, y: Symbols, model: NanoLatent) -> bytes:
    writer = SymbolWriter()
    scan = model.scan(z, *y.shape[1:])

    def choose(_: NDArray[np.int64], index: NDArray[np.int64]) -> Symbols:
        values = np.where(index, y, 0).astype(np.int32)
        writer.write(values, index)
        return values

    walk(scan, choose)
    return writer.finish()


@cache
def _model() -> NanoLatent:
    return load_latent_model(DEFAULT_MODEL)
