"""The reference picture I_0 of a file (paper 3.1), by the codec that made its latent."""

from __future__ import annotations

from PIL import Image

from sedicfmt.latents.interfaces import DecodedLatent
from sedicfmt.latents.registry import codec_of
from sedicfmt.model import SedicFile


def decode_latent(file: SedicFile, model: str | None = None) -> DecodedLatent:
    """A file's latent, by its own model, or by that as the user named it. Raises as `codec_of` and the codec's `decode`."""
    return codec_of(file.model_id, model).decode(file)


def paint_reference(file: SedicFile, latent: DecodedLatent) -> Image.Image:
    """The reference picture, RGB of the file's size: the latent's, resampled (L-7)."""
    return Image.fromarray(latent.paint()).resize((file.width, file.height), Image.Resampling.BICUBIC)
