"""The bundled learned codecs at the door: its encoders (`search.py`, and slower `search_refined.py`) beside its decoder."""

from __future__ import annotations

from sedicfmt.declared import needs
from sedicfmt.latents.interfaces import DecodedLatent, LatentEncoder
from sedicfmt.latents.nano.search import NanoEncoder
from sedicfmt.latents.nano.weights import MODELS, load_latent_model
from sedicfmt.model import SedicFile
from sedicfmt.networks.packages import package
from sedicfmt.picture import Picture


class BundledCodec:
    """A learned model that comes with sedicfmt."""

    def __init__(self, model_id: int):
        self.model = load_latent_model(model_id)
        self.model_id, self.name, self.licence = model_id, MODELS[model_id].name, MODELS[model_id].licence

    def encoder(self, picture: Picture, refine: bool = False) -> LatentEncoder:
        """`refine` imports torch, which takes longer than a whole pack. Raises MissingDependency where it is not there."""
        if not refine:
            return NanoEncoder(picture, self.model_id)
        package("torch", "torch", "refining needs")
        from sedicfmt.latents.nano.search_refined import RefiningEncoder

        return RefiningEncoder(picture, self.model_id)

    def decode(self, file: SedicFile) -> DecodedLatent:
        """Raises Malformed or LimitExceeded with path "z" or "y"."""
        from sedicfmt.latents.nano.decode import decode_payloads

        return decode_payloads(file, self.model)


@needs("safetensors", extra="nano")
def open_nano_2() -> BundledCodec:
    """sedic-nano-2. Raises MissingDependency, BackendFailed."""
    return BundledCodec(2)


@needs("safetensors", extra="nano")
def open_nano_3() -> BundledCodec:
    """sedic-nano-3, of the draft of 1.1. Raises MissingDependency, BackendFailed."""
    return BundledCodec(6)
