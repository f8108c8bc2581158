"""The bundled restorer as a model of the loop: patches of pixels as latents, a small network, 1000 cosine noise levels."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from sedicfmt.decoders.interfaces import EncodedTexts, RestorationModel
from sedicfmt.decoders.nano.network import NanoRestorerNetwork
from sedicfmt.decoders.nano.patch_space import PatchSpace
from sedicfmt.decoders.nano.words import PLACES, encode, words_in
from sedicfmt.decoders.orag.scheduler_ddim import Ddim, cosine_alphas
from sedicfmt.errors import BackendFailed
from sedicfmt.networks.failures import model_errors
from sedicfmt.networks.small_weights import unpack

NAME = "sedic-nano-restorer-3"
WEIGHTS = Path(__file__).parent / f"{NAME}.safetensors"
MOST_PIXELS = 4096 * 4096  # about 270 bytes a pixel: over four gigabytes
SHA256 = "e951168c2bfd92bc5391ef8b7d023eba0fa09c52ef3910be8c8d2ac42da05c45"


@dataclass(frozen=True, eq=False)
class NanoDenoiser:
    """Denoiser over `NanoRestorerNetwork`; predicts the clean latent ("sample")."""

    network: NanoRestorerNetwork
    alphas_cumprod: np.ndarray
    control_kind: Literal["latent"] = "latent"
    control_apart: bool = False

    def encode_texts(self, texts: Sequence[str]) -> EncodedTexts:
        """Embeddings (texts, PLACES, width); words beyond PLACES are left out with a warning."""
        encoded = [encode(text) for text in texts]
        numbers = torch.from_numpy(np.stack([numbers for numbers, _ in encoded])).to(self.device)
        long = [text for text in texts if words_in(text) > PLACES]
        warnings = [f"only the first {PLACES} words of a text were read: {text[:40]}..." for text in long]
        return EncodedTexts(self.network.words(numbers), tuple(spans for _, spans in encoded), tuple(warnings))

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

    try:
        data = weights.read_bytes()
    except OSError as error:
        raise BackendFailed(f"{weights.name} cannot be read ({error.strerror}); install the package again") from error
    if check and hashlib.sha256(data).hexdigest() != SHA256:
        raise BackendFailed(f"{weights.name} is not the file that {NAME} stands for (SHA-256 differs)")
    network = NanoRestorerNetwork(**config_in(data))
    network.load_state_dict({name: torch.from_numpy(weight) for name, weight in unpack(load(data)).items()})
    network = network.to(device).to(memory_format=torch.channels_last).eval().requires_grad_(False)
    alphas = cosine_alphas()
    denoiser = NanoDenoiser(network, alphas)
    parts = (PatchSpace(), denoiser, Ddim(alphas.tolist(), "sample"), device, MOST_PIXELS)
    return RestorationModel(NAME, *parts, needs_reference=True, computed={"device": device, "dtype": "float32"})


def config_in(data: bytes) -> dict:
    """The network's shape from a weights file's header (safetensors: 8 bytes of length, then JSON)."""
    length = int.from_bytes(data[:8], "little")
    config: dict = json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["config"])
    return config
