"""What a factory of back ends declares of itself, beside its parameters (back_ends.py): decorators that change nothing else.

    @needs("torch", "safetensors", extra="nano", usage="mine:FOLDER")
    def open_mine(argument, *, device="auto"): ...

`sedic-inspect --back-ends` reads it, so that a user sees what is ready and how to get the rest, without opening anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

Made = TypeVar("Made", bound=Callable[..., Any])


@dataclass(frozen=True)
class Needs:
    """`packages`: names that are imported; `extra`: of sedicfmt's own, which installs them; `requirements`: those of the
    index that bring them, for a back end of another package; `models`: id on the hub (or "owner/name:file") -> the
    command that fetches it; `usage`: how a user names the back end."""

    packages: tuple[str, ...] = ()
    extra: str = ""
    requirements: tuple[str, ...] = ()
    models: Mapping[str, str] = field(default_factory=dict)
    usage: str = ""

    def __post_init__(self) -> None:
        """Raises TypeError where the decorator is written, not where somebody lists what there is."""
        for name in ("packages", "requirements"):
            if not isinstance(getattr(self, name), tuple) or not all(
                isinstance(one, str) for one in getattr(self, name)
            ):
                raise TypeError(f"{name} is a tuple of texts, not {getattr(self, name)!r}")
        if not all(isinstance(one, str) for one in (self.extra, self.usage, *self.models, *self.models.values())):
            raise TypeError("extra, usage, and what models holds are texts")


def needs(*packages: str, **more: Any) -> Callable[[Made], Made]:
    """Declares the packages that a factory's back end imports, and the other fields of `Needs`. Raises TypeError."""
    told = Needs(packages, **more)

    def declared(factory: Made) -> Made:
        setattr(factory, "needs", told)  # noqa: B010 - mypy knows no attributes of functions
        return factory

    return declared


def needs_of(factory: Any) -> Needs:
    """What a factory declared; nothing where it declared nothing."""
    told = getattr(factory, "needs", None)
    return told if isinstance(told, Needs) else Needs()


def reads_files(factory: Made) -> Made:
    """Declares that a factory's back end reads files that the user names: what the system says of one is the user's to see."""
    setattr(factory, "reads_files", True)  # noqa: B010
    return factory
