"""ORAG, the restoring loop: Algorithm 1 of the paper with equations 2, 3 and 4, over any model.

    picture 0 = the reference
    for each object j:   z_T = noise; control = picture j; text = Text_d_j
        for t = T ... 0:   while t > T':  z <- z - eta grad E                    equations 2, 3
                           z_{t-1} = denoise(z, text, t, control)
                           z_{t-1} = M_j z_{t-1} + (1 - M_j) z_{j-1,t-1}         equation 4
        picture j+1 = z_0
    the whole:           z_T = start; control = picture J; text = Text_all; denoise to z_0
                         with `keep_objects` equation 4 here as well: where objects are, what their stages restored

Pictures between stages stay latents: cf_{j+1} = epsilon(D(z_{j,0})) is z_{j,0} but for what the autoencoder loses
(`round_trip` does it the paper's way). The texts are encoded once for all stages. What the settings vary: settings.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np

from sedicfmt.decoders.interfaces import (
    Array,
    EncodedTexts,
    ObjectToRestore,
    RestorationModel,
    Restored,
    RestoreRequest,
)
from sedicfmt.decoders.orag.arrays import fetch, library, put
from sedicfmt.decoders.orag.attention_guidance import InsideAt, guide, mask_on_grid, named_tokens
from sedicfmt.decoders.orag.colour_correction import low_frequencies
from sedicfmt.decoders.orag.record import restoring_record
from sedicfmt.decoders.orag.settings import OragSettings
from sedicfmt.decoders.orag.stage_parts import StageParts
from sedicfmt.decoders.orag.windows import Window, around, whole
from sedicfmt.networks.failures import finite


class Restoration(StageParts):
    """One picture's way through the stages, or that of a field of it."""

    def __init__(
        self, model: RestorationModel, settings: OragSettings, request: RestoreRequest, field: Window | None = None
    ):
        super().__init__(model, settings, request, field)
        self.object_times = model.scheduler.timesteps(settings.object_steps, settings.spacing)
        steps = round(settings.steps / settings.strength)
        self.times = model.scheduler.timesteps(steps, settings.spacing)[-settings.steps :]
        kept = request.objects[: settings.objects]
        self.numbers = [number for number, item in enumerate(kept, 1) if item.mask.any()]  # in the file, from 1
        self.objects = [kept[number - 1] for number in self.numbers]
        self.warnings = self.notes(len(kept))
        self.texts = self.encode_texts()

    def notes(self, kept: int) -> list[str]:
        """What the user has to be told of objects and settings."""
        empty = sorted(set(range(1, kept + 1)) - set(self.numbers))
        told = [f"object {number} has an empty mask; it is not restored on its own" for number in empty]
        asked = self.s.guidance is not None and self.s.guidance.full_gradient
        if asked and self.objects and not self.model.denoiser.control_apart:
            told += [f"{self.model.name} has no control branch of its own: its gradient is the full one in any case"]
        return told

    def run(self) -> Restored:
        """All stages in order."""
        latent = self.restore_objects() if self.objects else self.latent0
        if self.request.stop_after_objects:
            picture = self.picture(latent) if self.objects else self.shown
        else:
            picture = self.picture(self.restore_whole(latent), self.s.colour, self.s.detail)
            if self.request.on_picture is not None:
                self.request.on_picture("final", picture)
        return Restored(picture, self.record(), (*self.warnings, *self.texts.warnings))

    def encode_texts(self) -> EncodedTexts:
        """Text_d of each object, Text_all, and the unconditional side's text, once for all stages."""
        texts = [o.text for o in self.objects] + [self.request.text]
        texts = texts if self.s.use_text else [""] * len(texts)
        return self.model.denoiser.encode_texts([*texts, self.s.negative_prompt])

    def record(self) -> dict[str, str]:
        """What made the picture, for whoever looks at it later; empty where nothing was made."""
        whole = 0 if self.request.stop_after_objects else self.s.steps
        if not whole and not self.objects:
            return {}
        steps = f"{len(self.objects)} x {self.s.object_steps} object steps, {whole} whole steps"
        return restoring_record(self.model, steps, self.s)

    # -- object stages ------------------------------------------------------------------------------------------------

    def restore_objects(self) -> Array:
        """The object stages one after another; z_{J,0}."""
        times, noise = self.object_times, self.noise(0)
        previous = [self.model.scheduler.add_noise(self.latent0, noise, t) for t in [*times[1:], -1]]
        latent = self.latent0
        for j, item in enumerate(self.objects):
            window = self.window(j, item)
            if window is not None:
                z, control, before = window.of(self.noise(j)), self.control(latent), [window.of(z) for z in previous]
                control = window.of(control) if self.model.reach is not None else control
                after = self.object_stage(j, item, z, times, before, control, window)
                previous = [window.put(old, new) for old, new in zip(previous, after, strict=True)]
                latent = previous[-1]
            if self.request.on_picture is not None:
                self.request.on_picture(self.name(j), self.picture(latent))
        return latent

    def window(self, j: int, item: ObjectToRestore) -> Window | None:
        """The positions of which the model is asked in an object's stage; None where nothing of it is in the field."""
        grid = self.latent0.shape[2:]
        everywhere = j == 0 and self.s.before_first == "nothing"
        if not everywhere and not item.mask[self.field.slices].any():
            return None
        if everywhere or self.model.reach is None or self.s.guidance is not None:
            return whole(*grid)
        steps = 1 if self.s.fusion == "steps" else self.s.object_steps  # what is fused is right again
        reach, multiple = steps * -(-self.model.reach // self.patch), self.model.space.multiple // self.patch
        return around(fetch(self.inside(item)(*grid))).grown(reach, multiple, *grid)

    def object_stage(
        self,
        j: int,
        item: ObjectToRestore,
        z: Array,
        times: list[int],
        previous: list[Array],
        control: Array,
        window: Window | None = None,
    ) -> Iterator[Array]:
        """z_{j,t-1} for t = T ... 0, given z_{j-1,t-1} for the same t; all of them in the window alone, where there is one."""
        inside_at, grid = self.inside(item), self.latent0.shape[2:]
        inside = (window or whole(*grid)).of(inside_at(*grid))  # half of a position's pixels, or the fullest position
        if j == 0 and self.s.before_first == "nothing":
            inside = library(inside).ones_like(inside)
        tokens = named_tokens(item.text, self.texts.spans[j], self.s.guidance.tokens) if self.s.guidance else []
        guided = self.s.guidance.steps(len(times)) if self.s.guidance and tokens else 0
        for step in self.walk(times, j):
            if step.number <= guided:
                z = self.guided(z, step.t, j, control, inside_at, tokens)
            z = self.denoised(z, step, j, control, self.s.object_cfg, self.name(j))
            if self.s.fusion == "steps" or step.number == len(times):
                z = library(z).where(inside, z, previous[step.number - 1])
            self.request.on_step(self.name(j), step.number, len(times))
            yield z

    def guided(self, z: Array, t: int, j: int, control: Array, inside_at: InsideAt, tokens: list[int]) -> Array:
        """Equation 3."""
        guidance, text, maps = self.s.guidance, self.texts.embedding[j : j + 1], self.model.denoiser.attention_maps
        assert guidance is not None
        eta = guidance.eta * (self.model.scheduler.noise_variance(t) if guidance.by_noise else 1.0)
        full = guidance.full_gradient
        moved, _ = guide(z, lambda x: maps(x, t, text, control, full), inside_at, tokens, eta, guidance.updates)
        return finite(moved, f"{self.name(j)}, the gradient of its attention")

    def inside(self, item: ObjectToRestore) -> InsideAt:
        """M_j on any grid of the padded picture; nothing of it is in the padding."""
        mask, (height, width) = item.mask[self.field.slices].astype(bool), self.reference.shape[2:]
        padded = np.pad(mask, ((0, height - mask.shape[0]), (0, width - mask.shape[1])))
        return cache(lambda rows, columns: put(mask_on_grid(padded, rows, columns), self.model))

    def name(self, j: int) -> str:
        """What the stage of the j-th restored object is called: by its number in the file."""
        return f"object {self.numbers[j]}"

    # -- the whole ----------------------------------------------------------------------------------------------------

    def restore_whole(self, latent: Array) -> Array:
        """The last stage, with Text_all: z_0."""
        stage, name = len(self.objects), "whole picture"
        z = self.whole_start(latent, self.noise(stage), self.times[0])
        control = self.control(self.latent0 if self.s.last_control == "reference" else latent)
        for step in self.walk(self.times, stage):
            z = self.denoised(z, step, stage, control, self.s.cfg, name)
            if self.s.keep_objects and (self.s.fusion == "steps" or step.t_next < 0):
                kept = self.model.scheduler.add_noise(latent, self.noise(stage), step.t_next)
                for item in self.here():
                    z = library(z).where(self.inside(item)(*z.shape[2:]), kept, z)
            self.request.on_step(name, step.number, len(self.times))
        return z

    def here(self) -> list[ObjectToRestore]:
        """The objects of which something is in the field."""
        return [item for item in self.objects if item.mask[self.field.slices].any()]

    def whole_start(self, latent: Array, noise: Array, t: int) -> Array:
        """z_T of the whole stage as `start` says."""
        if self.s.start == "noise":
            return noise
        if self.s.start != "objects":
            shown = self.reference if self.s.start == "reference" else self.pixels(latent)
            latent = self.model.space.encode(low_frequencies(shown))
        return self.model.scheduler.add_noise(latent, noise, t)
