"""Pack or unpack all of a folder: what the two have of their own, the rest being jobs.py, journal.py and run.py."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sedicfmt.back_ends import BackEnds
from sedicfmt.batch.jobs import PICTURES, Job, Plan, plan
from sedicfmt.batch.journal import Journal, sha256
from sedicfmt.batch.run import Outcome, Run
from sedicfmt.batch.workers import Convert, Elsewhere, Made, converted
from sedicfmt.decoders.registry import RESTORERS
from sedicfmt.encoders.objects.registry_objects import GROUNDERS, SEGMENTERS
from sedicfmt.encoders.registry import DESCRIBERS
from sedicfmt.limits import MAX_FILE_BYTES, MAX_PICTURE_BYTES
from sedicfmt.pipeline.clock import OnStage
from sedicfmt.pipeline.pack import open_back_ends, pack_picture
from sedicfmt.pipeline.pack_options import LLM_OPTIONS, PackOptions
from sedicfmt.pipeline.picture import open_picture
from sedicfmt.pipeline.unpack import UnpackOptions, Watcher, open_restorer, unpack_bytes
from sedicfmt.pipeline.written_picture import PictureFormat


def silent(stage: str) -> None:
    """Tells nobody: what other processes can be given."""


@dataclass(frozen=True)
class Where:
    """In which processes a folder is converted: this one, `jobs` of this machine, or `jobs` actors of a Ray cluster.

    `ray`: None for no cluster, "" for one that is started here, else its address.
    """

    jobs: int = 1
    ray: str | None = None

    def elsewhere(self, device: str) -> Elsewhere | None:
        """What converts in other processes; an actor has a GPU of its own where `device` asks for one."""
        if self.ray is not None:
            from sedicfmt.batch.ray_workers import converted_on_ray

            gpus = 1.0 if device.startswith("cuda") else 0.0
            return partial(converted_on_ray, actors=self.jobs, address=self.ray or None, gpus=gpus)
        return partial(converted, jobs=self.jobs) if self.jobs > 1 else None


HERE = Where()


@dataclass(frozen=True)
class Batch:
    """A folder's plan, and its outcomes as they come; what `Run.outcomes` raises ends them."""

    plan: Plan
    outcomes: Iterator[Outcome]


@dataclass(frozen=True)
class Packer:
    """Opens what packs pictures."""

    options: PackOptions
    on_stage: OnStage = silent

    def __call__(self) -> Convert:
        back_ends = open_back_ends(self.options)

        def convert(job: Job, data: bytes) -> Made:
            image = open_picture(data, job.name)
            result = pack_picture(image, self.options, str(job.source.absolute()), self.on_stage, back_ends)
            return Made(result.data, result.summary())

        return convert


@dataclass(frozen=True)
class Unpacker:
    """Opens what unpacks files."""

    options: UnpackOptions
    written: PictureFormat
    watcher: Watcher | None = None

    def __call__(self) -> Convert:
        restorer = open_restorer(self.options)

        def convert(job: Job, data: bytes) -> Made:
            result = unpack_bytes(data, self.options, self.watcher, restorer)
            return Made(self.written.write(data, result), result.summary())

        return convert


@contextmanager
def pack_folder(
    sources: Sequence[Path],
    out: Path,
    options: PackOptions,
    overwrite: bool = False,
    on_stage: OnStage = silent,
    where: Where = HERE,
) -> Iterator[Batch]:
    """The given files, and every picture in and below the given folders -> a .sedic file of its name in `out`.

    A tar shard becomes a shard. `where`: in which processes; `on_stage` is told of what is done here alone.
    Raises SedicError, OSError.
    """
    elsewhere = where.elsewhere(options.device)
    opener = Packer(options) if elsewhere else Packer(options, on_stage)
    found, digest = plan(sources, out, PICTURES, ".sedic"), options_digest(pack_decided_by(options))
    with Journal(out, "sedic-pack") as journal:
        run = Run(journal, digest, opener, MAX_PICTURE_BYTES, overwrite, elsewhere, PICTURES, ".sedic")
        yield Batch(found, run.outcomes(found.jobs))


@contextmanager
def unpack_folder(
    sources: Sequence[Path],
    out: Path,
    options: UnpackOptions,
    overwrite: bool = False,
    watcher: Watcher | None = None,
    written: PictureFormat | None = None,
    where: Where = HERE,
) -> Iterator[Batch]:
    """The given files, and every .sedic file in and below the given folders -> a picture of its name in `out`, a PNG unless
    `written` says otherwise.

    As `pack_folder`. Raises SedicError, OSError.
    """
    written = written or PictureFormat()
    chosen = asdict(options)
    chosen["restoring"].pop("device")
    chosen |= _packages((RESTORERS, options.restorer))
    chosen |= {} if written == PictureFormat() else {"written": asdict(written)}
    elsewhere = where.elsewhere(options.restoring.device)
    opener = Unpacker(options, written) if elsewhere else Unpacker(options, written, watcher)
    found, digest = plan(sources, out, (".sedic",), written.suffix), options_digest(chosen)
    with Journal(out, "sedic-unpack") as journal:
        run = Run(journal, digest, opener, MAX_FILE_BYTES, overwrite, elsewhere, (".sedic",), ".png")
        yield Batch(found, run.outcomes(found.jobs))


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


def pack_decided_by(options: PackOptions) -> dict[str, Any]:
    """All of `options` that decides a file: not the device, nor a preset's name, nor how long and how often a server is asked;
    of an address what is no secret.

    Of annotations the file's own bytes, not what it refers to; of models their names or paths. Raises SedicError, OSError.
    """
    chosen = {k: v for k, v in asdict(options).items() if k not in NOT_DECIDING}
    if options.says_nothing:
        return {name: value for name, value in chosen.items() if name not in SAYING}
    chosen |= _packages((DESCRIBERS, options.describe), (GROUNDERS, options.ground), (SEGMENTERS, options.segment))
    name, _, argument = options.describe.partition(":")
    if name == "annotations" and argument:
        chosen["annotations"] = sha256(Path(argument).read_bytes())
    if name == "openai":
        from sedicfmt.encoders.talk.describe_openai import open_openai
        from sedicfmt.encoders.talk.openai_settings import public_url

        settings = open_openai(argument or None, base_url=options.base_url).settings
        chosen |= {"asked_model": settings.model, "server": public_url(settings.base_url)}  # "model" is the latent's
    return chosen
