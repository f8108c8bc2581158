"""What can go wrong while a model runs, told in our errors: numbers that are none, and memory that is not there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from sedicfmt.errors import BackendFailed, LimitExceeded


def finite(values: Tensor, place: str) -> Tensor:
    """`values` themselves. Raises BackendFailed where one is NaN or infinite: a model in a too small type does that."""
    if not torch.isfinite(values).all():
        raise BackendFailed(
            "the model gave values that are no numbers; try float32 or bfloat16 (--dtype fp32, bf16)", place
        )
    return values


@contextmanager
def model_errors(name: str, device: str) -> Iterator[None]:
    """Turns a lack of memory into LimitExceeded that says what to try; lets our own errors pass."""
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
        if not _lacks_memory(error):
            raise BackendFailed(f"{name} failed on {device}: {error}") from error
        raise LimitExceeded(
            f"not enough memory on {device} for {name} with a picture of this size; try --tiled-vae, --dtype fp16 or bf16, "
            "--no-guidance, another --device, or --stage reference"
        ) from error


def _lacks_memory(error: BaseException) -> bool:
    words = str(error).lower()
    told = "out of memory" in words or "can't allocate memory" in words
    return told or isinstance(error, torch.OutOfMemoryError | MemoryError)
