"""The bundled learned models: which weights they stand for, and how they are read.

Each file has its SHA-256 here; one that differs is refused before anything is decoded with it (R-1, R-5). Of sedic-nano-2,
which new files are hardly written with, only the parts that decode and paint ship (`sedic_tools.tables.shrink_nano_2`); its
encoder is in the whole weights file, which a clone and the sdist have.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sedicfmt.errors import MissingDependency, Unsupported
from sedicfmt.networks.packages import package
from sedicfmt.networks.shipped_file import read_shipped

if TYPE_CHECKING:
    from sedicfmt.latents.nano.nano_latent import NanoLatent


@dataclass(frozen=True)
class NanoModel:
    """A learned model: its weights file beside this module, the file's hash, where it comes from, its scale.

    `whole`: the SHA-256 of the whole weights file in a clone's `spec/weights`, where this one lacks what only packing needs.
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
    whole: str = ""


@cache
def load_latent_model(model_id: int, encoder: bool = False) -> NanoLatent:
    """The learned model of an id, in float32; `encoder`: with all that packing needs.

    Raises Unsupported, MissingDependency, BackendFailed (wrong weights).
    """
    if model_id not in MODELS:
        raise Unsupported(f"model {model_id} is no learned model that comes with sedicfmt", "header.model_id")
    entry, here = MODELS[model_id], Path(__file__).parent
    load = package("safetensors.numpy", "nano", f"{entry.name} needs").load
    whole = encoder and entry.whole
    weights = load(
        read_shipped(whole_file(entry), entry.whole) if whole else read_shipped(here / entry.file, entry.sha256)
    )
    from sedicfmt.latents.nano.nano_latent import NanoLatent

    return NanoLatent(weights)


def whole_file(entry: NanoModel) -> Path:
    """A model's whole weights file (R-1). Raises MissingDependency where this is no clone."""
    path = Path(__file__).resolve().parents[3] / "spec/weights" / entry.file
    if not path.is_file():
        told = f"packing by {entry.name} needs {path.name} with its encoder, which only a clone of the repository has"
        raise MissingDependency(f"{told}; sedic-nano-3 packs anywhere, and av1 for readers of version 1.0")
    return path


MODELS = {
    2: NanoModel(
        2,
        "sedic-nano-2",
        "sedic-nano-2.safetensors",
        "dd7f32834eb2197e380fdeb3d7a6cbb89bec933cdbd601994ed64e4b94fc8212",
        licence="Apache-2.0",
        trained_on="1,894 photos of ImageNet, BSDS500, CID22, COCO, Urban100 and Sun-Hays 80",
        usual_scale=13,
        graphs={"g_s": "c1de1e901842ad99de4d0735852466205ab2c3b87632ba2692c4921a38f1236b"},
        whole="3626e8f0d4573c819aa797365b1a5ce6fd79d3d05a5a06327005e8ef5b579cb8",
    ),
    6: NanoModel(
        6,
        "sedic-nano-3",
        "sedic-nano-3.safetensors",
        "0af7eb6fb9a78d68ea2134a69381d8f791d041155dfb907afdf2c515d12e156b",
        licence="Apache-2.0",
        trained_on="1,894 photos of ImageNet, BSDS500, CID22, COCO, Urban100 and Sun-Hays 80",
        usual_scale=11,
        graphs={
            "g_a": "89bbeb5bfd95ff47af7572107ded4cc94565ffea2c15d7cf87ecb655c68277da",
            "h_a": "f3009571ac367df39bd23cf9feb5cf0e4497030937bcfb02e750858f7d5c9e4d",
            "g_s": "1007054f49738f89f2e9652384694ec4c1de6b0435cef68d0dc2bc81ffe0a073",
        },
    ),
}
