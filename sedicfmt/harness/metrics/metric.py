"""A metric: what it is called, whose it is, how it is applied. Figures of two protocols never share a name.

Three kinds: of a picture beside its photo, of a picture alone, of all pictures of a point beside all photos. One that lacks
its package or its weights says what it needs; the others run, and the report has a gap with those words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import sedicfmt.evaluation
from sedicfmt.errors import EncodeError, MissingDependency
from sedicfmt.harness.cache import digest_of, digest_of_path
from sedicfmt.picture import Picture

PAIR, ALONE, ALL = "pair", "alone", "all"


@dataclass(frozen=True)
class Weights:
    """Folders in which files of weights are looked for, in order: `--weights`, then SEDIC_WEIGHTS."""

    folders: Sequence[Path] = ()

    def find(self, name: str, where_from: str) -> Path:
        """The file or folder of that name. Raises MissingDependency, saying where to put it."""
        for folder in self.folders:
            if (folder / name).exists():
                return folder / name
        places = " or ".join(map(str, self.folders)) or "a folder and name it by --weights"
        raise MissingDependency(f"needs {name} ({where_from}); put it into {places}")


OfPair = Callable[[Picture, Picture], float]
OfAlone = Callable[[Picture], float]


class OfAll:
    """A metric of sets: the photos are looked at once, then each set of pictures beside them."""

    def value(self, photos: Sequence[Path], pictures: Sequence[Path]) -> dict[str, Any]:
        """{"value": a figure, …what else is to be told, such as how many patches}. Raises SedicError."""
        raise NotImplementedError


@dataclass(frozen=True)
class Metric:
    """`title`: with its unit; `form`: how a figure is written; `packages`: those whose versions decide; `backbone`: the
    network, or ""; `protocol`: all else that somebody must do alike to compare; `weights`: the file that `open` asks for.

    `open` gives an OfPair, OfAlone or OfAll, by `kind`. It raises MissingDependency for what lacks.
    """

    name: str
    title: str
    higher_is_better: bool
    form: str
    kind: str
    packages: tuple[str, ...]
    backbone: str
    protocol: str
    open: Callable[[Weights], Any] = field(repr=False)
    weights: str = ""

    @property
    def library(self) -> str:
        """Packages with their versions."""
        return ", ".join(f"{package} {version_of(package)}" for package in self.packages)

    def identity(self, weights: Weights) -> dict[str, str]:
        """All that decides a figure beside the pictures. Raises MissingDependency as `Weights.find`."""
        found = {"metric": self.name, "library": self.library, "backbone": self.backbone, "protocol": self.protocol}
        if self.weights:
            found["weights"] = digest_of_path(weights.find(self.weights, self.backbone))
        return found | {"code": code_digest()}


def version_of(package: str) -> str:
    """An installed package's version; "(not installed)" without it."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "(not installed)"


@cache
def code_digest() -> str:
    """Of what computes the figures: a changed line measures anew."""
    folders = [Path(place) for place in sedicfmt.evaluation.__path__] + [Path(__file__).parent]
    files = sorted(file for folder in folders for file in folder.glob("*.py"))
    return digest_of([[file.name, digest_of_path(file)] for file in files])[:16]


def metrics_named(names: Sequence[str], known: Sequence[Metric]) -> list[Metric]:
    """The metrics of these names, in the table's order. Raises EncodeError for an unknown one."""
    table = {metric.name: metric for metric in known}
    for name in names:
        if name not in table:
            raise EncodeError(f"no metric {name!r}; there are {', '.join(table)}", "metrics")
    return [metric for metric in known if metric.name in names]
