"""What a latent codec gives, looked at where it enters (guard.py says what happens then).

The classes here stand around one codec, its encoder of a picture, and what it decoded. A decoder may say that the file is
broken; an encoder may not, for it was given none.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

from sedicfmt.guard import Guard, a, brief, ours, read_only
from sedicfmt.latents.interfaces import CodedLatent, DecodedLatent, FileSize, LatentCodec, LatentEncoder
from sedicfmt.limits import MAX_SEGMENT_BYTES
from sedicfmt.model import Extension, SedicFile
from sedicfmt.picture import Picture

DIGEST = re.compile("[0-9a-f]{64}")
MOST_SCALE = 32  # sixteenths (L-1)
PRIVATE_TYPES = range(96, 128)  # of extensions (C-15)


class GuardedCodec:
    """A latent codec, guarded."""

    def __init__(self, inner: LatentCodec, guard: Guard):
        self.inner, self.guard = inner, guard
        with guard.at_work():
            guard.require(callable(getattr(inner, "encoder", None)), "has no method encoder")
            model_id = inner.model_id
            guard.require(type(model_id) is int, f"has {brief(model_id)} for model_id, which is a whole number")
            self.model_id = model_id
            self.name = guard.text(inner.name, "name", 200)
            self.licence = guard.text(inner.licence, "licence", 1000)

    def encoder(self, picture: Picture, refine: bool = False) -> LatentEncoder:
        """The encoder of a picture, guarded. Raises BackendFailed, LimitExceeded, what else it may."""
        guard = replace(self.guard, decodes=False)
        with guard.at_work():
            return GuardedEncoder(self.inner.encoder(read_only(picture), refine), guard)

    def decode(self, file: SedicFile) -> DecodedLatent:
        """The file's z and y, guarded. Raises Malformed and the like, BackendFailed, LimitExceeded."""
        with self.guard.at_work():
            return GuardedLatent(self.inner.decode(file), file, self.guard)


class GuardedEncoder:
    """An encoder of one picture, guarded."""

    def __init__(self, inner: LatentEncoder, guard: Guard):
        for method in ("usual", "best", "smallest"):
            guard.require(callable(getattr(inner, method, None)), f"has no method {method} in its encoder, {a(inner)}")
        self.inner, self.guard = inner, guard
        self.least_scale = self._scale(inner.least_scale, "least_scale")

    def usual(self) -> CodedLatent:
        """What is written without a budget."""
        with self.guard.at_work():
            return self._checked(self.inner.usual())

    def smallest(self) -> CodedLatent:
        """The one of the fewest bytes."""
        with self.guard.at_work():
            return self._checked(self.inner.smallest())

    def best(self, size: FileSize, most_bytes: int, least_scale: int) -> CodedLatent | None:
        """The latent that `most_bytes` are best spent on, which it does fit in, or None."""
        with self.guard.at_work():
            found = self.inner.best(lambda latent: ours(size)(self._checked(latent)), most_bytes, least_scale)
            if found is None:
                return None
            checked = self._checked(found)
            needed = size(checked)
            self.guard.require(needed <= most_bytes, f"made a file of {needed} bytes; the budget is {most_bytes}")
            return checked

    def _checked(self, latent: Any) -> CodedLatent:
        guard = self.guard
        guard.require(isinstance(latent, CodedLatent), f"gave {a(latent)}, not a CodedLatent")
        self._scale(latent.scale, "scale")
        for name in ("z", "y"):
            payload = getattr(latent, name)
            guard.require(isinstance(payload, bytes), f"gave {a(payload)} for {name}, which is bytes")
            told = f"gave {len(payload)} bytes for {name}; a segment has at most {MAX_SEGMENT_BYTES}"
            guard.require(len(payload) <= MAX_SEGMENT_BYTES, told)
        guard.require(isinstance(latent.settings, dict), f"gave {a(latent.settings)} for settings, which is a dict")
        json.dumps(latent.settings)  # they go into the report
        checked: CodedLatent = replace(latent, extensions=self._extensions(latent.extensions))
        return checked

    def _extensions(self, given: Any) -> tuple[Extension, ...]:
        """Those for private use alone, of which a reader may know nothing: it reads the file in any case (C-15)."""
        guard, extensions = self.guard, self.guard.sequence(given, "extensions")
        for one in extensions:
            guard.require(isinstance(one, Extension), f"gave {a(one)} as an extension")
            fits = type(one.type) is int and one.type in PRIVATE_TYPES and one.critical is False
            guard.require(fits and isinstance(one.payload, bytes), f"gave {brief(one)} as an extension: types "
                          f"{PRIVATE_TYPES[0]} to {PRIVATE_TYPES[-1]}, not critical, of bytes")  # fmt: skip
        types = [one.type for one in extensions]
        guard.require(types == sorted(set(types)), "gave extensions whose types do not rise")
        return extensions

    def _scale(self, scale: Any, place: str) -> int:
        fits = type(scale) is int and 1 <= scale <= MOST_SCALE
        self.guard.require(fits, f"gave {brief(scale)} for {place}, sixteenths from 1 to {MOST_SCALE}")
        return int(scale)


class GuardedLatent:
    """A decoded latent, guarded."""

    def __init__(self, inner: DecodedLatent, file: SedicFile, guard: Guard):
        for method in ("digests", "paint"):
            guard.require(
                callable(getattr(inner, method, None)), f"has no method {method} in what it decoded, {a(inner)}"
            )
        self.inner, self.guard, self.size = inner, guard, file.coded_size

    def digests(self) -> dict[str, str]:
        """Of "z" and "y"."""
        with self.guard.at_work():
            told = self.inner.digests()
            fits = isinstance(told, dict) and all(isinstance(v, str) and DIGEST.fullmatch(v) for v in told.values())
            self.guard.require(fits and set(told) == {"z", "y"}, f"gave {brief(told)} for the digests of z and y")
            return told

    def paint(self) -> Picture:
        """The picture that the latent shows."""
        width, height = self.size
        with self.guard.at_work():
            return self.guard.array(self.inner.paint(), "the picture", (height, width, 3))
