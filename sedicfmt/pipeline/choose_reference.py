"""Which coder of the registry makes the reference picture: the one asked for, or, within a budget, the one that comes nearest.

    AUTO: the learned coder, and beside it av1 with the same words and masks; the higher PSNR of the reference picture is taken

Without a budget AUTO is the learned coder: at two rates, two pictures cannot be compared.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import isfinite

import numpy as np

from sedicfmt.errors import BackendFailed, EncodeError, MissingDependency
from sedicfmt.latents.guarded import GuardedCodec
from sedicfmt.latents.painting import decode_latent, paint_reference
from sedicfmt.latents.registry import ALLOCATED, CODECS, DEFAULT_MODEL, name_of, open_codec
from sedicfmt.model import SedicFile
from sedicfmt.picture import Picture, psnr
from sedicfmt.pipeline.rate_control import Budget, fill, fit, size_with, what_made

AUTO = "auto"
CLASSICAL = "av1"  # what AUTO tries beside the learned one


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
    files = [(file, spent)]
    try:
        files += _rival(file, spent, picture, budget.most_bytes)
    except (MissingDependency, BackendFailed) as error:
        warn(f"{error.message}; {codec.name} alone was tried")
    return _nearest(files, picture)


def _rival(
    file: SedicFile, spent: dict[str, object], picture: Picture, most_bytes: int
) -> list[tuple[SedicFile, dict[str, object]]]:
    """The same words and masks with the classical coder's latent; nothing where it has none that fits."""
    codec = open_codec(CLASSICAL)
    content = replace(file, model_id=codec.model_id, z=b"", y=b"")
    best = codec.encoder(picture).best(size_with(content), most_bytes, 1)
    kept = {name: spent[name] for name in ("budget_bytes", "given_up")}
    return [(fill(content, best), {**kept, **what_made(best)})] if best else []


def _nearest(files: list[tuple[SedicFile, dict[str, object]]], picture: Picture) -> tuple[SedicFile, dict[str, object]]:
    """The file whose reference picture has the highest PSNR, the first of equal ones; and all of them in the report."""
    scores = [psnr(picture, np.asarray(paint_reference(file, decode_latent(file)))) for file, _ in files]
    (file, spent), _ = max(zip(files, scores, strict=True), key=lambda pair: pair[1])
    tried = {
        name_of(file.model_id): round(score, 2) if isfinite(score) else None
        for (file, _), score in zip(files, scores, strict=True)
    }
    return file, {"latent_model": name_of(file.model_id), "latent_psnr": tried, **spent}
