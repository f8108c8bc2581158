"""What decides the bytes that a folder's run writes; its digest stands in the journal: a changed choice is done again."""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sedicfmt.back_ends import BackEnds
from sedicfmt.batch.journal import sha256
from sedicfmt.decoders.registry import RESTORERS
from sedicfmt.encoders.objects.registry_objects import GROUNDERS, SEGMENTERS
from sedicfmt.encoders.registry import DESCRIBERS
from sedicfmt.latents.registry import CODECS
from sedicfmt.pipeline.pack_options import LLM_OPTIONS, PackOptions
from sedicfmt.pipeline.unpack import UnpackOptions
from sedicfmt.pipeline.written_picture import PictureFormat

SAYING = ("describe", "ground", "segment", "words_object", "mask_scale", *LLM_OPTIONS)  # who says what, how it is kept
NOT_DECIDING = ("device", "preset", "base_url", "llm_timeout", "llm_retries")


def options_digest(chosen: dict[str, Any]) -> str:
    """SHA-256 of what was chosen and of this package's version, which may make something else of it."""
    return sha256(json.dumps({"sedicfmt": version("sedicfmt"), **chosen}, sort_keys=True, default=str).encode())


def _packages(*chosen: tuple[BackEnds, str]) -> dict[str, Any]:
    """The other packages that back ends come from, with their versions: a new version may make something else."""
    found = {table.kind: table.package(spec) for table, spec in chosen}
    outside = {kind: package for kind, package in found.items() if package}
    return {"packages": outside} if outside else {}


def _weights(model: str) -> dict[str, str]:
    """Of a latent codec that is named with a file (compressai:ARCHITECTURE@FILE) the file's own bytes. Raises OSError."""
    named = model.partition(":")[2].rpartition("@")[2]
    path = Path(named).expanduser()
    return {"weights": sha256(path.read_bytes())} if named and path.is_file() else {}


def unpack_decided_by(options: UnpackOptions, written: PictureFormat) -> dict[str, Any]:
    """All of `options` that decides a picture: not the device. Raises OSError for a codec's weights."""
    chosen = asdict(options)
    chosen["restoring"].pop("device")
    chosen |= _packages((RESTORERS, options.restorer), (CODECS, options.model or "")) | _weights(options.model or "")
    return chosen | ({} if written == PictureFormat() else {"written": asdict(written)})


def pack_decided_by(options: PackOptions) -> dict[str, Any]:
    """All of `options` that decides a file: not the device, nor a preset's name, nor how long and how often a server is asked;
    of an address what is no secret.

    Of annotations and of a latent codec's weights the file's own bytes, not what it refers to; of other models their names
    or paths. Raises SedicError, OSError.
    """
    chosen = {k: v for k, v in asdict(options).items() if k not in NOT_DECIDING}
    chosen |= _weights(options.model)
    if options.says_nothing:
        chosen = {name: value for name, value in chosen.items() if name not in SAYING}
        return chosen | _packages((CODECS, options.model))
    chosen |= _packages(
        (CODECS, options.model),
        (DESCRIBERS, options.describe),
        (GROUNDERS, options.ground),
        (SEGMENTERS, options.segment),
    )
    name, _, argument = options.describe.partition(":")
    if name == "annotations" and argument:
        chosen["annotations"] = sha256(Path(argument).read_bytes())
    if name == "openai":
        from sedicfmt.encoders.talk.describe_openai import open_openai
        from sedicfmt.encoders.talk.openai_settings import public_url

        settings = open_openai(argument or None, base_url=options.base_url).settings
        chosen |= {"asked_model": settings.model, "server": public_url(settings.base_url)}  # "model" is the latent's
    return chosen
