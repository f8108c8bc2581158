"""The bundled learned model: which weights it stands for, and how they are read.

`sha256` is that of the weights file; a file that differs is refused before anything is decoded with it (R-1).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sedicfmt.errors import Unsupported
from sedicfmt.networks.packages import package
from sedicfmt.networks.shipped_file import read_shipped

if TYPE_CHECKING:
    from sedicfmt.latents.nano.nano_latent import NanoLatent


@dataclass(frozen=True)
class NanoModel:
    """A learned model: its weights file beside this module, the file's hash, where it comes from, its scale.

    `graphs`: the files NAME-PART.onnx over these weights and their SHA-256, for programs that paint or analyse with another
    runtime (docs/onnx.md); numpy does both here, in less time than it takes to open a graph.

    At `usual_scale`, in sixteenths (L-1), a photo of 768x512 takes about a kilobyte. More is in docs/model-cards/NAME.md.
    """

    id: int
    name: str
    file: str
    sha256: str
    licence: str
    trained_on: str
    usual_scale: int
    graphs: Mapping[str, str]


MODELS = {
    2: NanoModel(
        2,
        "sedic-nano-2",
        "sedic-nano-2.safetensors",
        "3626e8f0d4573c819aa797365b1a5ce6fd79d3d05a5a06327005e8ef5b579cb8",
        licence="Apache-2.0",
        trained_on="1,894 photos of ImageNet, BSDS500, CID22, COCO, Urban100 and Sun-Hays 80",
        usual_scale=13,
        graphs={
            "g_a": "ce741b8a3b0b6da45365da03154828f4f3e98305dc41b87335ec2cc5426c9d75",
            "h_a": "bc92697f4c6feb914599b155abc2d63b7fd6a5c1ac9698fc20a634f771f97a02",
            "g_s": "9b0d4fde27f3b86593b85b1becfdee645f4b23c9eed140a7186403746896ff7b",
        },
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
    data = read_shipped(path, entry.sha256)
    from sedicfmt.latents.nano.nano_latent import NanoLatent

    return NanoLatent(load(data))
