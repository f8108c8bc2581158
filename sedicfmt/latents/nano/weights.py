"""The bundled learned model: which weights it stands for, and how they are read.

`sha256` is that of the weights file; a file that differs is refused before anything is decoded with it (R-1).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sedicfmt.errors import BackendFailed, Unsupported
from sedicfmt.networks.packages import package

if TYPE_CHECKING:
    from sedicfmt.latents.nano.nano_latent import NanoLatent


@dataclass(frozen=True)
class NanoModel:
    """A learned model: its weights file beside this module, the file's hash, where it comes from, its scale.

    At `usual_scale`, in sixteenths (L-1), a photo of 768x512 takes about a kilobyte. More is in docs/model-cards/NAME.md.
    """

    id: int
    name: str
    file: str
    sha256: str
    licence: str
    trained_on: str
    usual_scale: int


MODELS = {
    2: NanoModel(
        2,
        "sedic-nano-2",
        "sedic-nano-2.safetensors",
        "3626e8f0d4573c819aa797365b1a5ce6fd79d3d05a5a06327005e8ef5b579cb8",
        licence="Apache-2.0",
        trained_on="1,894 photos of ImageNet, BSDS500, CID22, COCO, Urban100 and Sun-Hays 80",
        usual_scale=13,
    )
}


@cache
def load_latent_model(model_id: int) -> NanoLatent:
    """The learned model of an id, in float32. Raises Unsupported, MissingDependency, BackendFailed (wrong weights)."""
    if model_id not in MODELS:
        raise Unsupported(f"model {model_id} is no learned model that comes with sedicfmt", "header.model_id")
    entry = MODELS[model_id]
    path = Path(__file__).parent / entry.file
    load = package("safetensors.numpy", "nano", f"{entry.name} needs").load
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BackendFailed(f"the weights of {entry.name} cannot be read: {path.name}, {error.strerror}") from error
    if hashlib.sha256(data).hexdigest() != entry.sha256:
        raise BackendFailed(f"{path.name} is not the file that {entry.name} stands for (SHA-256 differs)")
    from sedicfmt.latents.nano.nano_latent import NanoLatent

    return NanoLatent(load(data))
