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
from sedicfmt.latents.encoding import open_latent_coder
from sedicfmt.latents.painting import decode_latent, paint_reference
from sedicfmt.latents.registry import DEFAULT_MODEL, REGISTRY, find_model, named_model
from sedicfmt.model import SedicFile
from sedicfmt.picture import Picture, psnr
from sedicfmt.pipeline.rate_control import Budget, fill, fit, size_with, what_made

AUTO = "auto"
CLASSICAL = 3  # the model id that AUTO tries beside the learned one


def check_model(name: str) -> None:
    """Raises EncodeError for what is neither AUTO nor a model's name."""
    names = (AUTO, *(entry.name for entry in REGISTRY.values()))
    if name not in names:
        raise EncodeError(f"no model {name}; there are {', '.join(names)}", "model")


def with_reference(
    whole: SedicFile, picture: Picture, model: str, budget: Budget, warn: Callable[[str], None], refine: bool = False
) -> tuple[SedicFile, dict[str, object]]:
    """`whole`, whose model id and latent are of no account, with those that `model` gives; and a report of what it took.

    `picture`: uint8 RGB (height, width, 3); `model`: a name of the registry, or AUTO; `refine`: the learned latent takes
    its time. Raises as `fit` and the encoders.
    """
    entry = find_model(DEFAULT_MODEL) if model == AUTO else named_model(model)
    coder = open_latent_coder(entry.id, picture, refine)
    file, spent = fit(replace(whole, model_id=entry.id), coder, budget)
    if model != AUTO or budget.most_bytes is None:
        return file, {"latent_model": entry.name, **spent}
    files = [(file, spent)]
    try:
        files += _rival(file, spent, picture, budget.most_bytes)
    except (MissingDependency, BackendFailed) as error:
        warn(f"{error.message}; {entry.name} alone was tried")
    return _nearest(files, picture)


def _rival(
    file: SedicFile, spent: dict[str, object], picture: Picture, most_bytes: int
) -> list[tuple[SedicFile, dict[str, object]]]:
    """The same words and masks with the classical coder's latent; nothing where it has none that fits."""
    content = replace(file, model_id=CLASSICAL, z=b"", y=b"")
    best = open_latent_coder(CLASSICAL, picture).best(size_with(content), most_bytes, 1)
    kept = {name: spent[name] for name in ("budget_bytes", "given_up")}
    return [(fill(content, best), {**kept, **what_made(best)})] if best else []


def _nearest(files: list[tuple[SedicFile, dict[str, object]]], picture: Picture) -> tuple[SedicFile, dict[str, object]]:
    """The file whose reference picture has the highest PSNR, the first of equal ones; and all of them in the report."""
    scores = [psnr(picture, np.asarray(paint_reference(file, decode_latent(file)))) for file, _ in files]
    (file, spent), _ = max(zip(files, scores, strict=True), key=lambda pair: pair[1])
    tried = {
        find_model(file.model_id).name: round(score, 2) if isfinite(score) else None
        for (file, _), score in zip(files, scores, strict=True)
    }
    return file, {"latent_model": find_model(file.model_id).name, "latent_psnr": tried, **spent}
