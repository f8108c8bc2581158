"""A .sedic file -> a picture: the latent's reference picture, then (when a restorer is there) objects and the whole.

Until the restoring decoder of the paper's Algorithm 1 is built, every stage gives the reference picture and says so.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from PIL import Image, PngImagePlugin

from sedicfmt.container.content import read_file
from sedicfmt.decoders.reference import decode_latent, paint_reference
from sedicfmt.errors import EncodeError
from sedicfmt.model import SedicFile
from sedicfmt.models.registry import find_model, load_latent_model

STAGES = ("reference", "objects", "final")
NOTE = "no restoring decoder is bundled yet: this is the reference picture"


@dataclass
class UnpackResult:
    """The picture, the stage asked for and the one given, seconds for each step, notes for the user."""

    picture: Image.Image
    file: SedicFile
    stage: str
    given_stage: str
    seconds: dict[str, float] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def unpack_bytes(
    data: bytes, stage: str = "final", partial: bool = False, on_stage: Callable[[str], None] = lambda stage: None
) -> UnpackResult:
    """Decode up to `stage`. `partial`: take an incomplete file for what it holds, unchecked. Raises SedicError."""
    if stage not in STAGES:
        raise EncodeError(f"no stage is called {stage}; there are {', '.join(STAGES)}", "stage")
    began = time.perf_counter()
    on_stage("read")
    file = read_file(data, allow_prefix=partial)
    model = load_latent_model(file.model_id)
    opened = time.perf_counter()
    on_stage("entropy")
    latent = decode_latent(file, model)
    decoded = time.perf_counter()
    on_stage("synthesis")
    picture = paint_reference(file, latent, model)
    seconds = {"read": opened - began, "entropy": decoded - opened, "synthesis": time.perf_counter() - decoded}
    warnings = (
        []
        if file.complete
        else ["the file is incomplete or changed, its check does not hold; this is what it seems to hold"]
    )
    warnings += [] if stage == "reference" else [NOTE]
    return UnpackResult(picture, file, stage, "reference", {k: round(v, 4) for k, v in seconds.items()}, warnings)


def png_text(data: bytes, result: UnpackResult) -> PngImagePlugin.PngInfo:
    """Text chunks that say where the picture comes from: the file's digest, model, seed, stage."""
    info = PngImagePlugin.PngInfo()
    info.add_text("Software", "sedicfmt")
    info.add_text("Source", f"sedic sha256:{hashlib.sha256(data).hexdigest()}")
    info.add_text("Description", result.file.text.encode("latin-1", "replace").decode("latin-1"))
    info.add_text("sedic:model", find_model(result.file.model_id).name)
    info.add_text("sedic:seed", str(result.file.seed))
    info.add_text("sedic:stage", f"{result.given_stage}; decoded from a latent, no detail was generated")
    return info
