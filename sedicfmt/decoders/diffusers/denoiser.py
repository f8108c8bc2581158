"""Stable Diffusion with a control branch as the loop's denoiser: ControlNet(z, ctd, t, cf), and A of equation 2.

The UNet, the text encoder and the branch are diffusers' and transformers' own classes. A control branch turns cf_j into
numbers added to the UNet's skips and middle; there are three kinds:

    PictureControl   diffusers' ControlNet, which sees pixels (ControlNet tile for Stable Diffusion 1.5)
    LatentControl    DiffBIR's, which sees the latent beside z_t (`control_diffbir.py`)
    NoControl        none: the reference then steers only by what the latent starts from

Nothing is kept from call to call.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Protocol

import torch
from torch import Tensor

from sedicfmt.decoders.diffusers.attention_maps import Residuals, cross_attention_maps, guided_layers
from sedicfmt.decoders.diffusers.text_clip import ClipTexts
from sedicfmt.decoders.interfaces import EncodedTexts
from sedicfmt.errors import BackendFailed

ControlForm = Literal["latent", "picture"]
GRADIENT_SCALE = 4096.0  # float16 loses gradients under 6e-8; a map's gradient is of the order of 1e-4 and less


class ControlBranch(Protocol):
    """`kind`: what `control` is made from. All tensors are in the UNet's dtype; the result fits z's batch."""

    @property
    def kind(self) -> ControlForm: ...

    def residuals(self, z: Tensor, t: Tensor, text: Tensor, control: Tensor) -> Residuals:
        """control (batch or 1, ...) -> what is added to the UNet's skips and middle block, or None."""
        ...


class PictureControl:
    """A diffusers ControlNetModel. `scale` weakens or strengthens it."""

    kind: ControlForm = "picture"

    def __init__(self, net: Any, scale: float = 1.0):
        self.net, self.scale = net, scale

    def residuals(self, z: Tensor, t: Tensor, text: Tensor, control: Tensor) -> Residuals:
        """control: (batch or 1, 3, 8h, 8w) in -1 .. 1, which ControlNets want in 0 .. 1; one serves the batch."""
        shown = (control + 1) / 2
        skips, middle = self.net(z, t, text, controlnet_cond=shown, conditioning_scale=self.scale, return_dict=False)
        return skips, middle


class LatentControl:
    """A `DiffBirControl`."""

    kind: ControlForm = "latent"

    def __init__(self, net: Any):
        self.net = net

    def residuals(self, z: Tensor, t: Tensor, text: Tensor, control: Tensor) -> Residuals:
        """control: (batch or 1, c, h, w), the latent of picture j."""
        skips, middle = self.net(z, t, text, control.expand_as(z))
        return skips, middle


class NoControl:
    """The UNet alone."""

    kind: ControlForm = "latent"

    def residuals(self, z: Tensor, t: Tensor, text: Tensor, control: Tensor) -> Residuals:
        """None."""
        return None


class DiffusersDenoiser:
    """Denoiser. `unet`: a UNet2DConditionModel on its device in its dtype, its parameters without gradients; `layers`:
    names of the layers or blocks whose attention guidance looks at (see `guided_layers`)."""

    def __init__(self, unet: Any, branch: ControlBranch, texts: ClipTexts, layers: Sequence[str] | None = None):
        self.unet, self.branch, self.texts = unet, branch, texts
        self.layers = guided_layers(unet, layers)
        self.control_kind: ControlForm = branch.kind
        self.control_apart = not isinstance(branch, NoControl)

    def encode_texts(self, texts: Sequence[str]) -> EncodedTexts:
        """Embeddings in the UNet's dtype; texts of more than 75 tokens in pieces, with a warning."""
        encoded = self.texts.encode(texts)
        return EncodedTexts(encoded.embedding.to(self.unet.dtype), encoded.spans, encoded.warnings)

    @torch.no_grad()
    def predict(self, z: Tensor, t: int, text: Tensor, control: Tensor) -> Tensor:
        """z (batch, c, h, w), text (batch, tokens, width) -> what the UNet predicts, float32 of z's shape."""
        x, step, text, residuals = self.prepared(z, t, text, control)
        skips, middle = residuals or (None, None)
        prediction: Tensor = self.unet(
            x,
            step,
            encoder_hidden_states=text,
            down_block_additional_residuals=skips,
            mid_block_additional_residual=middle,
            return_dict=False,
        )[0]
        return prediction.float()

    def attention_maps(
        self, z: Tensor, t: int, text: Tensor, control: Tensor, full_gradient: bool = False
    ) -> list[Tensor]:
        """Maps of `layers`, float32 (batch * heads, rows, columns, tokens), differentiable in z through the UNet; with
        `full_gradient` through the control branch too, as equation 3 has it, which costs a backward pass of the branch and is
        no small share: with random models the two directions had cosines of .99 down to .41.

        Raises BackendFailed for a control branch that gives no gradient.
        """
        half = self.unet.dtype == torch.float16
        z = unscaled(z) if half else z
        with torch.set_grad_enabled(full_gradient and torch.is_grad_enabled()):
            x, _, text, residuals = self.prepared(z, t, text, control)
        if full_gradient and residuals and x.requires_grad and not residuals[1].requires_grad:
            raise BackendFailed("the control branch gives no gradient; leave out --full-gradient")
        x = z.to(self.unet.dtype)
        maps = cross_attention_maps(self.unet, self.layers, x, t, text, residuals)
        return [scaled(m) for m in maps] if half else maps

    def prepared(self, z: Tensor, t: int, text: Tensor, control: Tensor) -> tuple[Tensor, Tensor, Tensor, Residuals]:
        """z, t and text as the UNet takes them, and the control branch's residuals. t is a tensor on the device, so
        that a compiled UNet is not compiled anew for each step."""
        x, text, control = (v.to(self.unet.dtype) for v in (z, text, control))
        step = torch.full((), t, device=z.device)
        return x, step, text, self.branch.residuals(x, step, text, control)


def scaled(attention: Tensor) -> Tensor:
    """The same numbers, their gradient `GRADIENT_SCALE` times as large on its way back."""
    if attention.requires_grad:
        attention.register_hook(lambda gradient: gradient * GRADIENT_SCALE)
    return attention


def unscaled(z: Tensor) -> Tensor:
    """The same numbers, the gradient that comes back through them made what it was."""
    same = z.view_as(z)
    if same.requires_grad:
        same.register_hook(lambda gradient: gradient / GRADIENT_SCALE)
    return same
