"""Which device a model runs on."""

from __future__ import annotations

import torch

from sedicfmt.errors import EncodeError, MissingDependency


def choose_device(name: str) -> str:
    """torch's name of the device for "auto", "cpu", "cuda", "cuda:1", "mps". Raises for one that is not here."""
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        kind = torch.device(name).type
    except RuntimeError as error:
        raise EncodeError(f"no device is called {name!r}; there are auto, cpu, cuda, cuda:N and mps") from error
    here = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if kind not in here:
        raise EncodeError(f"no device is called {name!r}; there are auto, cpu, cuda, cuda:N and mps")
    number = torch.device(name).index or 0
    if not here[kind] or number >= {"cpu": 1, "cuda": torch.cuda.device_count(), "mps": 1}[kind]:
        raise MissingDependency(f"this machine has no {name} that torch can use; try --device cpu")
    return "cpu" if kind == "cpu" else name
