"""What can go wrong while a network loads or runs, told in our errors: numbers that are none, too little memory, the rest.

The libraries raise whatever comes to their minds, tokenizers a bare Exception. So every exception that is not ours becomes
BackendFailed, and one that speaks of memory LimitExceeded. What a caller's own callback raises is none of the network's
failures: it passes as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

from sedicfmt.errors import BackendFailed, LimitExceeded, SedicError
from sedicfmt.networks.packages import package

if TYPE_CHECKING:
    from torch import Tensor

Callback = TypeVar("Callback", bound=Callable[..., Any] | None)
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
        if getattr(error, CALLERS, False):
            raise
        if not lacks_memory(error):
            reason = str(error) or type(error).__name__
            raise BackendFailed(f"{name} {does} on {device}: {reason}") from error
        told = f"not enough memory on {device} for {name} with a picture of this size; try {memory}"
        raise LimitExceeded(told) from error


@contextmanager
def inference(name: str, device: str) -> Iterator[None]:
    """Without gradients, failures as `model_errors` tells them. Raises MissingDependency without torch."""
    with package("torch").no_grad(), model_errors(name, device):
        yield


def finite(values: Tensor, place: str) -> Tensor:
    """`values` themselves. Raises BackendFailed where one is NaN or infinite: a model in a too small type does that."""
    if not package("torch").isfinite(values).all():
        raise BackendFailed("the model gave values that are no numbers", place)
    return values


def lacks_memory(error: BaseException) -> bool:
    """Whether Python, torch or a driver says so, by the error's class or in its words."""
    words = str(error).lower()
    classes = MemoryError, package("torch").OutOfMemoryError
    return isinstance(error, classes) or any(told in words for told in ("out of memory", "can't allocate"))


def callers(callback: Callback) -> Callback:
    """The caller's `callback`, or None, as it is called from within `model_errors`: what it raises passes unchanged."""
    if callback is None:
        return callback

    @wraps(callback)
    def marked(*told: Any) -> Any:
        try:
            return callback(*told)
        except Exception as error:
            setattr(error, CALLERS, True)
            raise

    return marked  # type: ignore[return-value]


CALLERS = "_raised_by_the_callers_callback"
