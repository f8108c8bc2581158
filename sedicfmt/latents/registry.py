"""Which model each id in a file stands for. Ids are allocated here, once, and never change their meaning (spec clause R-1).

`sha256` is that of the weights file; a file that differs is refused before anything is decoded with it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sedicfmt.errors import BackendFailed, EncodeError, MissingDependency, Unsupported
from sedicfmt.installing import install_extra

if TYPE_CHECKING:
    from sedicfmt.latents.nano.nano_latent import NanoLatent


@dataclass(frozen=True)
class ModelEntry:
    """One allocated id: a latent model's name, weights file beside this module, its hash, where it comes from, its scale.

    At `usual_scale`, in sixteenths (L-1), a photo of 768x512 takes about a kilobyte. More is in docs/model-cards/NAME.md.
    `coder`: how z and y are coded, "range" (learned) or "av1", which has no weights.
    """

    id: int
    name: str
    file: str
    sha256: str
    licence: str
    trained_on: str
    usual_scale: int
    coder: str = "range"


REGISTRY = {
    entry.id: entry
    for entry in [
        ModelEntry(
            2,
            "sedic-nano-2",
            "sedic-nano-2.safetensors",
            "3626e8f0d4573c819aa797365b1a5ce6fd79d3d05a5a06327005e8ef5b579cb8",
            licence="Apache-2.0",
            trained_on="1,894 photos of ImageNet, BSDS500, CID22, COCO, Urban100 and Sun-Hays 80",
            usual_scale=13,
        ),
        ModelEntry(
            3,
            "av1",
            file="",
            sha256="",
            licence="Alliance for Open Media Patent License 1.0 (AV1); BSD-2-Clause (libaom, dav1d, libavif)",
            trained_on="nothing: a classical coder",
            usual_scale=7,
            coder="av1",
        ),
    ]
}

DEFAULT_MODEL = 2


def find_model(model_id: int) -> ModelEntry:
    """The entry of an id. Raises Unsupported for one that is not allocated."""
    if model_id not in REGISTRY:
        raise Unsupported(
            f"model {model_id} is not known to this reader; known are {sorted(REGISTRY)}", "header.model_id"
        )
    return REGISTRY[model_id]


def named_model(name: str) -> ModelEntry:
    """The entry of a name. Raises EncodeError for one that is not allocated."""
    for entry in REGISTRY.values():
        if entry.name == name:
            return entry
    raise EncodeError(f"no model {name}; there are {', '.join(e.name for e in REGISTRY.values())}", "model")


@cache
def load_latent_model(model_id: int) -> NanoLatent:
    """The learned model of an id, in float32. Raises Unsupported, MissingDependency, BackendFailed (wrong weights)."""
    entry = find_model(model_id)
    if entry.coder != "range":
        raise Unsupported(f"{entry.name} is a classical coder, not a learned model", "header.model_id")
    path = Path(__file__).parent / "nano" / entry.file
    try:
        data = path.read_bytes()
        from safetensors.numpy import load
    except OSError as error:
        raise BackendFailed(f"the weights of {entry.name} cannot be read: {path.name}, {error.strerror}") from error
    except ImportError as error:
        raise MissingDependency(f"{entry.name} needs safetensors: {install_extra('nano')}") from error
    if hashlib.sha256(data).hexdigest() != entry.sha256:
        raise BackendFailed(f"{path.name} is not the file that {entry.name} stands for (SHA-256 differs)")
    from sedicfmt.latents.nano.nano_latent import NanoLatent

    return NanoLatent(load(data))
