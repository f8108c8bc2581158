"""The bundled restorer run by ONNX Runtime, on the CPU: what `sedic-unpack` does unless a GPU or guidance is asked for.

The numbers are those of `denoiser.py`, which runs the same network by torch and has gradients.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sedicfmt.decoders.interfaces import EncodedTexts, RestorationModel
from sedicfmt.decoders.nano.patch_space import PatchSpace
from sedicfmt.decoders.nano.released import GRAPHS, NAME, REACH, SHA256, WEIGHTS, graph_file
from sedicfmt.decoders.nano.word_vectors import FILE as VECTORS
from sedicfmt.decoders.nano.word_vectors import SHA256 as VECTORS_SHA256
from sedicfmt.decoders.nano.words import encode_all
from sedicfmt.decoders.orag.scheduler_ddim import Ddim, cosine_alphas
from sedicfmt.errors import BackendFailed
from sedicfmt.networks.failures import model_errors
from sedicfmt.networks.onnx_runtime import Network
from sedicfmt.networks.shipped_file import read_shipped

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class OnnxDenoiser:
    """Denoiser over two graphs, which predict the clean latent ("sample"); its arrays are numpy's."""

    words: Network
    network: Network
    alphas_cumprod: NDArray[np.float64]
    control_kind: Literal["latent"] = "latent"
    control_apart: bool = False

    def encode_texts(self, texts: Sequence[str]) -> EncodedTexts:
        """Embeddings (texts, PLACES, width), float32; words beyond PLACES are left out with a warning."""
        encoded = encode_all(texts)
        return replace(encoded, embedding=self.words(numbers=encoded.embedding))

    def predict(self, z: Floats, t: int, text: Floats, control: Floats) -> Floats:
        """x^, the clean latent."""
        level = np.full(len(z), self.alphas_cumprod[t], np.float32)
        return self.network(z=z, alpha_bar=level, text=text, control=np.broadcast_to(control, z.shape))

    def attention_maps(
        self, z: Floats, t: int, text: Floats, control: Floats, full_gradient: bool = False
    ) -> list[Any]:
        """There are none with a gradient. Raises BackendFailed."""
        raise BackendFailed(f"{NAME} has no gradients in ONNX Runtime, so nothing can guide it")


def open_onnx() -> RestorationModel:
    """The bundled restorer. Raises MissingDependency without ONNX Runtime, BackendFailed for files that do not ship."""
    with model_errors(NAME, "cpu", does="does not load"):
        weights = {WEIGHTS.name: read_shipped(WEIGHTS, SHA256)}
        vectors = {VECTORS.name: read_shipped(VECTORS, VECTORS_SHA256)}
        words, restorer = (read_shipped(graph_file(WEIGHTS, part), sha256) for part, sha256 in GRAPHS.items())
        networks = (Network(words, weights | vectors), Network(restorer, weights))
    alphas = cosine_alphas()
    parts = (PatchSpace(), OnnxDenoiser(*networks, alphas), Ddim(alphas.tolist(), "sample"), "cpu")
    computed: dict[str, str | bool] = {"device": "cpu", "dtype": "float32", "by": "ONNX Runtime"}
    return RestorationModel(NAME, *parts, library="numpy", reach=REACH, needs_reference=True, computed=computed)
