"""What is to be measured, from a file of TOML: one file is one experiment, one command runs it.

    name = "Kodak, rate curves"
    pictures = "kodak"              # a folder or a tar shard; the command line's wins
    prepare = "kodak"               # as-is, clic768
    metrics = ["psnr", "lpips-alex", "dists"]
    anchor = "VVC"                  # BD-rates are against it

    [[source]]
    name = ".sedic"
    codec = "sedic"
    pack = "--describe offline"
    unpack = "--restorer nano"
    bytes = [500, 1000, 2000]       # or bpp = […], or settings = ["--preset tiny", …]

    [[source]]
    codec = "AVIF"                  # or another built-in one, or compressai:MODEL[:FOLDER]
    scales = "best"                 # or "full"
    bytes = [500, 1000, 2000]

    [[source]]
    name = "HiFiC"
    codec = "external"              # sources/external.py says the contract
    encode = "python compress.py {input} {file} {setting}"
    decode = "python decompress.py {file} {output}"
    settings = ["low", "med", "hi"]

    [[published]]
    name = "StableCodec"
    file = "stablecodec.csv"        # CSV or CompressAI's JSON, beside this file

Unknown names are errors: a misspelt option must not be silently the default.
"""

from __future__ import annotations

import shlex
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sedicfmt.errors import EncodeError
from sedicfmt.harness.metrics.metric import Metric, metrics_named
from sedicfmt.harness.metrics.table import METRICS, USUAL
from sedicfmt.harness.prepare import WAYS
from sedicfmt.harness.published import Published, read_published
from sedicfmt.harness.sources.built_in import FULL, BuiltIn
from sedicfmt.harness.sources.external import External
from sedicfmt.harness.sources.sedic import Sedic
from sedicfmt.harness.sources.source import SETTING, Point, Source, points_of


@dataclass(frozen=True)
class Experiment:
    """`every`: each so many pictures, from the first; `anchor`: the source that BD-rates are against, "" for none."""

    name: str
    pictures: Path
    sources: Sequence[Source]
    metrics: Sequence[Metric]
    prepare: str = "as-is"
    description: str = ""
    every: int = 1
    anchor: str = ""
    published: Sequence[Published] = field(default_factory=tuple)


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of an experiment's file; its name is the file's where it says none. Raises EncodeError, OSError."""
    try:
        return {"name": path.stem} | tomllib.loads(path.read_text())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise EncodeError(f"{path} is no TOML: {error}") from error


def experiment_of(given: Mapping[str, Any], folder: Path) -> Experiment:
    """The experiment that these tables say; files that they name lie in `folder`. Raises EncodeError, OSError."""
    refuse_unknown(given, TOP, "")
    if "pictures" not in given:
        raise EncodeError("name the folder of pictures", "pictures")
    sources = [source_of(table, f"source[{i}]", folder) for i, table in enumerate(given.get("source", ()))]
    published = [read_published(table, folder, f"published[{i}]") for i, table in enumerate(given.get("published", ()))]
    names = [source.name for source in sources] + [curve.name for curve in published]
    for name in names:
        if names.count(name) > 1:
            raise EncodeError(f"two sources are called {name!r}", "source")
    prepare, every, anchor = given.get("prepare", "as-is"), given.get("every", 1), given.get("anchor", "")
    if prepare not in WAYS:
        raise EncodeError(f"no way to prepare is called {prepare!r}; there are {', '.join(WAYS)}", "prepare")
    if not isinstance(every, int) or every < 1:
        raise EncodeError(f"{every!r} is no number of pictures", "every")
    if anchor and anchor not in names:
        raise EncodeError(f"no source is called {anchor!r}", "anchor")
    metrics = metrics_named(given.get("metrics", USUAL), METRICS)
    texts = (given.get("name", "measured"), Path(given["pictures"]), sources, metrics, prepare)
    return Experiment(*texts, given.get("description", ""), every, anchor, published)


def source_of(given: Mapping[str, Any], where: str, folder: Path) -> Source:
    """One source; what it names lies in `folder`. Raises EncodeError."""
    codec = given.get("codec")
    if not isinstance(codec, str) or not codec:
        raise EncodeError("name a codec: sedic, external, or a built-in one", f"{where}.codec")
    kind = codec if codec in KINDS else "built-in"
    refuse_unknown(given, KINDS[kind], where)
    points = points_of(dict(given), where)
    name = given.get("name", ".sedic" if kind == "sedic" else codec)
    if kind == "sedic":
        options = (words(given.get("pack", ""), f"{where}.pack"), words(given.get("unpack", ""), f"{where}.unpack"))
        return Sedic(name, points or (Point(SETTING, ""),), *options, given.get("note", ""))
    if kind == "external":
        if not points and "settings" not in given:
            points = (Point(SETTING, ""),)
        searched = any(point.kind != SETTING for point in points)
        settings = tuple(map(str, given.get("settings", ()))) if searched else ()
        kept = tuple(point for point in points if point.kind != SETTING) if searched else points
        place = str((folder / given["folder"]).resolve()) if "folder" in given else ""
        lines = (given.get("encode", ""), given.get("decode", ""), settings, place)
        return External(kept, name, *lines, str(given.get("version", "")), told=given.get("note", ""))
    if not points:
        raise EncodeError("give bytes, bpp or settings", where)
    return BuiltIn(points, name, codec, given.get("scales", FULL))


def words(given: Any, where: str) -> tuple[str, ...]:
    """Options of a command line, as one text or a list. Raises EncodeError."""
    try:
        return tuple(shlex.split(given)) if isinstance(given, str) else tuple(map(str, given))
    except (ValueError, TypeError) as error:
        raise EncodeError(f"no options of a command: {error}", where) from error


def refuse_unknown(given: Mapping[str, Any], known: Sequence[str], where: str) -> None:
    """Raises EncodeError for a name that means nothing."""
    for name in given:
        if name not in known:
            raise EncodeError(f"unknown {name!r}; known are {', '.join(known)}", where)


TOP = ("name", "description", "pictures", "prepare", "metrics", "every", "anchor", "source", "published")
RATES = ("bytes", "bpp", "settings")
KINDS = {
    "sedic": ("name", "codec", "pack", "unpack", "note", *RATES),
    "external": ("name", "codec", "encode", "decode", "folder", "version", "note", *RATES),
    "built-in": ("name", "codec", "scales", *RATES),
}
