"""What an encoder of the latent is to rate control, whichever coder of the registry it writes for (table at the bottom)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Protocol

from sedicfmt.encoders.interfaces import Picture
from sedicfmt.models.registry import find_model


@dataclass(frozen=True)
class Latent:
    """What goes into the file: scale in sixteenths (L-1), payloads; and for the report the settings that made them."""

    scale: int
    z: bytes
    y: bytes
    settings: dict[str, float] = field(default_factory=dict)


Size = Callable[[Latent], int]  # bytes of the whole file with that latent


class LatentCoder(Protocol):
    """The encoder of one picture.

    `least_scale`: below it the picture is so poor that rather something of the words is given up.
    """

    least_scale: int

    def usual(self) -> Latent:
        """What is written without a budget."""

    def best(self, size: Size, most_bytes: int, least_scale: int) -> Latent | None:
        """The latent that `most_bytes` are best spent on; None where none of `least_scale` or more fits."""

    def smallest(self) -> Latent:
        """The one of the fewest bytes."""


def open_latent_coder(model_id: int, picture: Picture) -> LatentCoder:
    """The encoder of a uint8 RGB picture (height, width, 3). Raises Unsupported, MissingDependency, BackendFailed."""
    module, name = CODERS[find_model(model_id).coder].split(":")
    coder: LatentCoder = getattr(import_module(module), name)(picture, model_id)
    return coder


CODERS = {
    "range": "sedicfmt.encoders.search_nano:NanoCoder",
    "av1": "sedicfmt.encoders.search_av1:Av1Coder",
}
