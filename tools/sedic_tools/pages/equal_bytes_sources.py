"""Where the pictures of `equal_bytes` come from: a classical codec with or without scaling down, or sedic-pack and -unpack.

A source has `wants`, the ways and budgets that it fills in the table; `key`, all that its pictures depend on beside the
photo; and `code`, which gives a photo's best file and picture for each of `wants`, None where nothing fits.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from importlib import metadata
from pathlib import Path
from typing import Any

import PIL

import sedic_tables
import sedicfmt
from sedicfmt.errors import BackendFailed, LimitExceeded, MissingDependency
from sedicfmt.evaluation import classical
from sedicfmt.evaluation.classical import Coded
from sedicfmt.evaluation.codecs import VERSIONS, Codec, made_by
from sedicfmt.evaluation.metrics import load_picture
from sedicfmt.harness.measured_process import BESIDE
from sedicfmt.installing import install_whole
from sedicfmt.picture import Picture

USED = {"metrics.py"}  # of evaluation: its PSNR chooses the coder
FULL = ", full size"
RESTORED, REFERENCE = ".sedic, restored", ".sedic, reference picture"
ALONE, REFINED = ".sedic, latent alone", ".sedic, latent alone, refined"
REFINED_AT = (1000, 2000)  # bytes: it takes its time
Want = tuple[str, int]  # a way and a budget in bytes
Found = Iterator[tuple[Want, Coded | None]]
Row = list[Any]  # bytes, scale, quality, then a figure for each measure


@dataclass(frozen=True)
class Classical:
    """A codec at the best scale a photo and at full size, for all budgets: they share encodings."""

    codec: Codec
    budgets: Sequence[int]

    @property
    def name(self) -> str:
        return self.codec.name

    @property
    def wants(self) -> list[Want]:
        return [(way, budget) for budget in self.budgets for way in (self.name, self.name + FULL)]

    @property
    def key(self) -> dict[str, Any]:
        """The library's version, its options, and the scales."""
        return {"made by": made_by(self.codec), **self.codec.options, "scales": classical.LADDER}

    def code(self, path: Path, photo: Picture, wants: Sequence[Want], known: Mapping[Want, Row]) -> Found:
        """`known`: what an earlier run found; made again without a search."""
        encoder = classical.Encoder(photo, self.codec)
        finest = {budget: row[2] for (way, budget), row in known.items() if way == self.name}
        for way, budget in wants:
            found: Coded | None = None
            if (way, budget) in known:
                _, scale, quality, *_ = known[way, budget]
                found = classical.code_once(photo, self.codec, Fraction(scale), quality)
            elif way == self.name:
                found = classical.best_under(photo, budget, self.codec, encoder=encoder)
                finest |= {budget: found.quality} if found else {}
            elif budget in finest:  # a large picture affords no finer quality than a small one did
                highest = self.codec.qualities.index(finest[budget])
                found = classical.fit_quality(encoder, budget, Fraction(1), highest)
            yield (way, budget), found


@dataclass(frozen=True)
class Sedic:
    """`sedic-pack` at one budget: with words and masks, decoded twice, and its latent alone, plain and refined."""

    budget: int
    model: str | None = None

    @property
    def name(self) -> str:
        return f".sedic at {self.budget:,} bytes"

    @property
    def wants(self) -> list[Want]:
        ways = (RESTORED, REFERENCE, ALONE, *([REFINED] if self.budget in REFINED_AT else []))
        return [(way, self.budget) for way in ways]

    @property
    def key(self) -> dict[str, Any]:
        """The code, tables and weights that a file and its picture depend on, and the AVIF library of model av1."""
        made = f"sedicfmt {metadata.version('sedicfmt')}, {VERSIONS['AVIF']()}, Pillow {PIL.__version__}"
        return {"made by": made, "digest": digest(), "model": self.model}

    def code(self, path: Path, photo: Picture, wants: Sequence[Want], known: Mapping[Want, Row]) -> Found:
        """Nothing known spares the commands: what they make is looked at again."""
        bare = ["--objects", "0", "--words-overall", "0"]
        for more, ways in (([], (RESTORED, REFERENCE)), (bare, (ALONE,)), ([*bare, "--refine"], (REFINED,))):
            if not {(way, self.budget) for way in ways} & set(wants):
                continue
            found = self.pictures(path, more, ways)
            yield from (((way, self.budget), found.get(way)) for way in ways)

    def pictures(self, path: Path, more: Sequence[str], ways: Sequence[str]) -> dict[str, Coded]:
        """Packed once, unpacked for each way, each in a process of its own; empty where nothing fits the budget."""
        with tempfile.TemporaryDirectory() as work:
            packed, unpacked = Path(work) / "x.sedic", Path(work) / "x.png"
            more = [*more, "--model", self.model] if self.model else more
            if not tool("pack", path, "-o", packed, "--max-bytes", self.budget, *more):
                return {}
            data, found = packed.read_bytes(), {}
            for way in ways:
                tool("unpack", packed, "-o", unpacked, *(["--stage", "reference"] if way != RESTORED else []))
                found[way] = Coded(way, Fraction(1), 0, data, load_picture(unpacked))
        return found


Source = Classical | Sedic


def tool(name: str, *arguments: object) -> bool:
    """Runs sedic-pack or sedic-unpack; False where the budget is too small, BackendFailed where it fails otherwise."""
    command = [str(BESIDE / f"sedic-{name}"), *map(str, arguments)]
    if not Path(command[0]).exists():
        raise MissingDependency(f"no sedic-{name} in {BESIDE}: {install_whole()}")
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode not in (0, LimitExceeded.exit_code):
        raise BackendFailed(f"sedic-{name} {command[1]} gave {done.returncode}: {done.stderr.strip()}")
    return done.returncode == 0


def digest() -> str:
    """SHA-256 over the package's files that the two commands may use: a change of code, tables or weights gives another."""
    total = hashlib.sha256()
    roots = [Path(p) for package in (sedicfmt, sedic_tables) for p in package.__path__]
    for root in roots:
        for file in sorted(root.rglob("*")):
            inside = file.relative_to(root)
            unused = {"evaluation", "training", "batch", "__pycache__"} & set(inside.parts) and file.name not in USED
            if file.is_file() and not unused:
                total.update(json.dumps([str(inside), hashlib.sha256(file.read_bytes()).hexdigest()]).encode())
    return total.hexdigest()[:16]
