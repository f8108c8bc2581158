"""Which coder of the registry makes the reference picture: the one asked for, or, within a budget, the one that comes nearest.

    AUTO: the learned coder, and beside it av1 with the same words and masks, quickly made; that one is taken whose picture is
    nearer to the photo in the end, restored (`seen_distance.py`), and av1 then made well

Without a budget AUTO is the learned coder: at two rates, two pictures cannot be compared.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import isfinite
from typing import NamedTuple

import numpy as np

from sedicfmt.errors import BackendFailed, EncodeError, MissingDependency
from sedicfmt.latents.allocated import ALLOCATED, DEFAULT_MODEL, name_of
from sedicfmt.latents.av1.search import Av1Encoder
from sedicfmt.latents.guarded import GuardedCodec, GuardedEncoder
from sedicfmt.latents.painting import decode_latent, paint_reference
from sedicfmt.latents.registry import CODECS, open_codec
from sedicfmt.model import SedicFile
from sedicfmt.picture import Picture, psnr
from sedicfmt.pipeline.rate_control import Budget, fill, fit, size_with, what_made

AUTO = "auto"
CLASSICAL = "av1"  # what AUTO tries beside the learned one


class Made(NamedTuple):
    """A file, and what it took (for the report)."""

    file: SedicFile
    spent: dict[str, object]


def check_model(spec: str) -> None:
    """Raises EncodeError for what names neither AUTO nor a codec."""
    names = (AUTO, *CODECS.names())
    if spec.partition(":")[0] not in names:
        raise EncodeError(f"no model {spec}; there are {', '.join(names)}", "model")


def open_model(model: str) -> GuardedCodec:
    """The codec of a name of the registry; of AUTO the learned one. Raises as `open_codec`."""
    return open_codec(ALLOCATED[DEFAULT_MODEL].name if model == AUTO else model)


def with_reference(
    whole: SedicFile,
    picture: Picture,
    model: str,
    budget: Budget,
    warn: Callable[[str], None],
    refine: bool = False,
    codec: GuardedCodec | None = None,
) -> tuple[SedicFile, dict[str, object]]:
    """`whole`, whose model id and latent are of no account, with those that `model` gives; and a report of what it took.

    `picture`: uint8 RGB (height, width, 3); `model`: a name of the registry, or AUTO; `refine`: the learned latent takes
    its time; `codec`: what `open_model` made of the name, to be used again. Raises as `fit` and the encoders.
    """
    codec = codec or open_model(model)
    file, spent = fit(replace(whole, model_id=codec.model_id), codec.encoder(picture, refine), budget)
    if model != AUTO or budget.most_bytes is None:
        return file, {"latent_model": codec.name, **spent}
    files = [Made(file, spent)]
    try:
        files += _rival(files[0], picture, budget.most_bytes, quick=True)
    except (MissingDependency, BackendFailed) as error:
        warn(f"{error.message}; {codec.name} alone was tried")
    if len(files) == 1:
        return file, {"latent_model": codec.name, **spent}
    nearest, compared = _nearest(files, picture)
    if nearest is not files[0]:  # only what is written is worth the time
        nearest = _rival(files[0], picture, budget.most_bytes, quick=False)[0]
    return nearest.file, {"latent_model": name_of(nearest.file.model_id), **compared, **nearest.spent}


def _rival(learned: Made, picture: Picture, most_bytes: int, quick: bool) -> list[Made]:
    """The same words and masks with the classical coder's latent; nothing where it has none that fits."""
    codec = open_codec(CLASSICAL)
    with codec.guard.at_work():
        coder = GuardedEncoder(Av1Encoder(picture, quick), codec.guard)
    content = replace(learned.file, model_id=codec.model_id, z=b"", y=b"")
    best = coder.best(size_with(content), most_bytes, 1)
    kept = {name: learned.spent[name] for name in ("budget_bytes", "given_up")}
    return [Made(fill(content, best), {**kept, **what_made(best)})] if best else []


def _nearest(files: list[Made], picture: Picture) -> tuple[Made, dict[str, object]]:
    """The one whose picture is nearest in the end, the first of equal ones; and what was compared, for the report."""
    compared, far = _how_far([made.file for made in files], picture)
    nearest = files[far.index(min(far))]
    names = [name_of(made.file.model_id) for made in files]
    told = {name: round(distance, 4) if isfinite(distance) else None for name, distance in zip(names, far, strict=True)}
    return nearest, {"latent_compared": compared, "latent_distance": told}


def _how_far(files: list[SedicFile], picture: Picture) -> tuple[str, list[float]]:
    """What is compared, and each file's distance from the photo, less for nearer: in features (`seen_distance.py`), or, where
    their network is not installed, the reference pictures' PSNR, negative."""
    from sedicfmt.pipeline.seen_distance import distances

    try:
        stage, far = distances(files, picture)
        return f"features, {stage}", far
    except MissingDependency:
        return "psnr, reference", [
            -psnr(picture, np.asarray(paint_reference(file, decode_latent(file)))) for file in files
        ]
