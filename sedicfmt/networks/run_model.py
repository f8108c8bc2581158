"""What can go wrong while a model runs, told in our errors: numbers that are none, and memory that is not there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from sedicfmt.errors import BackendFailed, LimitExceeded, SedicError
from sedicfmt.guard import lacks_memory


def finite(values: Tensor, place: str) -> Tensor:
    """`values` themselves. Raises BackendFailed where one is NaN or infinite: a model in a too small type does that."""
    if not torch.isfinite(values).all():
        raise BackendFailed("the model gave values that are no numbers", place)
    return values


@contextmanager
def model_errors(name: str, device: str, memory: str = "--stage reference", numbers: str = "") -> Iterator[None]:
    """Turns a lack of memory into LimitExceeded, other failures into BackendFailed; lets our own errors pass.

    `memory`, `numbers`: what to try against a lack of memory, and against values that are no numbers.
    """
    try:
        yield
    except BackendFailed as error:
        error.message += f"; try {numbers}" if numbers and "no numbers" in error.message else ""
        raise
    except SedicError:
        raise
    except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
        if not lacks_memory(error):
            raise BackendFailed(f"{name} failed on {device}: {error}") from error
        raise LimitExceeded(
            f"not enough memory on {device} for {name} with a picture of this size; try {memory}"
        ) from error
