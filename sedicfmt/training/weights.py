"""A run's checkpoint; its running average as a small file: float16, for another run to start from, or to bring home."""

from __future__ import annotations

from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from sedicfmt.errors import EncodeError


def load_checkpoint(path: Path, device: str = "cpu") -> dict[str, Any]:
    """What `run.Run.save` wrote: tensors and plain values, nothing else is unpickled. Raises OSError, EncodeError."""
    try:
        state: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
        state["average"], state["step"]
    except (UnpicklingError, RuntimeError, EOFError, LookupError, TypeError) as error:
        raise EncodeError(f"{path} is no checkpoint of a run") from error
    return state


def part_of(state: dict[str, Any], part: str) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    """(config, running average) of a model in a checkpoint: "codec" or "restorer" of a run that has both, or the run's one.

    Raises EncodeError where there is no such model.
    """
    if "restorer" not in state["config"]:
        return state["config"], state["average"]
    if part not in state["config"]:
        raise EncodeError(f"the checkpoint has no {part}; it has {', '.join(state['config'])}")
    mine = {k.removeprefix(f"{part}."): v for k, v in state["average"].items() if k.startswith(f"{part}.")}
    return state["config"][part], mine


def save_weights(checkpoint: Path, out: Path) -> int:
    """Write a checkpoint's running average; returns its step."""
    state = load_checkpoint(checkpoint)
    save_file({k: v.half().contiguous() for k, v in state["average"].items()}, out)
    return state["step"]


def load_weights(model: nn.Module, path: Path, new: tuple[str, ...] = ()) -> None:
    """Fill a model from such a file, or from torch's state_dict; layers whose names begin with one of `new` keep their start
    where the file has none of them. Raises OSError, EncodeError for another model's."""
    try:
        tensors = torch.load(path, weights_only=True) if path.suffix == ".pt" else load_file(path)
        fresh = {k: v for k, v in model.state_dict().items() if k.startswith(new)} if new else {}
        model.load_state_dict(fresh | {k: v.float() for k, v in tensors.items()})
    except (SafetensorError, RuntimeError) as error:
        raise EncodeError(f"{path} does not hold weights of this model: {error}") from error
