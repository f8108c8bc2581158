"""What an encoder of the latent is to rate control, whichever coder of the registry it writes for (table at the bottom)."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Protocol

from sedicfmt.errors import EncodeError, MissingDependency
from sedicfmt.installing import install_extra
from sedicfmt.latents.registry import find_model
from sedicfmt.picture import Picture


@dataclass(frozen=True)
class Latent:
    """What goes into the file: scale in sixteenths (L-1), payloads; and for the report the settings that made them."""

    scale: int
    z: bytes
    y: bytes
    settings: dict[str, float | bool] = field(default_factory=dict)


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


def open_latent_coder(model_id: int, picture: Picture, refine: bool = False) -> LatentCoder:
    """The encoder of a uint8 RGB picture (height, width, 3); `refine`: a slow one that comes nearer to the photo.

    Raises Unsupported, EncodeError where there is nothing to refine, MissingDependency, BackendFailed.
    """
    entry = find_model(model_id)
    coders = REFINING if refine else CODERS
    if entry.coder not in coders:
        raise EncodeError(f"{entry.name} has no latent to refine", "refine")
    module, name = coders[entry.coder].split(":")
    if refine:  # threads that wait busily are far slower where another process has a core; read when torch loads
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        coder: LatentCoder = getattr(import_module(module), name)(picture, model_id)
    except ModuleNotFoundError as missing:
        raise MissingDependency(
            f"the encoder of {entry.name} needs {missing.name}: {install_extra('nano')}"
        ) from missing
    return coder


CODERS = {
    "range": "sedicfmt.latents.nano.search:NanoCoder",
    "av1": "sedicfmt.latents.av1.search:Av1Coder",
}
REFINING = {"range": "sedicfmt.latents.nano.search_refined:RefiningCoder"}
