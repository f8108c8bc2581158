"""Pack or unpack all of a folder: what the two have of their own, the rest being jobs.py, journal.py and run.py."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sedicfmt.batch.decided_by import options_digest, pack_decided_by, unpack_decided_by
from sedicfmt.batch.jobs import PICTURES, Job, Plan, plan
from sedicfmt.batch.journal import Journal
from sedicfmt.batch.run import Outcome, Run
from sedicfmt.batch.workers import Convert, Elsewhere, Made, converted
from sedicfmt.limits import MAX_FILE_BYTES, MAX_PICTURE_BYTES
from sedicfmt.pipeline.clock import OnStage
from sedicfmt.pipeline.pack import open_back_ends, pack_picture
from sedicfmt.pipeline.pack_options import PackOptions
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
    elsewhere = where.elsewhere(options.restoring.device)
    opener = Unpacker(options, written) if elsewhere else Unpacker(options, written, watcher)
    found, digest = plan(sources, out, (".sedic",), written.suffix), options_digest(unpack_decided_by(options, written))
    with Journal(out, "sedic-unpack") as journal:
        run = Run(journal, digest, opener, MAX_FILE_BYTES, overwrite, elsewhere, (".sedic",), ".png")
        yield Batch(found, run.outcomes(found.jobs))
