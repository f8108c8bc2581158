"""The guard at the door: what a back end gives is looked at once, where it enters, and what it breaks is told as its own.

    our call -> guard -> a back end, ours or another package's -> guard: is this what was asked for? -> our next stage

A back end is somebody's code. What it gives may be of another size or type than the next stage takes, and it may raise
whatever comes to its mind. Both end in one error that names the back end and its package, `BackendFailed` (exit code 8), at
the door and not three stages later. Memory that is not there is `LimitExceeded` (7), as for every large picture. An
interruption passes, and so does an error of a function of ours that the back end called, such as a progress bar's: `ours`
marks it. Within a back end that runs a network, `networks/failures.py` says more of what broke, by the same words of this
file, and the door lets that pass.

Here is what all kinds need. What each kind has to give stands in `encoders/guarded.py` (describers, grounders, segmenters),
`decoders/guarded.py` (restorers) and `latents/guarded.py` (latent codecs).
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from sedicfmt.errors import BackendFailed, EncodeError, FileError, LimitExceeded, MissingDependency, SedicError

if TYPE_CHECKING:
    import numpy as np

Returned = TypeVar("Returned")


@dataclass(frozen=True)
class Guard:
    """Who is at work: the `kind` of back end ("restorer"), its `name`, and the `package` it comes from ("" for ours).

    `reads_files`: it reads files that the user named, so that an OSError of it is the user's to see (exit code 74);
    `decodes`: what it is given are a file's bytes, so that it may say that the file is broken (Malformed and the like).
    """

    kind: str
    name: str
    package: str = ""
    reads_files: bool = False
    decodes: bool = False

    def __str__(self) -> str:
        return f"the {self.kind} {self.name!r}" + (f" of the package {self.package}" if self.package else "")

    def refuse(self, told: str) -> NoReturn:
        """Raises BackendFailed: who, and what is wrong with what it gave."""
        raise BackendFailed(f"{self} {told}")

    def require(self, holds: object, told: str) -> None:
        """Raises BackendFailed, with what is `told`, unless it `holds`."""
        if not holds:
            self.refuse(told)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Whatever is raised within is told as this back end's. Raises BackendFailed, LimitExceeded, or what may pass."""
        try:
            yield
        except (KeyboardInterrupt, GeneratorExit):
            raise
        except BaseException as error:  # SystemExit, too: a stranger's sys.exit() must not end us without a word
            if is_ours(error) or (self.reads_files and isinstance(error, OSError)):
                raise
            if isinstance(error, SedicError) and self._may_raise(error):
                raise self._named(error) from error.__cause__
            raise self._translated(error) from error

    def _may_raise(self, error: SedicError) -> bool:
        """Errors of a meaning here: a broken file is none where no file is read."""
        kinds = (EncodeError, LimitExceeded, MissingDependency, BackendFailed)
        return isinstance(error, kinds) or (self.decodes and isinstance(error, FileError))

    def _named(self, error: SedicError) -> SedicError:
        """The error itself, with the name of another package's back end before what that says."""
        said = str(getattr(error, "message", error))  # whoever wrote the error may have given it anything
        error.message = f"{self}: {said}" if self.package and self.package not in said else said
        return error

    def _translated(self, error: BaseException) -> SedicError:
        if lacks_memory(error):
            return LimitExceeded(f"not enough memory for {self} with this picture; try a smaller one")
        return BackendFailed(f"{self} failed: {words_of(error)}")

    def text(self, value: Any, place: str, most_bytes: int) -> str:
        """`value`, if it is a str that UTF-8 can hold in so many bytes. Raises BackendFailed."""
        self.require(isinstance(value, str), f"gave {a(value)} for {place}, which is a text")
        try:
            size = len(value.encode())
        except UnicodeEncodeError:
            self.refuse(f"gave half a surrogate pair in {place}, which no file can hold")
        self.require(size <= most_bytes, f"gave {size} bytes for {place}; the most is {most_bytes}")
        return str(value)

    def number(self, value: Any, place: str, least: float = -math.inf, most: float = math.inf) -> float:
        """`value` as a float, if it is a finite number from `least` to `most`. Raises BackendFailed."""
        real = isinstance(value, Real) and not isinstance(value, bool)
        self.require(real and math.isfinite(value) and least <= value <= most, f"gave {brief(value)} for {place}")
        return float(value)

    def sequence(self, value: Any, place: str, count: int | None = None) -> tuple[Any, ...]:
        """`value` as a tuple, if it is a tuple or list, of `count` members where that is given. Raises BackendFailed."""
        self.require(isinstance(value, tuple | list), f"gave {a(value)} for {place}, which is a tuple")
        told = f"gave {len(value)} {place} where {count} were asked for"
        self.require(count is None or len(value) == count, told)
        return tuple(value)

    def array(self, value: Any, place: str, shape: Sequence[int]) -> np.ndarray:
        """A copy of `value`, if it is a uint8 array of `shape`. Raises BackendFailed."""
        import numpy as np

        self.require(isinstance(value, np.ndarray), f"gave {a(value)} for {place}, which is a numpy array")
        wanted = f"{place} is uint8 of shape {tuple(shape)}"
        self.require(value.dtype == np.uint8 and value.shape == tuple(shape),
                     f"gave {value.dtype} of shape {value.shape}; {wanted}")  # fmt: skip
        return np.array(value, np.uint8, order="C", subok=False)

    def mask(self, value: Any, place: str, shape: Sequence[int]) -> np.ndarray:
        """A copy of `value`, if it is a uint8 array of `shape` that holds 0 and 1 alone. Raises BackendFailed."""
        copied = self.array(value, place, shape)
        self.require(
            int(copied.max(initial=0)) <= 1, f"gave the value {copied.max(initial=0)} in {place}; it holds 0 and 1"
        )
        return copied


def ours(function: Callable[..., Returned]) -> Callable[..., Returned]:
    """`function`, to be called by a back end: what it raises passes, as it is no fault of the back end's."""

    def called(*arguments: Any) -> Returned:
        try:
            return function(*arguments)
        except BaseException as error:
            vars(error)[OURS] = True
            raise

    return called


def is_ours(error: BaseException) -> bool:
    """Whether a function of ours raised it that a back end called."""
    return vars(error).get(OURS, False) is True


def read_only(array: np.ndarray) -> np.ndarray:
    """The same array, as one that cannot be written into: a back end must not change a picture that others use after it."""
    view = array.view()
    view.flags.writeable = False
    return view


def lacks_memory(error: BaseException) -> bool:
    """Whether an error says that there is not enough memory, of the machine or of a GPU, by its type or its words."""
    torch = sys.modules.get("torch")  # whoever ran out of its memory has imported it
    own = getattr(torch, "OutOfMemoryError", MemoryError)
    words = words_of(error).lower()
    told = any(said in words for said in NO_MEMORY)
    return isinstance(error, MemoryError | own) or told


def words_of(error: BaseException) -> str:
    """Type and message of any error in one line; a message that cannot be made is left out."""
    try:
        said = " ".join(str(error).split())
    except Exception:
        said = ""
    return brief_text(f"{type(error).__name__}: {said}" if said else type(error).__name__)


def a(value: Any) -> str:
    """What something is, for a message: "a list", "None"."""
    return "None" if value is None else f"a {type(value).__name__}"


def brief(value: Any) -> str:
    """A value for a message; a value that cannot be shown is told by its type."""
    try:
        return brief_text(repr(value))
    except Exception:
        return a(value)


def brief_text(text: str) -> str:
    """`text`, cut where it is long."""
    return text if len(text) <= MOST_SAID else text[:MOST_SAID] + " ..."


OURS = "raised_by_a_function_of_ours"
MOST_SAID = 300  # characters of a stranger's message or value


NO_MEMORY = ("out of memory", "can't allocate", "cannot allocate memory", "failed to allocate memory", "bad_alloc")
