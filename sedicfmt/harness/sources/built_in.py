"""The built-in codecs (evaluation/codecs.py), each file and each picture by a process of its own (coding_process.py).

A point in bytes or bits a pixel is searched for: the finest quality whose file fits, at the full size or, with
`scales = "best"`, at that scale of a ladder whose picture is nearest to the photo (evaluation/classical.py). A setting is the
codec's own quality.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sedicfmt.errors import BackendFailed, EncodeError
from sedicfmt.evaluation import classical
from sedicfmt.evaluation.codecs import Codec, codec_named, made_by
from sedicfmt.harness.cache import Entry, Key
from sedicfmt.harness.measured_process import Ended, run_metered
from sedicfmt.harness.prepare import Photo
from sedicfmt.harness.sources.source import FILE, PICTURE, SETTING, Coded, OneByOne, Point, Workshop, within

FULL, BEST = "full", "best"
EXIT_NOTHING = 7  # errors.py's for what is over a limit


@dataclass
class BuiltIn(OneByOne):
    """`codec`: a name that `codec_named` knows; `scales`: "full" or "best"."""

    name: str = ""
    codec: str = ""
    scales: str = FULL

    @property
    def note(self) -> str:
        told = [self._codec.note, "the size to scale up to is not paid for" if self.scales == BEST else ""]
        return "; ".join(filter(None, told))

    @property
    def made(self) -> str:
        """The library and its options."""
        codec = self._codec
        options = ", ".join(f"{name} {value}" for name, value in codec.options.items())
        scaled = "at the scale nearest to the photo" if self.scales == BEST else "full size"
        return "; ".join(filter(None, [made_by(codec), options, scaled]))

    @property
    def _codec(self) -> Codec:
        return codec_named(self.codec)

    def check(self) -> None:
        """Raises EncodeError for an unknown codec or setting, MissingDependency where it is not installed."""
        if self.scales not in (FULL, BEST):
            raise EncodeError(f"scales are {FULL} or {BEST}, not {self.scales!r}", self.name)
        known = {f"{quality:g}" for quality in self._codec.qualities}
        for point in self.points:
            if point.kind == SETTING and point.value not in known:
                told = f"{self.codec} has the qualities {', '.join(sorted(known, key=float))}, not {point.value}"
                raise EncodeError(told, self.name)
        made_by(self._codec)

    def encoding(self, point: Point) -> Key:
        """Library, options and scales."""
        codec = self._codec
        ladder = classical.LADDER if self.scales == BEST else "1"
        made = {"codec": self.codec, "by": made_by(codec), "options": dict(codec.options)}
        return {**made, "qualities": list(codec.qualities), "scales": ladder, "point": str(point)}

    def decoding(self, point: Point) -> Key:
        """The library; what it scales to is the picture's size."""
        return {"codec": self.codec, "by": made_by(self._codec), "options": dict(self._codec.options)}

    def encode_one(self, photo: Photo, key: Key, point: Point, shop: Workshop) -> Entry:
        """As `OneByOne` has it."""
        made = shop.folder / f"{photo.digest}.{FILE}"
        budget = point.budget(photo)
        rate = ["--quality", str(point.value)] if budget is None else ["--bytes", str(budget)]
        ended = run_metered(coding("encode", self.codec, *rate, "--scales", self.scales, photo.path, made))
        if ended.exit_code == EXIT_NOTHING:
            return shop.cache.keep(key, {"nothing": "no quality fits", **costs(ended)})
        told = json.loads(checked(ended, f"{self.name}, {photo.name}").out)
        within(made.stat().st_size, photo, point, self.name)
        return shop.cache.keep(key, {**told, **costs(ended)}, {FILE: made})

    def decode_one(self, coded: Coded, key: Key, point: Point, shop: Workshop) -> Entry:
        """As `OneByOne` has it."""
        photo, made = coded.photo, shop.folder / f"{coded.photo.digest}.png"
        command = coding("decode", self.codec, "--size", f"{photo.width}x{photo.height}", coded.file, made)
        ended = checked(run_metered(command), f"{self.name}, {photo.name}")
        return shop.cache.keep(key, costs(ended), {PICTURE: made})


def coding(what: str, codec: str, *arguments: object) -> Sequence[str]:
    """The command line of coding_process.py."""
    return [sys.executable, "-m", "sedicfmt.harness.coding_process", what, "--codec", codec, *map(str, arguments)]


def checked(ended: Ended, what: str) -> Ended:
    """Raises BackendFailed with the program's last line where it failed."""
    if ended.exit_code:
        last = ended.complaint.splitlines()[-1] if ended.complaint else "no word of why"
        raise BackendFailed(f"{what}: exit code {ended.exit_code}: {last}")
    return ended


def costs(ended: Ended) -> dict[str, Any]:
    """Wall seconds of the whole process, and its peak memory."""
    return {"process_seconds": round(ended.seconds, 4), "peak_bytes": ended.peak}
