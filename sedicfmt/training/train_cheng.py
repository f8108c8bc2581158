"""The paper's own latent codec: cheng2020-attn of CompressAI, fine-tuned by equation 1 (section 4, "Implementation").

Training begins from the weights of the lowest rate (`start`), with lambda a tenth of that rate's and a learning rate of 1e-4.
Needs the extra `compressai`.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from sedicfmt.errors import EncodeError
from sedicfmt.latents.compressai.missing import require_packages
from sedicfmt.training import train_codec
from sedicfmt.training.train_codec import CodecRun

ARCHITECTURE, PRETRAINED = "cheng2020-attn", "pretrained"
CHANNELS = {quality: 128 if quality <= 3 else 192 for quality in range(1, 7)}  # CompressAI's zoo


@dataclass
class ChengSettings(train_codec.CodecSettings):
    """As the paper says; `start` is "pretrained" (CompressAI fetches its own), a checkpoint in CompressAI's form, a file of
    `sedic-train weights` (.safetensors), or empty; `channels` is 0 for those of the quality."""

    rate: float = 1e-4
    lmbda: float = 1.8e-4  # a tenth of the 0.0018 of CompressAI's quality 1
    quality: int = 1  # of CompressAI's zoo: 1 to 6
    channels: int = 0
    start: str = PRETRAINED


class ChengCodec(nn.Module):
    """CompressAI's network with the face of `NanoCodec`: pictures in -0.5..0.5, and bits of y and z."""

    def __init__(self, quality: int, pretrained: bool = False, channels: int = 0):
        super().__init__()
        require_packages()
        self.config = {"quality": quality, "channels": channels}
        self.net = pretrained_net(quality) if pretrained else new_net(channels or CHANNELS[quality])

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """x (B, 3, H, W), sides multiples of 64 -> (x~, bits of y for each picture, bits of z for each picture)."""
        with torch.autocast(x.device.type, enabled=False):  # its likelihoods need float32
            out = self.net(x.float() + 0.5)
        bits = {name: -torch.log2(p).sum((1, 2, 3)) for name, p in out["likelihoods"].items()}
        return out["x_hat"] - 0.5, bits["y"], bits["z"]

    @torch.no_grad()
    def evaluate(self, x: Tensor) -> tuple[Tensor, float, float]:
        """(x~, bits of y, bits of z) of one picture, rounded as in a file."""
        learning = self.training
        x_hat, bits_y, bits_z = self.eval()(x)
        self.train(learning)
        return x_hat, float(bits_y), float(bits_z)


def new_net(channels: int) -> Any:
    """CompressAI's network with random weights. Raises MissingDependency, BackendFailed."""
    from sedicfmt.latents.compressai.checkpoint import zoo

    return zoo().model_architectures[ARCHITECTURE](N=channels)


def pretrained_net(quality: int) -> Any:
    """The zoo's network, to be trained; of its checkpoint nothing but tensors is read. Raises MissingDependency."""
    from sedicfmt.latents.compressai.checkpoint import load

    return deepcopy(load(ARCHITECTURE, f"mse-{quality}").net).requires_grad_(True).train()


def begin_from(net: Any, path: Path) -> None:
    """Fill a network from a checkpoint in CompressAI's form. Raises OSError, BackendFailed, EncodeError."""
    from sedicfmt.latents.compressai.checkpoint import network_of, read_tensors

    given = network_of(ARCHITECTURE, read_tensors(path), path.name)
    if given.N != net.N:
        raise EncodeError(f"{path} has {given.N} channels, the run {net.N}", "settings.channels")
    net.load_state_dict(given.state_dict())


class ChengRun(CodecRun):
    """A run of cheng2020-attn; the quantiles of its prior have their own loss, group and clipping, as in CompressAI."""

    layout = torch.contiguous_format

    def make_model(self, settings: Any, fresh: bool) -> nn.Module:
        return ChengCodec(settings.quality, fresh and settings.start == PRETRAINED, settings.channels)

    def start(self, model: Any, settings: Any) -> None:
        path = Path(settings.start)
        if path.suffix == ".safetensors":
            train_codec.load_weights(model, path)
        elif settings.start not in ("", PRETRAINED):
            begin_from(model.net, path)

    def groups(self) -> list[dict]:
        named = list(self.model.named_parameters())
        quantiles = [p for name, p in named if name.endswith(".quantiles")]
        rest = [p for name, p in named if not name.endswith(".quantiles")]
        return [{"params": rest, "factor": 1.0}, {"params": quantiles, "factor": 10.0, "apart": True}]

    def loss(self) -> tuple[Tensor, dict[str, float]]:
        loss, parts = super().loss()
        quantile_loss = self.model.net.aux_loss()
        return loss + quantile_loss, {**parts, "quantiles": quantile_loss.item()}
