"""The running average of a checkpoint as a small file: float16, for another run to start from, or to bring home."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from sedicfmt.errors import EncodeError


def save_weights(checkpoint: Path, out: Path) -> int:
    """Write a checkpoint's running average; returns its step."""
    state = torch.load(checkpoint, map_location="cpu", weights_only=False)  # our own file, never a stranger's
    save_file({k: v.half().contiguous() for k, v in state["average"].items()}, out)
    return state["step"]


def load_weights(model: nn.Module, path: Path) -> None:
    """Fill a model from such a file, or from torch's state_dict. Raises OSError, EncodeError for another model's."""
    try:
        tensors = torch.load(path, weights_only=True) if path.suffix == ".pt" else load_file(path)
        model.load_state_dict({k: v.float() for k, v in tensors.items()})
    except (SafetensorError, RuntimeError) as error:
        raise EncodeError(f"{path} does not hold weights of this model: {error}") from error
