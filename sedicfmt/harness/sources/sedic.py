"""`.sedic` files, by sedic-pack and sedic-unpack with any of their options: one process for all pictures of a point, so that
models are opened once. Seconds are each picture's own, as the tools tell them; the peak is the whole process's.

What has only to be decoded otherwise is not packed again: files are kept by the options of sedic-pack alone.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import sedic_tables
import sedicfmt
from sedicfmt.back_ends import package_of
from sedicfmt.decoders.registry import RESTORERS
from sedicfmt.encoders.objects.registry_objects import GROUNDERS, SEGMENTERS
from sedicfmt.encoders.registry import DESCRIBERS
from sedicfmt.errors import BackendFailed, BackendUnavailable, EncodeError, LimitExceeded, MissingDependency, SedicError
from sedicfmt.harness.cache import Key, digest_of, digest_of_path
from sedicfmt.harness.measured_process import Ended, run_metered
from sedicfmt.harness.prepare import Photo
from sedicfmt.harness.sources.source import BPP, BYTES, FILE, PICTURE, Coded, Point, Workshop, within, without_folders
from sedicfmt.installing import install_whole
from sedicfmt.latents.registry import CODECS
from sedicfmt.pipeline.report import report_bytes

NOT_OURS = (
    "--max-bytes",
    "--target-bpp",
    "--json",
    "-o",
    "--output",
    "--overwrite",
    "--jobs",
    "--ray",
    "--save-stages",
)
NOT_DECIDING = {"evaluation", "training", "batch", "harness", "__pycache__"}  # folders of the package
STATUS_OVER_LIMIT, STATUS_CONCERNS_ALL = LimitExceeded.exit_code, BackendUnavailable.exit_code


@dataclass
class Sedic:
    """`pack`, `unpack`: options of the two commands, as they stand on a command line; a point's budget is set beside them."""

    name: str
    points: Sequence[Point]
    pack: Sequence[str] = ()
    unpack: Sequence[str] = ()
    note: str = ""

    @property
    def made(self) -> str:
        """Both commands, and the digest of the package's code, tables and weights."""
        commands = [("sedic-pack", *self.pack), ("sedic-unpack", *self.unpack)]
        told = without_folders("; ".join(map(shlex.join, commands)))
        return f"{told}; sedicfmt {metadata.version('sedicfmt')}, package digest {made_by()['digest']}"

    def check(self) -> None:
        """Raises EncodeError for options that the harness sets itself, MissingDependency where the commands are not there."""
        for option in (*self.pack, *self.unpack):
            if option.partition("=")[0] in NOT_OURS:
                raise EncodeError(f"{option} is the harness's own to set", self.name)
        if find_spec("sedic_tools") is None:
            raise MissingDependency(f"no sedic-pack and sedic-unpack: {install_whole()}")

    def encoding(self, point: Point) -> Key:
        """The options, the files that they name, the package's code, tables and weights, other packages' back ends."""
        return {"tool": "sedic-pack", "options": named_files(self.pack), "point": str(point), **made_by()}

    def decoding(self, point: Point) -> Key:
        """As `encoding`."""
        return {"tool": "sedic-unpack", "options": named_files(self.unpack), **made_by()}

    def encode(self, wanted: Sequence[tuple[Photo, Key]], point: Point, shop: Workshop) -> None:
        """As `Source` has it."""
        rate = {BYTES: "--max-bytes", BPP: "--target-bpp"}.get(point.kind)
        options = [*self.pack, *([rate, f"{point.value:g}"] if rate else str(point.value).split())]
        with folders(shop) as (given, made):
            for photo, _ in wanted:
                link(photo.path, given / f"{photo.name}.png")

            def keep(photo: Photo, key: Key, told: dict[str, Any], path: Path) -> None:
                within(path.stat().st_size, photo, point, self.name)
                shop.done(photo, shop.cache.keep(key, told | {"parts": parts_of(path.read_bytes())}, {FILE: path}))

            work = {f"{photo.name}.png": (photo, key) for photo, key in wanted}
            run_tool("sedic-pack", given, made, options, work, shop, keep)

    def decode(self, wanted: Sequence[tuple[Coded, Key]], point: Point, shop: Workshop) -> None:
        """As `Source` has it."""
        with folders(shop) as (given, made):
            for coded, _ in wanted:
                link(coded.file, given / f"{coded.photo.name}.sedic")

            def keep(photo: Photo, key: Key, told: dict[str, Any], path: Path) -> None:
                shop.done(photo, shop.cache.keep(key, told, {PICTURE: path}))

            work = {f"{coded.photo.name}.sedic": (coded.photo, key) for coded, key in wanted}
            run_tool("sedic-unpack", given, made, list(self.unpack), work, shop, keep)


def parts_of(data: bytes) -> dict[str, int]:
    """Bytes of each kind of segment, and of what is around them."""
    told = report_bytes(data)
    parts = {"frame": told["overhead_bytes"]}
    for segment in told["segments"]:
        parts[segment["kind"]] = parts.get(segment["kind"], 0) + segment["bytes"]
    return parts


Keep = Callable[[Photo, Key, dict[str, Any], Path], None]


def run_tool(
    tool: str,
    given: Path,
    made: Path,
    options: Sequence[str],
    work: dict[str, tuple[Photo, Key]],
    shop: Workshop,
    keep: Keep,
) -> None:
    """Run a tool on a folder; each picture is kept when its line comes, so that a run that is killed loses one at most.

    Raises BackendUnavailable for what concerns all pictures, BackendFailed where the tool itself fails.
    """
    batch = digest_of([tool, *(key for _, key in work.values())])[:16]
    left = dict(work)

    def take(line: str) -> None:
        told = json.loads(line)
        name = Path(told["input"]).name if "input" in told else ""
        if name in left:
            photo, key = left.pop(name)
            _take_one(told, photo, key, batch, shop, keep, tool)

    jobs = ["--jobs", str(shop.jobs)] if shop.jobs > 1 else []
    jobs += [f"--ray={shop.ray}" if shop.ray else "--ray"] if shop.ray is not None else []
    command = [sys.executable, "-m", f"sedic_tools.commands.{tool.removeprefix('sedic-')}"]
    ended = run_metered([*command, str(given), "-o", str(made), "--json", *jobs, *options], take)
    shop.cache.keep({"stage": "batch", "id": batch}, {"process_seconds": ended.seconds, "peak_bytes": ended.peak})
    if left:
        raise _reason(tool, ended)


def _take_one(told: dict[str, Any], photo: Photo, key: Key, batch: str, shop: Workshop, keep: Keep, tool: str) -> None:
    """One line of a tool's JSON."""
    if told["status"] == "failed":
        error = told["error"]
        if error["exit_code"] == STATUS_OVER_LIMIT and tool == "sedic-pack":
            shop.done(photo, shop.cache.keep(key, {"nothing": error["message"]}))
        else:
            shop.failed(photo, BackendFailed(error["message"]))
        return
    kept = {"stages": told.get("seconds", {}), "batch": batch}
    kept |= {name: told[name] for name in ("restored_by", "warnings") if told.get(name)}
    try:
        keep(photo, key, kept, Path(told["output"]))
    except SedicError as error:
        shop.failed(photo, error)


def _reason(tool: str, ended: Ended) -> SedicError:
    lines = [line for line in ended.complaint.splitlines() if " made, " not in line] or ["no word of why"]
    kind = BackendUnavailable if ended.exit_code == STATUS_CONCERNS_ALL else BackendFailed
    return kind(f"{tool} gave {ended.exit_code}: {lines[-1]}")


@contextmanager
def folders(shop: Workshop) -> Iterator[tuple[Path, Path]]:
    """A folder for what a tool is given and one for what it makes, both gone afterwards."""
    work = Path(tempfile.mkdtemp(dir=shop.folder))
    (work / "given").mkdir()
    try:
        yield work / "given", work / "made"
    finally:
        shutil.rmtree(work, ignore_errors=True)


def link(source: Path, name: Path) -> None:
    """The file under another name; a copy where the file system has no links."""
    try:
        os.link(source, name)
    except OSError:
        shutil.copyfile(source, name)


def named_files(options: Sequence[str]) -> list[Any]:
    """Options, with the digest of each file or folder that one names: `annotations:FILE`, `diffusers:FOLDER,FOLDER`,
    `compressai:ARCHITECTURE@FILE`."""
    found: list[Any] = []
    for option in options:
        value = option.partition("=")[2] if option.startswith("--") else option
        named = value.partition(":")[2]
        names = [value, *named.split(","), named.partition("@")[2]]
        there = [Path(name) for name in names if name and Path(name).exists()]
        found.append([option, *(digest_of_path(path) for path in there)] if there else option)
    return found


@cache
def made_by() -> dict[str, Any]:
    """The package's own code, tables and weights by a digest; versions of what computes; other packages' back ends."""
    tables = (DESCRIBERS, GROUNDERS, SEGMENTERS, CODECS, RESTORERS)
    outside = sorted({package_of(entry) for table in tables for entry in table.installed().values()})
    return {"sedicfmt": metadata.version("sedicfmt"), "digest": package_digest(), "with": versions(), "others": outside}


def versions() -> dict[str, str]:
    """Of the libraries that have a hand in what is computed, where they are installed."""
    found = {}
    for name in ("numpy", "pillow", "torch", "diffusers", "transformers", "onnxruntime", "compressai"):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def package_digest() -> str:
    """SHA-256 over the package's files that the two commands may use: a change of code, tables or weights gives another."""
    roots = [Path(place) for package in (sedicfmt, sedic_tables) for place in package.__path__]
    files = [(root, file) for root in roots for file in sorted(root.rglob("*")) if file.is_file()]
    used = [(root, file) for root, file in files if not NOT_DECIDING & set(file.relative_to(root).parts)]
    return digest_of([[file.relative_to(root).as_posix(), digest_of_path(file)] for root, file in used])[:16]
