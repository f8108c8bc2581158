"""What every stage of the restoring loop does: its noise, its control picture, its steps, and the way back to pixels.

the reference I_0 --epsilon--> latent0          without a reference: one grey in its place
cf_j               the picture so far, as the denoiser takes it
z_t -> z_{t_next}  one step: both sides of classifier-free guidance in one batch, then the sampler
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from sedicfmt.decoders.interfaces import Array, EncodedTexts, RestorationModel, RestoreRequest
from sedicfmt.decoders.orag.arrays import library, put
from sedicfmt.decoders.orag.colour_correction import CORRECTIONS
from sedicfmt.decoders.orag.noise import noise_within, step_stream
from sedicfmt.decoders.orag.picture_array import to_array, to_picture
from sedicfmt.decoders.orag.presets import NEUTRAL
from sedicfmt.decoders.orag.settings import OragSettings
from sedicfmt.decoders.orag.windows import Window, whole
from sedicfmt.errors import LimitExceeded
from sedicfmt.networks.failures import finite
from sedicfmt.picture import Picture


class Step(NamedTuple):
    """One step of a stage: its number from 1, t, the t it leads to (-1: the clean latent), and the sampler's fresh noise."""

    number: int
    t: int
    t_next: int
    noise: Array | None


class StageParts:
    """One picture's model, settings and reference."""

    texts: EncodedTexts

    def __init__(
        self, model: RestorationModel, settings: OragSettings, request: RestoreRequest, field: Window | None = None
    ):
        """`field`: the part of the picture that is looked at, in pixels; None: all of it.

        Raises LimitExceeded for more than the model may be given at once.
        """
        self.model, self.s, self.request = model, settings, request
        self.field = field or whole(*request.reference.shape[:2])
        shown = request.reference[self.field.slices]
        self.shown = shown if settings.use_reference else neutral(shown)
        self.height, self.width = self.shown.shape[:2]
        if model.most_pixels is not None and self.height * self.width > model.most_pixels:
            size = f"{self.width}x{self.height} pixels"
            raise LimitExceeded(
                f"{size} are more than {model.name} restores in reasonable memory; try --stage reference"
            )
        self.reference = to_array(self.shown, model)
        self.latent0 = model.space.encode(self.reference)
        self._last: tuple[int, Array] | None = None

    def noise(self, stage: int) -> Array:
        """The seed's noise that a stage starts from, of the latent's shape; one for all where the settings share it."""
        return self._drawn(0 if self.s.shared_noise else stage)

    def walk(self, times: list[int], stage: int) -> Iterator[Step]:
        """The steps of a stage, with fresh noise where the sampler adds some; the last one gives the clean latent."""
        for i, (t, t_next) in enumerate(zip(times, [*times[1:], -1], strict=True)):
            fresh = self.s.sampler == "ancestral" and t_next >= 0
            drawn = self._drawn(step_stream(0 if self.s.shared_noise else stage, i)) if fresh else None
            yield Step(i + 1, t, t_next, drawn)

    def _drawn(self, stream: int) -> Array:
        """Noise of the whole latent's shape, as much of it as stands in the field; the last is kept: stages may share it."""
        if self._last is None or self._last[0] != stream:
            self._last = stream, self._draw(stream)
        return self._last[1]

    def _draw(self, stream: int) -> Array:
        patch, multiple, (batch, channels, rows, columns) = self.patch, self.model.space.multiple, self.latent0.shape
        height, width = (-(-side // multiple) * multiple // patch for side in self.request.reference.shape[:2])
        top, left = self.field.top // patch, self.field.left // patch
        part = slice(top, top + rows), slice(left, left + columns)
        return put(noise_within(self.request.seed, stream, (batch, channels, height, width), *part), self.model)

    @property
    def patch(self) -> int:
        """Pixels a side of a latent's position."""
        return int(self.reference.shape[2] // self.latent0.shape[2])

    def denoised(self, z: Array, step: Step, text: int, control: Array, cfg: float, stage: str) -> Array:
        """One step with classifier-free guidance; conditional and unconditional sides are one batch."""
        rows = [text] if cfg == 1 else [text, -1]
        xp = library(z)
        embedding = xp.concatenate([self.texts.embedding[row : row + 1 or None] for row in rows])
        both = xp.broadcast_to(z, (len(rows), *z.shape[1:]))
        prediction = self.model.denoiser.predict(both, step.t, embedding, control)
        if cfg != 1:
            with_text, without = prediction[:1], prediction[1:]
            prediction = without + cfg * (with_text - without)
        moved = self.model.scheduler.step(z, prediction, step.t, step.t_next, step.noise)
        return finite(moved, f"{stage}, step {step.number}")

    def control(self, latent: Array) -> Array:
        """cf_j of the picture that `latent` is, in the form the denoiser takes."""
        if self.model.denoiser.control_kind == "picture":
            return self.pixels(latent)
        if latent is self.latent0 or not self.s.round_trip:
            return latent
        return self.model.space.encode(self.pixels(latent))

    def pixels(self, latent: Array) -> Array:
        """I_j: D(latent) within the range of pictures; the reference itself where `latent` is its own."""
        if latent is self.latent0:
            return self.reference
        picture = self.model.space.decode(latent)
        return library(picture).clip(picture, -1, 1)

    def picture(self, latent: Array, colour: str = "none", detail: float = 1) -> Picture:
        """D(latent), corrected in colour, with a share of its detail, as uint8 (h, w, 3)."""
        image = CORRECTIONS[colour](self.model.space.decode(latent), self.reference)
        image = image if detail == 1 else self.reference + detail * (image - self.reference)
        return to_picture(finite(image, "the decoded picture"), self.height, self.width)


def neutral(like: Picture) -> Picture:
    """A picture of one grey, of the size of `like`."""
    return np.full_like(like, NEUTRAL)
