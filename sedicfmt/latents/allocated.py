"""Latent codecs by the id in a file: the specification's table.

Ids are allocated once and never change their meaning (R-1). Nothing is opened here; `registry` does.
"""

from __future__ import annotations

from dataclasses import dataclass

from sedicfmt.errors import EncodeError


@dataclass(frozen=True)
class Allocated:
    """A line of the specification's table: the name, how z and y are coded, and the extra that brings the codec."""

    id: int
    name: str
    coder: str
    extra: str


ALLOCATED = {
    line.id: line
    for line in (
        Allocated(2, "sedic-nano-2", "range", "nano"),
        Allocated(3, "av1", "av1", "nano"),
        Allocated(4, "none", "empty", ""),
        Allocated(5, "compressai", "rans", "compressai"),
        Allocated(6, "sedic-nano-3", "range", "nano"),
    )
}
DEFAULT_MODEL = 6


def name_of(model_id: int) -> str | None:
    """The name of an allocated id, None of another; nothing is opened."""
    return ALLOCATED[model_id].name if model_id in ALLOCATED else None


def id_of(name: str) -> int:
    """The allocated id of a name. Raises EncodeError for one that has none."""
    for line in ALLOCATED.values():
        if line.name == name:
            return line.id
    raise EncodeError(f"no model {name}; there are {', '.join(line.name for line in ALLOCATED.values())}", "model")
