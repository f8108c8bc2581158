"""Algorithm 1 as one would write it down from the paper: what `benchmark_orag` measures ours beside.

The mathematics is that of `sedicfmt.decoders.orag.loop` with `round_trip` (a test asserts the same picture); nothing is saved:

    pictures        decoded after each stage and encoded again for the next:   cf_{j+1} = epsilon(D(z_{j,0}))
    text            the stage's and the negative prompt encoded anew in each stage
    guidance        for E the whole UNet is computed, and its gradient goes through the control branch too where it is full
    both sides      conditional and unconditional side are two calls

`SwitchedDenoiser` is ours with single savings switched off, so that each can be measured alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from sedicfmt.decoders.diffusers.attention_maps import on_grid, recorded
from sedicfmt.decoders.diffusers.denoiser import DiffusersDenoiser, scaled, unscaled
from sedicfmt.decoders.interfaces import EncodedTexts, ObjectToRestore, RestorationModel, Restored, RestoreRequest
from sedicfmt.decoders.orag.arrays import put
from sedicfmt.decoders.orag.attention_guidance import InsideAt, energy, mask_on_grid, named_tokens
from sedicfmt.decoders.orag.colour_correction import CORRECTIONS, low_frequencies
from sedicfmt.decoders.orag.noise import seeded_noise
from sedicfmt.decoders.orag.settings import OragSettings
from sedicfmt.picture import Picture


@dataclass(frozen=True)
class StraightforwardOrag:
    """Restorer: the loop, of the default settings' shape (one draw of noise, the last stage begun at the reference's low
    frequencies), for pictures whose sides are multiples of the model's and masks that are not empty."""

    model: RestorationModel
    settings: OragSettings

    @torch.no_grad()
    def restore(self, request: RestoreRequest) -> Restored:
        """Lines 1 to 21 of Algorithm 1."""
        space, scheduler, s = self.model.space, self.model.scheduler, self.settings
        reference = torch.tensor(request.reference, device=self.model.device).permute(2, 0, 1)[None] / 127.5 - 1
        first = space.encode(reference)
        noise = put(seeded_noise(request.seed, 0, tuple(first.shape)), self.model)

        control, times = first, scheduler.timesteps(s.object_steps)
        before = [scheduler.add_noise(first, noise, t) for t in [*times[1:], -1]]
        for j, item in enumerate(request.objects):
            before = self.object_stage(item, noise, times, before, control, told(request, j))
            control = space.encode(space.decode(before[-1]).clamp(-1, 1))

        times = scheduler.timesteps(s.steps)
        z = scheduler.add_noise(space.encode(low_frequencies(reference)), noise, times[0])
        z = self.whole_stage(request.text, z, times, control, told(request, None))
        return Restored(finished(CORRECTIONS[s.colour](space.decode(z), reference)))

    def object_stage(
        self,
        item: ObjectToRestore,
        z: Tensor,
        times: list[int],
        before: list[Tensor],
        control: Tensor,
        tell: Callable[[int, int], None],
    ) -> list[Tensor]:
        """z_{j,t-1} for t = T ... 0; `before`: z_{j-1,t-1}."""
        s, text, negative = self.settings, self.encoded(item.text), self.encoded(self.settings.negative_prompt)
        tokens = named_tokens(item.text, text.spans[0], s.guidance.tokens) if s.guidance else []
        on_latent = self.inside(item)(*z.shape[2:]).float()
        path = []
        for i, (t, t_next) in enumerate(zip(times, [*times[1:], -1], strict=True)):
            if s.guidance and i < round(s.guidance.share * len(times)):
                for _ in range(s.guidance.updates):
                    z = z - s.guidance.eta * self.gradient(z, t, text.embedding, control, self.inside(item), tokens)
            z = self.denoised(z, t, t_next, text.embedding, negative.embedding, control, s.object_cfg)
            z = on_latent * z + (1 - on_latent) * before[i]
            path.append(z)
            tell(i + 1, len(times))
        return path

    def whole_stage(
        self, text: str, z: Tensor, times: list[int], control: Tensor, tell: Callable[[int, int], None]
    ) -> Tensor:
        """The last stage, with Text_all: z_0."""
        positive, negative = self.encoded(text), self.encoded(self.settings.negative_prompt)
        for i, (t, t_next) in enumerate(zip(times, [*times[1:], -1], strict=True)):
            z = self.denoised(z, t, t_next, positive.embedding, negative.embedding, control, self.settings.cfg)
            tell(i + 1, len(times))
        return z

    def inside(self, item: ObjectToRestore) -> InsideAt:
        """M_j on a grid."""
        return lambda rows, columns: put(mask_on_grid(item.mask.astype(bool), rows, columns), self.model)

    def gradient(
        self, z: Tensor, t: int, text: Tensor, control: Tensor, inside_at: InsideAt, tokens: list[int]
    ) -> Tensor:
        """grad_z E of equation 3."""
        with torch.enable_grad():
            z = z.detach().requires_grad_(True)
            full = self.settings.guidance is not None and self.settings.guidance.full_gradient
            value = energy(self.model.denoiser.attention_maps(z, t, text, control, full), inside_at, tokens)
            return torch.autograd.grad(value, z)[0]

    def denoised(
        self, z: Tensor, t: int, t_next: int, text: Tensor, negative: Tensor, control: Tensor, cfg: float
    ) -> Tensor:
        """One step with classifier-free guidance."""
        without = self.model.denoiser.predict(z, t, negative, control)
        with_text = self.model.denoiser.predict(z, t, text, control)
        return self.model.scheduler.step(z, without + cfg * (with_text - without), t, t_next)

    def encoded(self, text: str) -> EncodedTexts:
        """CLIP(text)."""
        return self.model.denoiser.encode_texts([text])


def told(request: RestoreRequest, j: int | None) -> Callable[[int, int], None]:
    """Who hears of stage j's steps."""
    stage = "whole picture" if j is None else f"object {j + 1}"
    return lambda done, total: request.on_step(stage, done, total)


def finished(image: Tensor) -> Picture:
    """(1, 3, h, w) in -1 .. 1 -> uint8 (h, w, 3)."""
    picture: Picture = ((image[0].clamp(-1, 1) + 1) * 127.5).round().byte().permute(1, 2, 0).cpu().numpy()
    return picture


class SwitchedDenoiser(DiffusersDenoiser):
    """Ours with savings off: `batched`, all of a call's pictures at once; `leaves`, nothing computed behind the guided
    layers."""

    def __init__(self, ours: DiffusersDenoiser, batched: bool = True, leaves: bool = True):
        super().__init__(ours.unet, ours.branch, ours.texts, ours.layers)
        self.batched, self.leaves = batched, leaves

    def predict(self, z: Tensor, t: int, text: Tensor, control: Tensor) -> Tensor:
        """As ours, or one after another."""
        if self.batched:
            return super().predict(z, t, text, control)
        one = super().predict
        return torch.cat([one(z[i : i + 1], t, text[i : i + 1], control) for i in range(len(z))])

    def attention_maps(
        self, z: Tensor, t: int, text: Tensor, control: Tensor, full_gradient: bool = False
    ) -> list[Tensor]:
        """As ours, or with the whole UNet computed."""
        if self.leaves:
            return super().attention_maps(z, t, text, control, full_gradient)
        half = self.unet.dtype == torch.float16
        z = unscaled(z) if half else z
        with torch.set_grad_enabled(full_gradient):
            _, step, text, residuals = self.prepared(z, t, text, control)
        skips, middle = residuals or (None, None)
        added = {"down_block_additional_residuals": skips, "mid_block_additional_residual": middle}
        with recorded(self.unet, self.layers) as maps:
            self.unet(z.to(self.unet.dtype), step, encoder_hidden_states=text, **added)
        maps = [on_grid(a, *z.shape[2:]) for a in maps]
        return [scaled(m) for m in maps] if half else maps
