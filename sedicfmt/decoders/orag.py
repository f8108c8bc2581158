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
from dataclasses import dataclass

import torch
from torch import Tensor

from sedicfmt.decoders.attention_guidance import guide, mask_on_grid, named_tokens
from sedicfmt.decoders.colour_correction import CORRECTIONS, low_frequencies
from sedicfmt.decoders.interfaces import (
    EncodedTexts,
    ObjectToRestore,
    Picture,
    RestorationModel,
    Restored,
    RestoreRequest,
)
from sedicfmt.decoders.noise import seeded_noise
from sedicfmt.decoders.orag_settings import OragSettings
from sedicfmt.decoders.picture_tensor import mask_tensor, to_picture, to_tensor
from sedicfmt.decoders.run_model import finite, model_errors


@dataclass(frozen=True)
class OragRestorer:
    """Restorer: the loop with a model and settings."""

    model: RestorationModel
    settings: OragSettings

    def restore(self, request: RestoreRequest) -> Restored:
        """Algorithm 1. Raises BackendFailed where the model gives no numbers, LimitExceeded where memory runs out."""
        with torch.inference_mode(False), torch.no_grad(), model_errors(self.model.name, self.model.device):
            return Restoration(self.model, self.settings, request).run()


class Restoration:
    """One picture's way through the stages."""

    def __init__(self, model: RestorationModel, settings: OragSettings, request: RestoreRequest):
        self.model, self.s, self.request = model, settings, request
        self.height, self.width = request.reference.shape[:2]
        self.reference = to_tensor(request.reference, model.space.multiple, model.device)
        self.latent0 = model.space.encode(self.reference)
        kept = request.objects[: settings.objects]
        self.objects = [o for o in kept if o.mask.any()]
        self.warnings = [
            f"object {j + 1} has an empty mask; it is not restored on its own"
            for j, o in enumerate(kept)
            if not o.mask.any()
        ]
        self.texts = self.encode_texts()

    def run(self) -> Restored:
        """All stages in order."""
        latent = self.latent0
        if self.objects:
            latent = self.restore_objects()
        if not self.request.stop_after_objects:
            latent = self.restore_whole(latent)
            self.show("final", latent)
        picture = self.picture(latent, corrected=True)
        return Restored(picture, self.record(), (*self.warnings, *self.texts.warnings))

    def encode_texts(self) -> EncodedTexts:
        """Text_d of each object, Text_all, and the unconditional side's text, once for all stages."""
        texts = [o.text for o in self.objects] + [self.request.text]
        texts = texts if self.s.use_text else [""] * len(texts)
        return self.model.denoiser.encode_texts([*texts, self.s.negative_prompt])

    # -- object stages ------------------------------------------------------------------------------------------------

    def restore_objects(self) -> Tensor:
        """The object stages one after another; z_{J,0}."""
        times = self.model.scheduler.timesteps(self.s.object_steps)
        noise = self.noise(0)
        previous = [self.model.scheduler.add_noise(self.latent0, noise, t) for t in [*times[1:], -1]]
        latent = self.latent0
        for j, item in enumerate(self.objects):
            start = noise if j == 0 or self.s.shared_noise else self.noise(j)
            previous = list(self.object_stage(j, item, start, times, previous, self.control(latent)))
            latent = previous[-1]
            self.show(f"object {j + 1}", latent)
        return latent

    def object_stage(
        self, j: int, item: ObjectToRestore, z: Tensor, times: list[int], previous: list[Tensor], control: Tensor
    ) -> Iterator[Tensor]:
        """z_{j,t-1} for t = T ... 0, given z_{j-1,t-1} for the same t."""
        height, width = self.reference.shape[2:]
        mask = mask_tensor(item.mask, height, width, self.model.device)
        inside = mask_on_grid(mask, *z.shape[2:])  # half of a position's pixels, or the fullest position
        tokens = named_tokens(item.text, self.texts.spans[j], self.s.guidance.tokens) if self.s.guidance else []
        guided = round(self.s.guidance.share * len(times)) if self.s.guidance and tokens else 0
        for i, (t, t_next) in enumerate(zip(times, [*times[1:], -1], strict=True)):
            if i < guided:
                z = self.guided(z, t, j, control, mask, tokens)
            z = self.denoised(z, t, t_next, j, control, self.s.object_cfg, f"object {j + 1}, step {i + 1}")
            z = torch.where(inside, z, previous[i])
            self.request.on_step(f"object {j + 1}", i + 1, len(times))
            yield z

    def guided(self, z: Tensor, t: int, j: int, control: Tensor, mask: Tensor, tokens: list[int]) -> Tensor:
        """Equation 3."""
        guidance, text = self.s.guidance, self.texts.embedding[j : j + 1]
        assert guidance is not None
        eta = guidance.eta * (self.model.scheduler.noise_variance(t) if guidance.by_noise else 1.0)
        moved, _ = guide(
            z, lambda x: self.model.denoiser.attention_maps(x, t, text, control), mask, tokens, eta, guidance.updates
        )
        return finite(moved, f"object {j + 1}, the gradient of its attention")

    # -- the whole ----------------------------------------------------------------------------------------------------

    def restore_whole(self, latent: Tensor) -> Tensor:
        """The last stage, with Text_all: z_0."""
        times = self.model.scheduler.timesteps(round(self.s.steps / self.s.strength))[-self.s.steps :]
        noise = self.noise(0 if self.s.shared_noise else len(self.objects))
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

    def picture(self, latent: Tensor, corrected: bool) -> Picture:
        """D(latent), corrected in colour if asked, as uint8 (h, w, 3)."""
        image = self.model.space.decode(latent)
        if corrected:
            image = CORRECTIONS[self.s.colour](image, self.reference)
        return to_picture(finite(image, "the decoded picture"), self.height, self.width)

    def show(self, stage: str, latent: Tensor) -> None:
        """Hand out the picture after a stage, where somebody wants it."""
        if self.request.on_picture is not None:
            self.request.on_picture(stage, self.picture(latent, corrected=stage == "final"))

    def record(self) -> dict[str, str]:
        """What made the picture, for whoever looks at it later."""
        whole = 0 if self.request.stop_after_objects else self.s.steps
        guidance = "none" if self.s.guidance is None else f"eta {self.s.guidance.eta:g}"
        steps = f"{len(self.objects)} x {self.s.object_steps} object steps, {whole} whole steps"
        return {"restorer": self.model.name, "steps": steps, "guidance": guidance}
