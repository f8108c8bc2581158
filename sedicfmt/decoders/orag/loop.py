"""ORAG, the restoring loop: Algorithm 1 of the paper with equations 2, 3 and 4, over any model.

    picture 0 = the reference
    for each object j:   z_T = noise; control = picture j; text = Text_d_j
        for t = T ... 0:   while t > T':  z <- z - eta grad E                    equations 2, 3
                           z_{t-1} = denoise(z, text, t, control)
                           z_{t-1} = M_j z_{t-1} + (1 - M_j) z_{j-1,t-1}         equation 4
        picture j+1 = z_0
    the whole:           z_T = start; control = picture J; text = Text_all; denoise to z_0

Pictures between stages stay latents: cf_{j+1} = epsilon(D(z_{j,0})) is z_{j,0} but for what the autoencoder loses
(`round_trip` does it the paper's way). The texts are encoded once for all stages.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from sedicfmt.decoders.interfaces import EncodedTexts, ObjectToRestore, RestorationModel, Restored, RestoreRequest
from sedicfmt.decoders.orag.attention_guidance import guide, mask_on_grid, named_tokens
from sedicfmt.decoders.orag.colour_correction import CORRECTIONS, low_frequencies
from sedicfmt.decoders.orag.noise import seeded_noise
from sedicfmt.decoders.orag.picture_tensor import mask_tensor, to_picture, to_tensor
from sedicfmt.decoders.orag.settings import OragSettings
from sedicfmt.errors import LimitExceeded
from sedicfmt.networks.failures import callers, finite, model_errors
from sedicfmt.picture import Picture


@dataclass(frozen=True)
class OragRestorer:
    """Restorer: the loop with a model and settings."""

    model: RestorationModel
    settings: OragSettings

    def restore(self, request: RestoreRequest) -> Restored:
        """Algorithm 1. Raises BackendFailed where the model gives no numbers, LimitExceeded where memory runs out or the
        picture is larger than the model may be given, EncodeError for more steps than the model has levels."""
        model = self.model
        asked = replace(request, on_step=callers(request.on_step), on_picture=callers(request.on_picture))
        with torch.inference_mode(False), torch.no_grad(), model_errors(model.name, model.device, *model.hints):
            return Restoration(model, self.settings, asked).run()


class Restoration:
    """One picture's way through the stages."""

    def __init__(self, model: RestorationModel, settings: OragSettings, request: RestoreRequest):
        self.model, self.s, self.request = model, settings, request
        self.height, self.width = request.reference.shape[:2]
        if model.most_pixels is not None and self.height * self.width > model.most_pixels:
            size = f"{self.width}x{self.height} pixels"
            raise LimitExceeded(
                f"{size} are more than {model.name} restores in reasonable memory; try --stage reference"
            )
        self.object_times = model.scheduler.timesteps(settings.object_steps)
        self.times = model.scheduler.timesteps(round(settings.steps / settings.strength))[-settings.steps :]
        self.reference = to_tensor(request.reference, model.space.multiple, model.device)
        self.latent0 = model.space.encode(self.reference)
        kept = request.objects[: settings.objects]
        self.numbers = [number for number, item in enumerate(kept, 1) if item.mask.any()]  # in the file, from 1
        self.objects = [kept[number - 1] for number in self.numbers]
        empty = set(range(1, len(kept) + 1)) - set(self.numbers)
        self.warnings = [
            f"object {number} has an empty mask; it is not restored on its own" for number in sorted(empty)
        ]
        self.texts = self.encode_texts()

    def run(self) -> Restored:
        """All stages in order."""
        latent = self.restore_objects() if self.objects else self.latent0
        if self.request.stop_after_objects:
            picture = self.picture(latent) if self.objects else self.request.reference
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

    # -- object stages ------------------------------------------------------------------------------------------------

    def restore_objects(self) -> Tensor:
        """The object stages one after another; z_{J,0}."""
        times, noise = self.object_times, self.noise(0)
        previous = [self.model.scheduler.add_noise(self.latent0, noise, t) for t in [*times[1:], -1]]
        latent = self.latent0
        for j, item in enumerate(self.objects):
            start = noise if j == 0 or self.s.shared_noise else self.noise(j)
            previous = list(self.object_stage(j, item, start, times, previous, self.control(latent)))
            latent = previous[-1]
            if self.request.on_picture is not None:
                self.request.on_picture(self.name(j), self.picture(latent))
        return latent

    def object_stage(
        self, j: int, item: ObjectToRestore, z: Tensor, times: list[int], previous: list[Tensor], control: Tensor
    ) -> Iterator[Tensor]:
        """z_{j,t-1} for t = T ... 0, given z_{j-1,t-1} for the same t."""
        height, width = self.reference.shape[2:]
        mask = mask_tensor(item.mask, height, width, self.model.device)
        inside = mask_on_grid(mask, *z.shape[2:])  # half of a position's pixels, or the fullest position
        if j == 0 and self.s.before_first == "nothing":
            inside = torch.ones_like(inside)
        tokens = named_tokens(item.text, self.texts.spans[j], self.s.guidance.tokens) if self.s.guidance else []
        guided = self.s.guidance.steps(len(times)) if self.s.guidance and tokens else 0
        for i, (t, t_next) in enumerate(zip(times, [*times[1:], -1], strict=True)):
            if i < guided:
                z = self.guided(z, t, j, control, mask, tokens)
            z = self.denoised(z, t, t_next, j, control, self.s.object_cfg, f"{self.name(j)}, step {i + 1}")
            z = torch.where(inside, z, previous[i])
            self.request.on_step(self.name(j), i + 1, len(times))
            yield z

    def guided(self, z: Tensor, t: int, j: int, control: Tensor, mask: Tensor, tokens: list[int]) -> Tensor:
        """Equation 3."""
        guidance, text = self.s.guidance, self.texts.embedding[j : j + 1]
        assert guidance is not None
        eta = guidance.eta * (self.model.scheduler.noise_variance(t) if guidance.by_noise else 1.0)
        moved, _ = guide(
            z, lambda x: self.model.denoiser.attention_maps(x, t, text, control), mask, tokens, eta, guidance.updates
        )
        return finite(moved, f"{self.name(j)}, the gradient of its attention")

    def name(self, j: int) -> str:
        """What the stage of the j-th restored object is called: by its number in the file."""
        return f"object {self.numbers[j]}"

    # -- the whole ----------------------------------------------------------------------------------------------------

    def restore_whole(self, latent: Tensor) -> Tensor:
        """The last stage, with Text_all: z_0."""
        noise = self.noise(0 if self.s.shared_noise else len(self.objects))
        times = self.times
        z = self.whole_start(latent, noise, times[0])
        control = self.control(latent)
        for i, (t, t_next) in enumerate(zip(times, [*times[1:], -1], strict=True)):
            z = self.denoised(z, t, t_next, len(self.objects), control, self.s.cfg, f"whole picture, step {i + 1}")
            self.request.on_step("whole picture", i + 1, len(times))
        return z

    def whole_start(self, latent: Tensor, noise: Tensor, t: int) -> Tensor:
        """z_T of the whole stage as `start` says."""
        if self.s.start == "noise":
            return noise
        shown = latent if self.s.start == "objects" else self.model.space.encode(low_frequencies(self.reference))
        return self.model.scheduler.add_noise(shown, noise, t)

    # -- what all stages do -------------------------------------------------------------------------------------------

    def denoised(self, z: Tensor, t: int, t_next: int, text: int, control: Tensor, cfg: float, place: str) -> Tensor:
        """One step with classifier-free guidance; conditional and unconditional sides are one batch."""
        rows = [text] if cfg == 1 else [text, -1]
        embedding = torch.cat([self.texts.embedding[row : row + 1 or None] for row in rows])
        prediction = self.model.denoiser.predict(z.expand(len(rows), -1, -1, -1), t, embedding, control)
        if cfg != 1:
            with_text, without = prediction.chunk(2)
            prediction = without + cfg * (with_text - without)
        return finite(self.model.scheduler.step(z, prediction, t, t_next), place)

    def control(self, latent: Tensor) -> Tensor:
        """cf_j of the picture that `latent` is, in the form the denoiser takes."""
        space = self.model.space
        if self.model.denoiser.control_kind == "picture":
            return self.reference if latent is self.latent0 else space.decode(latent).clamp(-1, 1)
        if latent is self.latent0 or not self.s.round_trip:
            return latent
        return space.encode(space.decode(latent).clamp(-1, 1))

    def noise(self, stage: int) -> Tensor:
        """The seed's noise for a stage, of the latent's shape."""
        return seeded_noise(self.request.seed, stage, tuple(self.latent0.shape)).to(self.latent0.device)

    def picture(self, latent: Tensor, colour: str = "none", detail: float = 1) -> Picture:
        """D(latent), corrected in colour, with a share of its detail, as uint8 (h, w, 3)."""
        image = CORRECTIONS[colour](self.model.space.decode(latent), self.reference)
        image = image if detail == 1 else self.reference + detail * (image - self.reference)
        return to_picture(finite(image, "the decoded picture"), self.height, self.width)

    def record(self) -> dict[str, str]:
        """What made the picture, for whoever looks at it later; empty where nothing was made."""
        s, whole = self.s, 0 if self.request.stop_after_objects else self.s.steps
        if not whole and not self.objects:
            return {}
        steps = f"{len(self.objects)} x {s.object_steps} object steps, {whole} whole steps"
        guidance = f"eta {s.guidance.eta:g}" if s.guidance and self.objects else "none"
        more = f"cfg {s.object_cfg:g} and {s.cfg:g}, start {s.start}, strength {s.strength:g}, colour {s.colour}"
        more += f", detail {s.detail:g}" + ("" if s.use_text else ", without text")
        return {"restorer": self.model.name, "steps": steps, "guidance": guidance, "settings": more}
