"""CompressAI's image codecs at the door: `compressai:ARCHITECTURE[@CHECKPOINT]`.

CHECKPOINT is a file, or a name of CompressAI's zoo such as mse-3 (metric, quality); without one it is mse-1, the lowest rate,
from which the paper begins. To decode, nothing need be named where the checkpoint is found by its digest (find.py).
"""

from __future__ import annotations

from typing import Any

from sedicfmt.declared import needs, reads_files
from sedicfmt.errors import EncodeError
from sedicfmt.latents.compressai.missing import PACKAGES, require_packages
from sedicfmt.latents.compressai.payload import NUMBERS, split
from sedicfmt.latents.interfaces import DecodedLatent, LatentEncoder
from sedicfmt.model import SedicFile
from sedicfmt.networks.packages import package
from sedicfmt.picture import Picture

DEFAULT_CHECKPOINT = "mse-1"


class CompressaiCodec:
    """A network of CompressAI with its weights; without an architecture one that only decodes, what it finds by digest."""

    model_id = 5
    licence = "BSD-3-Clause-Clear (CompressAI, its zoo's weights); of other weights, whoever trained them knows"

    def __init__(self, architecture: str = "", checkpoint: str = DEFAULT_CHECKPOINT):
        self.architecture, self.checkpoint = architecture, checkpoint
        self.name = f"compressai:{architecture}" if architecture else "compressai"
        self.loaded: Any = None
        if architecture:
            from sedicfmt.latents.compressai.checkpoint import load

            self.loaded = load(architecture, checkpoint)

    def encoder(self, picture: Picture, refine: bool = False) -> LatentEncoder:
        """Raises EncodeError for `refine` and where no architecture was named."""
        if refine:
            raise EncodeError("compressai has no latent to refine", "refine")
        if not self.architecture:
            raise EncodeError(f"name one of its architectures: {USAGE}; there are {', '.join(NUMBERS)}", "model")
        from sedicfmt.latents.compressai.networks import KINDS
        from sedicfmt.latents.compressai.search import CompressaiEncoder

        return CompressaiEncoder(
            picture, KINDS[self.architecture](self.loaded.net), self.architecture, self.loaded.digest
        )

    def decode(self, file: SedicFile) -> DecodedLatent:
        """Raises Malformed with path "z" or "y"; BackendFailed for another checkpoint than the file was made with, and
        MissingDependency where none is named and none found."""
        maker, z = split(file.z)
        from sedicfmt.latents.compressai.find import check_same, find
        from sedicfmt.latents.compressai.networks import KINDS
        from sedicfmt.latents.compressai.strings import read

        if self.loaded:
            check_same(maker, self.architecture, self.loaded.digest, f"{self.architecture}@{self.checkpoint}")
        net = self.loaded.net if self.loaded else find(maker)
        return read(KINDS[maker.architecture](net), maker, z, file.y, file.coded_size)


USAGE = "compressai:ARCHITECTURE[@CHECKPOINT]"


@reads_files
@needs(*PACKAGES, extra="compressai", usage=USAGE)
def open_compressai(argument: str | None) -> CompressaiCodec:
    """Raises EncodeError for an architecture that is none, MissingDependency, BackendFailed, OSError for the checkpoint."""
    architecture, at, checkpoint = (argument or "").partition("@")
    if argument is not None and architecture not in NUMBERS:
        raise EncodeError(
            f"compressai has no architecture {architecture!r} here; there are {', '.join(NUMBERS)}", "model"
        )
    if at and not checkpoint:
        raise EncodeError(
            f"{argument!r} names no checkpoint behind the @: a file, or one of the zoo such as mse-1", "model"
        )
    require_packages()
    package("torch", extra="compressai", who="the model compressai needs")  # and with it --threads
    return CompressaiCodec(architecture, checkpoint or DEFAULT_CHECKPOINT)
