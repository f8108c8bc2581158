"""Figures of pictures, from the cache where they are there: a key is the two pictures' digests and the metric's identity."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import fmean
from threading import Lock
from typing import Any

from sedicfmt.errors import EncodeError, MissingDependency, SedicError
from sedicfmt.evaluation.metrics import load_picture
from sedicfmt.harness.cache import Cache, Key, digest_of, digest_of_path
from sedicfmt.harness.metrics.metric import ALL, ALONE, PAIR, Metric, Weights
from sedicfmt.harness.prepare import Photo
from sedicfmt.harness.results import Row, Summary


@dataclass
class Measurer:
    """Opens each metric at its first use, once. `gaps`: metric -> what it lacks."""

    metrics: Sequence[Metric]
    weights: Weights
    cache: Cache
    say: Callable[[str], None] = lambda line: None
    gaps: dict[str, str] = field(default_factory=dict)
    opened: dict[str, Any] = field(default_factory=dict)
    identities: dict[str, Key] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def row(self, row: Row) -> None:
        """The figures of a picture; a figure that this picture cannot have is a gap of its row."""
        assert row.picture is not None
        photo, picture = digest_of_path(row.photo.path), digest_of_path(row.picture)
        for metric in self.metrics:
            if metric.kind != ALL:
                of = [photo, picture] if metric.kind == PAIR else [picture]
                paths = [row.photo.path, row.picture] if metric.kind == PAIR else [row.picture]
                found = self._figure(metric, of, partial(applied, paths))
                row.values |= {metric.name: found["value"]} if "value" in found else {}
                row.gaps |= {metric.name: found["gap"]} if "gap" in found else {}

    def own(self, photos: Sequence[Photo]) -> dict[str, float]:
        """The photos' own means of the metrics that look at a picture alone, where all have one."""
        means = {}
        for metric in self.metrics:
            if metric.kind == ALONE:
                found = [self._figure(metric, [digest_of_path(p.path)], partial(applied, [p.path])) for p in photos]
                if all("value" in one for one in found):
                    means[metric.name] = fmean(one["value"] for one in found)
        return means

    def whole(self, summary: Summary, photos: Sequence[Path], pictures: Sequence[Path]) -> None:
        """The figures of a point's pictures together."""
        for metric in self.metrics:
            if metric.kind == ALL:
                of = [digest_of([digest_of_path(path) for path in paths]) for paths in (photos, pictures)]
                found = self._figure(metric, of, lambda apply: apply.value(photos, pictures))
                summary.whole[metric.name] = found
                summary.values |= {metric.name: found["value"]} if "value" in found else {}

    def _figure(self, metric: Metric, of: Sequence[str], compute: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
        """{"value": …} or {"gap": why}; empty where the metric lacks something."""
        if metric.name in self.gaps:
            return {}
        try:
            with self.lock:
                if metric.name not in self.identities:
                    self.identities[metric.name] = metric.identity(self.weights)
            key = {"stage": "measure", "of": of, "by": self.identities[metric.name]}
            entry = self.cache.find(key)
            return entry.told if entry else self.cache.keep(key, self._computed(metric, compute)).told
        except MissingDependency as missing:
            with self.lock:
                if metric.name not in self.gaps:
                    self.gaps[metric.name] = str(missing)
                    self.say(f"{metric.title}: {missing}")
        except SedicError as error:
            return {"gap": str(error)}
        except Exception as error:  # a library's own: a gap, and not kept; the other metrics run
            self.say(f"{metric.title}: {type(error).__name__}: {error}")
            return {"gap": f"{type(error).__name__}: {error}"}
        return {}

    def _computed(self, metric: Metric, compute: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
        with self.lock:
            if metric.name not in self.opened:
                self.opened[metric.name] = metric.open(self.weights)
        try:
            return compute(self.opened[metric.name])
        except EncodeError as error:  # of this picture: too small, too flat
            return {"gap": str(error)}


def applied(paths: Sequence[Path], apply: Callable[..., float]) -> dict[str, Any]:
    """A figure of the pictures in these files."""
    return {"value": float(apply(*map(load_picture, paths)))}
