"""What crosses the door of a latent codec: encoder and decoder of the reference picture's latent, side by side.

    encoder(picture) -> CodedLatent, within a budget -> the file's segments z and y -> decode(file) -> DecodedLatent -> paint

A codec is one object; sedicfmt brings its own in rooms beside this file (`nano/`, `av1/`), another package registers one as an
entry point of `sedicfmt.latents` (docs/plugins.md). Pictures are uint8 RGB (height, width, 3), numpy in and numpy out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from sedicfmt.errors import SedicError
from sedicfmt.model import Extension, SedicFile
from sedicfmt.picture import Picture


@dataclass(frozen=True)
class CodedLatent:
    """What goes into the file: scale in sixteenths (L-1), payloads, and extensions that its decoder needs beside them.

    `settings`: for the report, what made them.
    """

    scale: int
    z: bytes
    y: bytes
    settings: dict[str, float | bool] = field(default_factory=dict)
    extensions: tuple[Extension, ...] = ()


FileSize = Callable[[CodedLatent], int]  # bytes of the whole file with that latent


class LatentEncoder(Protocol):
    """The encoder of one picture.

    `least_scale`: below it the picture is so poor that rather something of the words is given up.
    """

    least_scale: int

    def usual(self) -> CodedLatent:
        """What is written without a budget."""

    def best(self, size: FileSize, most_bytes: int, least_scale: int) -> CodedLatent | None:
        """The latent that `most_bytes` are best spent on; None where none of `least_scale` or more fits."""

    def smallest(self) -> CodedLatent:
        """The one of the fewest bytes."""


class DecodedLatent(Protocol):
    """What a file's z and y say, decoded and found valid."""

    def digests(self) -> dict[str, str]:
        """Of "z" and "y", in hexadecimal, equal on every machine (spec clauses L-8, A-5)."""

    def paint(self) -> Picture:
        """The picture that the latent shows, of the file's `coded_size`."""


class LatentCodec(Protocol):
    """A way to code the latent, opened and ready: what it lacks is told when it is opened, before any work.

    `name`: what --model calls it; `model_id`: what files say (R-1; 224 to 255 are for private use); `licence`: of its weights.
    """

    name: str
    model_id: int
    licence: str

    def encoder(self, picture: Picture, refine: bool = False) -> LatentEncoder:
        """The encoder of a picture; `refine`: a slow one that comes nearer to the photo.

        Raises EncodeError where there is nothing to refine, MissingDependency.
        """

    def decode(self, file: SedicFile) -> DecodedLatent:
        """The file's z and y. Raises Malformed or LimitExceeded with path "z" or "y", BackendFailed."""


def in_segment(error: SedicError, path: str) -> SedicError:
    """An error in a payload as one in the file's segment; its place in the file is not known here."""
    error.offset = None
    return error.inside(path)
