"""numpy or torch: the loop runs the same lines on the arrays of either, whichever its model computes with.

It keeps to what both call alike: arithmetic, comparisons, `reshape`, slices, reductions with `axis`, and of the libraries'
functions `where`, `concatenate`, `broadcast_to`, `clip`, `round`, `moveaxis`, `ones_like`. (array-api-compat would allow more;
importing it takes longer than numpy itself, since it imports numpy's tests and f2py.) What differs is here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sedicfmt.decoders.interfaces import Array, RestorationModel
from sedicfmt.networks.failures import model_errors
from sedicfmt.networks.packages import package


def library(x: Array) -> Any:
    """The module whose array `x` is."""
    return np if isinstance(x, np.ndarray) else package("torch")


def put(values: NDArray[Any], model: RestorationModel) -> Array:
    """An array of numpy as one of the model's library, on its device."""
    values = np.ascontiguousarray(values)
    return values if model.library == "numpy" else package("torch").from_numpy(values).to(model.device)


def fetch(x: Array) -> NDArray[Any]:
    """An array of either as one of numpy."""
    return x if isinstance(x, np.ndarray) else x.cpu().numpy()


def copied(x: Array) -> Array:
    """Another array of the same values."""
    return x.copy() if isinstance(x, np.ndarray) else x.clone()


@contextmanager
def running(model: RestorationModel) -> Iterator[None]:
    """Without gradients, whatever the caller has switched on; failures told as the model's."""
    with ExitStack() as stack:
        if model.library == "torch":
            torch = package("torch")
            stack.enter_context(torch.inference_mode(False))
            stack.enter_context(torch.no_grad())
        stack.enter_context(model_errors(model.name, model.device, *model.hints))
        yield
