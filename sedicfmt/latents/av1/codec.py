"""AV1 at the door: its encoder (`search.py`) beside its decoder. The libraries are Pillow's."""

from __future__ import annotations

from sedicfmt.errors import EncodeError
from sedicfmt.latents.av1.decode import decode_frame
from sedicfmt.latents.av1.still_picture import require_avif
from sedicfmt.latents.interfaces import DecodedLatent, LatentEncoder
from sedicfmt.model import SedicFile
from sedicfmt.picture import Picture


class Av1Codec:
    """An AV1 still picture as the latent (A-1 to A-6)."""

    name, model_id = "av1", 3
    licence = "Alliance for Open Media Patent License 1.0 (AV1); BSD-2-Clause (libaom, dav1d, libavif)"

    def encoder(self, picture: Picture, refine: bool = False) -> LatentEncoder:
        """Raises EncodeError for `refine`: it searches anyway."""
        from sedicfmt.latents.av1.search import Av1Encoder

        if refine:
            raise EncodeError("av1 has no latent to refine", "refine")
        return Av1Encoder(picture)

    def decode(self, file: SedicFile) -> DecodedLatent:
        """Raises Malformed with path "z" or "y"."""
        return decode_frame(file)


def open_av1() -> Av1Codec:
    """Raises MissingDependency where Pillow has no AVIF."""
    require_avif()
    return Av1Codec()
