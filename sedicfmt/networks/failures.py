"""What goes wrong while a network loads or runs, told where most is known of it: which network, on what, what to try.

The door (`guard.py`) makes our errors of whatever leaves a back end, and knows no more than the back end's name. Here, within
one, the same two kinds are made by the tests of `guard.py`: LimitExceeded of a lack of memory, BackendFailed of all else. Both
let our errors pass, so that nothing is said twice. The libraries raise whatever comes to their minds, tokenizers a bare
Exception; their OSError is of no file that the user named, so it is a failure, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from sedicfmt.errors import BackendFailed, LimitExceeded, SedicError
from sedicfmt.guard import is_ours, lacks_memory, words_of
from sedicfmt.networks.packages import package

SMALLER = "another --device, or a smaller picture"


@contextmanager
def model_errors(
    name: str, device: str, memory: str = SMALLER, numbers: str = "", does: str = "failed"
) -> Iterator[None]:
    """Turns a lack of memory into LimitExceeded, other failures into BackendFailed; lets our own errors pass.

    `memory`, `numbers`: what to try against a lack of memory, and against values that are no numbers; `does`: what the
    model did that failed, as a verb.
    """
    try:
        yield
    except BackendFailed as error:
        error.message += f"; try {numbers}" if numbers and "no numbers" in error.message else ""
        raise
    except SedicError:
        raise
    except Exception as error:
        if is_ours(error):
            raise
        if not lacks_memory(error):
            raise BackendFailed(f"{name} {does} on {device}: {words_of(error)}") from error
        told = f"not enough memory on {device} for {name} with a picture of this size; try {memory}"
        raise LimitExceeded(told) from error


@contextmanager
def inference(name: str, device: str) -> Iterator[None]:
    """Without gradients, failures as `model_errors` tells them. Raises MissingDependency without torch."""
    with package("torch").no_grad(), model_errors(name, device):
        yield


def finite(values: Any, place: str) -> Any:
    """`values`, numpy's or torch's, themselves. Raises BackendFailed where one is NaN or infinite: a model in a too small
    type does that."""
    library = np if isinstance(values, np.ndarray) else package("torch")
    if not library.isfinite(values).all():
        raise BackendFailed("the model gave values that are no numbers", place)
    return values
