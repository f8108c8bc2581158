"""The bundled restorer as a model of the loop: patches of pixels as latents, a small network, 1000 cosine noise levels.

By torch, which has gradients and GPUs; `onnx_denoiser.py` is the same without it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from sedicfmt.decoders.interfaces import EncodedTexts, RestorationModel
from sedicfmt.decoders.nano.network import NanoRestorerNetwork
from sedicfmt.decoders.nano.patch_space import PatchSpace
from sedicfmt.decoders.nano.released import NAME, REACH, SHA256, WEIGHTS
from sedicfmt.decoders.nano.words import encode_all
from sedicfmt.decoders.orag.scheduler_ddim import Ddim, cosine_alphas
from sedicfmt.networks.failures import model_errors
from sedicfmt.networks.shipped_file import read_shipped
from sedicfmt.networks.small_weights import unpack


@dataclass(frozen=True, eq=False)
class NanoDenoiser:
    """Denoiser over `NanoRestorerNetwork`; predicts the clean latent ("sample")."""

    network: NanoRestorerNetwork
    alphas_cumprod: np.ndarray
    control_kind: Literal["latent"] = "latent"
    control_apart: bool = False

    def encode_texts(self, texts: Sequence[str]) -> EncodedTexts:
        """Embeddings (texts, PLACES, width); words beyond PLACES are left out with a warning."""
        encoded = encode_all(texts)
        numbers = torch.from_numpy(encoded.embedding).to(self.device)
        return replace(encoded, embedding=self.network.words(numbers))

    def predict(self, z: Tensor, t: int, text: Tensor, control: Tensor) -> Tensor:
        """x^, the clean latent."""
        guess: Tensor = self.network(z, self.alpha_bar(t, len(z)), text, control.expand_as(z))
        return guess

    def attention_maps(
        self, z: Tensor, t: int, text: Tensor, control: Tensor, full_gradient: bool = False
    ) -> list[Tensor]:
        """The middle block of the up branch, at 1/16 of the picture: (batch * heads, rows, columns, PLACES). The gradient is
        full in any case: control enters the one network beside z."""
        return [self.network.attention(z, self.alpha_bar(t, len(z)), text, control.expand_as(z))]

    def alpha_bar(self, t: int, count: int) -> Tensor:
        """(count,), all the level of step t."""
        return torch.full((count,), float(self.alphas_cumprod[t]), device=self.device)

    @property
    def device(self) -> torch.device:
        return self.network.leave.weight.device


def open_nano(weights: Path = WEIGHTS, device: str = "cpu", check: bool = True) -> RestorationModel:
    """The bundled restorer. `check`: refuse weights whose SHA-256 is not the release's. Raises BackendFailed."""
    with model_errors(NAME, device, "--stage reference", does="does not load"):
        return _open_nano(weights, device, check)


def _open_nano(weights: Path, device: str, check: bool) -> RestorationModel:
    from safetensors.numpy import load

    data = read_shipped(weights, SHA256 if check else None)
    network = NanoRestorerNetwork(**config_in(data))
    network.load_state_dict({name: torch.from_numpy(weight) for name, weight in unpack(load(data)).items()})
    network = network.to(device).to(memory_format=torch.channels_last).eval().requires_grad_(False)
    alphas = cosine_alphas()
    denoiser = NanoDenoiser(network, alphas)
    parts = (PatchSpace(), denoiser, Ddim(alphas.tolist(), "sample"), device)
    computed: dict[str, str | bool] = {"device": device, "dtype": "float32", "by": "torch"}
    return RestorationModel(NAME, *parts, reach=REACH, needs_reference=True, computed=computed)


def config_in(data: bytes) -> dict:
    """The network's shape from a weights file's header (safetensors: 8 bytes of length, then JSON)."""
    length = int.from_bytes(data[:8], "little")
    config: dict = json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["config"])
    return config
