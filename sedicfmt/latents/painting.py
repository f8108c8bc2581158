"""The reference picture I_0 of a file (paper 3.1), by the coder that made its latent (table at the bottom)."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sedicfmt.errors import SedicError
from sedicfmt.latents.registry import find_model
from sedicfmt.model import SedicFile


class Latent(Protocol):
    """What a file's z and y say, decoded and found valid."""

    def digests(self) -> dict[str, str]:
        """Of "z" and "y", equal on every machine (spec clauses L-8, A-5)."""

    def paint(self) -> NDArray[np.uint8]:
        """The picture that the latent shows, uint8 RGB (height, width, 3) of the file's `coded_size`."""


Decode = Callable[[SedicFile], Latent]


def open_decoder(model_id: int) -> Decode:
    """What decodes a model's payloads, ready to work: what is missing is told here, before any work.

    The function raises Malformed or LimitExceeded with path "z" or "y". Raises Unsupported for an unknown model,
    MissingDependency, BackendFailed.
    """
    entry = find_model(model_id)
    module, opener = DECODERS[entry.coder].split(":")
    decode: Decode = getattr(import_module(module), opener)(model_id)
    return decode


def decode_latent(file: SedicFile) -> Latent:
    """A file's latent, by its own model. Raises as `open_decoder` and what it gives."""
    return open_decoder(file.model_id)(file)


def paint_reference(file: SedicFile, latent: Latent) -> Image.Image:
    """The reference picture, RGB of the file's size: the latent's, resampled (L-7)."""
    return Image.fromarray(latent.paint()).resize((file.width, file.height), Image.Resampling.BICUBIC)


def in_segment(error: SedicError, path: str) -> SedicError:
    """An error in a payload as one in the file's segment; its place in the file is not known here."""
    error.offset = None
    return error.inside(path)


DECODERS = {
    "range": "sedicfmt.latents.nano.decode:open_decoder",
    "av1": "sedicfmt.latents.av1.decode:open_decoder",
}
