"""A .sedic file -> a picture: the latent's reference picture, then its objects and the whole, restored (Algorithm 1).

bytes -> content -> z, y -> reference picture -> objects one by one -> the whole
stage:                      "reference"          "objects"             "final"
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image

from sedicfmt.container.content import read_file
from sedicfmt.decoders.guarded import guarded_restorer
from sedicfmt.decoders.interfaces import ObjectToRestore, Restorer, RestoreRequest
from sedicfmt.decoders.orag.presets import NEUTRAL
from sedicfmt.decoders.orag.values import RULES, checked, checked_changes, flag, of, text
from sedicfmt.decoders.registry import DEFAULT_RESTORER, RESTORERS, SETTINGS, RestorerOptions, find_restorer
from sedicfmt.errors import EncodeError
from sedicfmt.latents.guarded import GuardedCodec
from sedicfmt.latents.painting import paint_reference
from sedicfmt.latents.registry import codec_of
from sedicfmt.limits import PROFILES
from sedicfmt.model import SedicFile, SedicObject
from sedicfmt.picture import Picture
from sedicfmt.pipeline.clock import Clock, OnStage
from sedicfmt.pipeline.idle import told_idle
from sedicfmt.pipeline.marked_picture import marked
from sedicfmt.pipeline.provenance import xmp_of
from sedicfmt.pipeline.restoring_work import work_within
from sedicfmt.segments.mask_grid import upscale

STAGES = ("reference", "objects", "final")
INCOMPLETE = "the file is incomplete or changed, its check does not hold; this is what it seems to hold"


@dataclass(frozen=True)
class UnpackOptions:
    """How far and by what to decode.

    `stage`: "reference", "objects" or "final"; `partial`: take an incomplete file for what it holds, unchecked;
    `profile`: "thin" refuses a file beyond it before it is decoded (P-1), "full" takes all that the format allows;
    `restorer`, `restoring`: which restorer, and how it runs (decoders/registry.py);
    `model`: the latent's codec as its user names it, where a file alone does not say by which weights (compressai:...).
    """

    stage: str = "final"
    partial: bool = False
    profile: str = "full"
    restorer: str = DEFAULT_RESTORER
    restoring: RestorerOptions = field(default_factory=RestorerOptions)
    model: str | None = None

    def __post_init__(self) -> None:
        """Raises EncodeError for values that make no sense, also of what `stage` leaves nothing to do for."""
        rules = {"stage": of(*STAGES), "partial": flag, "profile": of(*PROFILES), "restorer": text}
        for name in rules:
            checked(name, getattr(self, name), rules)
        if not isinstance(self.restoring, RestorerOptions):
            raise EncodeError(f"restoring is RestorerOptions, not {self.restoring!r}", "restoring")
        if self.model is not None:
            checked("model", self.model, {"model": text})
        RESTORERS.check(self.restorer, "restorer")
        if self.restorer.partition(":")[0] in RESTORERS.built_in:
            checked_changes(self.restoring.changes, RULES)

    def unused(self, stage: str) -> list[str]:
        """What was asked for and has nothing to do where a file is decoded to `stage`."""
        usual = vars(RestorerOptions())
        idle = [name for name, value in vars(self.restoring).items() if name != "changes" and value != usual[name]]
        idle += [*(["restorer"] if self.restorer != DEFAULT_RESTORER else []), *self.restoring.changes]
        return told_idle(idle, "the reference picture is not restored") if stage == "reference" else []

    @property
    def blind(self) -> bool:
        """Whether the file's latent is left alone: restored from words and masks (the paper's table 3, row 7)."""
        return self.restoring.changes.get("use_reference", True) is False


def options_from(stage: str, partial: bool, given: Mapping[str, Any]) -> UnpackOptions:
    """Options by their names alone: those of UnpackOptions, of RestorerOptions, and settings of the restorer.

    Raises EncodeError for a name that none of them has.
    """
    own = {name: given[name] for name in ("profile", "restorer", "restoring", "model") if name in given}
    places = {name: given[name] for name in ("device", "dtype", "tiled_vae") if name in given}
    changes = {name: value for name, value in given.items() if name in SETTINGS}
    for name in given.keys() - own.keys() - places.keys() - changes.keys():
        raise EncodeError(f"unpack has no option {name}", name)
    if "restoring" in own and (places or changes):
        raise EncodeError("give either restoring or its parts by their names", "restoring")
    restoring = own.pop("restoring") if "restoring" in own else RestorerOptions(**places, changes=changes)
    return UnpackOptions(stage, partial, **own, restoring=restoring)


@dataclass(frozen=True)
class Watcher:
    """Who is told how it goes: of each stage, of each step (stage, done, total), and, where asked, of each picture."""

    on_stage: OnStage = lambda stage: None
    on_step: Callable[[str, int, int], None] = lambda stage, done, total: None
    on_picture: Callable[[str, Picture], None] | None = None


@dataclass
class UnpackResult:
    """The picture, the stage it stands for, seconds for each step, what a restorer did, notes for the user; `blind`: the
    file's latent was not looked at."""

    picture: Image.Image
    file: SedicFile
    stage: str
    seconds: dict[str, float] = field(default_factory=dict)
    record: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    blind: bool = False

    def summary(self) -> dict[str, object]:
        """What a program may want to know of it."""
        return {
            "width": self.picture.width, "height": self.picture.height, "stage": self.stage, "complete": self.file.complete,
            "seconds": self.seconds, "restored_by": self.record, "warnings": self.warnings,
        }  # fmt: skip


def open_restorer(options: UnpackOptions) -> Restorer | None:
    """The restorer that `options` name; None where nothing is restored. Raises SedicError."""
    return None if options.stage == "reference" else find_restorer(options.restorer, options.restoring)


def unpack_bytes(
    data: bytes, options: UnpackOptions | None = None, watcher: Watcher | None = None, restorer: Restorer | None = None
) -> UnpackResult:
    """Decode up to the stage asked for. Raises SedicError; a missing model before any work is done.

    `restorer`: what `open_restorer` made of the same options, to be used again; None opens it for this file.
    """
    options, watcher = options or UnpackOptions(), watcher or Watcher()
    clock = Clock(watcher.on_stage)
    with clock("read"):
        file = read_file(data, options.partial, options.profile)
        codec = None if options.blind else codec_of(file.model_id, options.model)
    work = work_within(file, options.stage, options.profile, options.restoring.changes.get("objects"))
    if options.blind and work.stage == "reference":
        raise EncodeError(
            "; ".join(("without the reference picture there is nothing to show", *work.warnings)), "stage"
        )
    if work.stage != "reference" and restorer is None:
        with clock("open model"):
            restorer = open_restorer(options)
    picture = _reference(file, codec, clock)
    warnings = [*options.unused(options.stage), *work.warnings, *([] if file.complete else [INCOMPLETE])]
    result = UnpackResult(picture, file, work.stage, clock.seconds, {}, warnings, options.blind)
    if watcher.on_picture is not None and not options.blind:
        watcher.on_picture("reference", np.asarray(picture))
    if work.stage != "reference" and restorer is not None:
        with clock("restore"):
            _restore(result, work.objects, restorer, watcher)
    if result.record:
        result.picture = marked(result.picture)
        result.picture.info["xmp"] = xmp_of(data, result)
    result.picture.info |= {"sedic": result.file, "sedic_stage": result.stage, "sedic_restored_by": result.record}
    return result


def _reference(file: SedicFile, codec: GuardedCodec | None, clock: Clock) -> Image.Image:
    """The reference picture; without a codec one grey of its size, which stands for a latent that is not looked at."""
    if codec is None:
        return Image.new("RGB", (file.width, file.height), (NEUTRAL,) * 3)
    with clock("entropy"):
        latent = codec.decode(file)
    with clock("synthesis"):
        return paint_reference(file, latent)


def _restore(result: UnpackResult, parts: tuple[SedicObject, ...], restorer: Restorer, watcher: Watcher) -> None:
    """Replace the result's reference picture by the restored one; `parts`: the objects that get a stage of their own."""
    file, objects_only = result.file, result.stage == "objects"
    objects = tuple(
        ObjectToRestore(o.text, upscale(o.mask.cells, o.mask.scale, file.width, file.height)) for o in parts
    )
    reference = np.asarray(result.picture)
    request = RestoreRequest(
        reference, file.text, objects, file.seed, objects_only, watcher.on_step, watcher.on_picture
    )  # fmt: skip
    restored = guarded_restorer(restorer).restore(request)
    result.picture, result.record = Image.fromarray(restored.picture), dict(restored.record)
    result.warnings += restored.warnings
