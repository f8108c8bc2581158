"""The bundled learned models: which weights they stand for, and how they are read.

Each file has its SHA-256 here; one that differs is refused before anything is decoded with it (R-1, R-5). Of sedic-nano-2 the
parts that decode and paint ship as they are, and an encoder made small (`sedic_tools.tables.shrink_nano_2`).
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sedicfmt.errors import Unsupported
from sedicfmt.networks.packages import package
from sedicfmt.networks.shipped_file import read_shipped

if TYPE_CHECKING:
    from sedicfmt.latents.nano.nano_latent import NanoLatent


@dataclass(frozen=True)
class NanoModel:
    """A learned model: its weights file beside this module, the file's hash, where it comes from, its scale.

    `encoder`: a file with the tensors that only packing needs, and its SHA-256, where they are not in the first one.
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
    encoder: Mapping[str, str] = field(default_factory=dict)


@cache
def load_latent_model(model_id: int) -> NanoLatent:
    """The learned model of an id, in float32. Raises Unsupported, MissingDependency, BackendFailed (wrong weights)."""
    if model_id not in MODELS:
        raise Unsupported(f"model {model_id} is no learned model that comes with sedicfmt", "header.model_id")
    entry, here = MODELS[model_id], Path(__file__).parent
    load = package("safetensors.numpy", "nano", f"{entry.name} needs").load
    weights = load(read_shipped(here / entry.file, entry.sha256))
    for file, sha256 in entry.encoder.items():
        with np.load(io.BytesIO(read_shipped(here / file, sha256)), allow_pickle=False) as more:
            weights |= dict(more)
    from sedicfmt.latents.nano.nano_latent import NanoLatent

    return NanoLatent(weights)


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
        encoder={
            "sedic-nano-2-encoder.npz": "d76b6836478db026be424910ba728aa0f75367d0cd078f5fc8099f0a11835da7",
        },
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
