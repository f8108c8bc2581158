"""Where a restorer's training may begin: the weights file of an earlier restorer, which may have been smaller.

Blocks that the file lacks add nothing at first, and inputs that it lacks count for little. What it knew of words is not
taken over: its vocabulary was another.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from sedicfmt.decoders.nano.denoiser import config_in
from sedicfmt.decoders.nano.network import NanoRestorerNetwork
from sedicfmt.errors import EncodeError
from sedicfmt.networks.small_weights import unpack

ENTER, LITTLE = "enter.weight", 0.02


def start_from(network: NanoRestorerNetwork, path: Path) -> None:
    """Fill `network` from a weights file. Raises OSError, EncodeError for one that does not fit."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    data = path.read_bytes()
    try:
        config_in(data)
        old = {k: torch.from_numpy(v) for k, v in unpack(load(data)).items() if not k.startswith("words.embed")}
    except (KeyError, ValueError, SafetensorError) as error:
        raise EncodeError(f"{path} is no restorer's weights file") from error
    for name, target in network.state_dict().items():
        given = widened(old[name], target) if name == ENTER and name in old else old.get(name, target)
        if given.shape != target.shape:
            raise EncodeError(
                f"{path} is of another network: {name} is {tuple(given.shape)}, not {tuple(target.shape)}"
            )
        target.copy_(given)


def widened(given: Tensor, target: Tensor) -> Tensor:
    """`enter` with the inputs that an earlier one lacked, small."""
    missing = target.shape[1] - given.shape[1]
    if missing <= 0 or given.shape[0] != target.shape[0]:
        return given
    return torch.cat([given, LITTLE * torch.randn_like(target[:, :missing])], 1)
