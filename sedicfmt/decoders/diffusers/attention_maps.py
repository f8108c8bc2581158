"""Cross-attention of a diffusers UNet as numbers one can differentiate: A of equation 2.

diffusers computes attention with a fused kernel that never holds the map. `RecordingProcessor` takes its place on the
few layers that guidance looks at and keeps softmax(q k^T / sqrt(d)); all other layers stay fast. `run_until` walks the
UNet's own parts in their order, and stops behind the last of those layers: what comes after has no part in the energy,
neither forward nor backward.

Which layers: the paper says the middle block of the up branch; layout-guidance takes `up_blocks[1]`. In Stable
Diffusion 1 and 2 that is the first up block with cross-attention (`up_blocks[0]` has none), three layers at 1/32 of the
picture.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from sedicfmt.errors import BackendFailed, EncodeError

Residuals = tuple[Sequence[Tensor], Tensor] | None  # a control branch's, for the skips and for the middle


def guided_layers(unet: Any, names: Sequence[str] | None = None) -> list[str]:
    """Names of the cross-attention layers to look at: those in `names`, which are layers or blocks ("mid_block",
    "up_blocks.1"), or else those of the first up block that has any.

    Raises EncodeError for a name without cross-attention in it, BackendFailed for a UNet without any.
    """
    known = [name.removesuffix(".processor") for name in unet.attn_processors]
    cross = [name for name in known if name.endswith(".attn2")]
    if names is None:
        names = [f"up_blocks.{i}" for i, b in enumerate(unet.up_blocks) if getattr(b, "has_cross_attention", False)][:1]
        if not names:
            raise BackendFailed("the UNet has no cross-attention in its up branch, so attention cannot guide it")
    for name in names:
        if not any(layer == name or layer.startswith(name + ".") for layer in cross):
            raise EncodeError(f"the UNet has no cross-attention layer in {name!r}")
    return [layer for layer in cross if any(layer == n or layer.startswith(n + ".") for n in names)]


def cross_attention_maps(
    unet: Any, layers: Sequence[str], z: Tensor, t: int, text: Tensor, residuals: Residuals = None
) -> list[Tensor]:
    """Maps of `layers`, in the order in which the UNet comes to them, each float32 (batch * heads, rows, columns,
    tokens).

    z (batch, c, h, w) and text (batch, tokens, width) in the UNet's dtype. Differentiable in z. Not to be called from
    two threads on one UNet: its layers' processors are exchanged for the time of the call.
    """
    with recorded(unet, layers) as maps:
        run_until(unet, last_up_block(layers), z, t, text, residuals)
    return [on_grid(attention, *z.shape[2:]) for attention in maps]


@contextmanager
def recorded(unet: Any, layers: Sequence[str]) -> Iterator[list[Tensor]]:
    """While inside, `layers` add their maps (batch * heads, positions, tokens) to the list."""
    modules = [unet.get_submodule(layer) for layer in layers]
    before = [module.processor for module in modules]
    maps: list[Tensor] = []
    try:
        for module in modules:
            module.set_processor(RecordingProcessor(maps))
        yield maps
    finally:
        for module, processor in zip(modules, before, strict=True):
            module.set_processor(processor)


class RecordingProcessor:
    """diffusers attention processor for a transformer block's cross-attention; keeps the map it computes.

    Scores and softmax are float32: in float16 Stable Diffusion 2.1's scores overflow.
    """

    def __init__(self, maps: list[Tensor]):
        self.maps = maps

    def __call__(
        self,
        attn: Any,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None,
        **_: Any,
    ) -> Tensor:
        """hidden_states (batch, positions, width), the text (batch, tokens, width) -> (batch, positions, width)."""
        text = hidden_states if encoder_hidden_states is None else encoder_hidden_states
        query, key, value = (
            attn.head_to_batch_dim(project(x))
            for project, x in ((attn.to_q, hidden_states), (attn.to_k, text), (attn.to_v, text))
        )
        attention = attn.get_attention_scores(query.float(), key.float(), attention_mask)
        self.maps.append(attention)
        mixed = attn.batch_to_head_dim(torch.bmm(attention.to(value.dtype), value))
        out: Tensor = attn.to_out[1](attn.to_out[0](mixed))
        return out


def run_until(unet: Any, last: int, z: Tensor, t: int, text: Tensor, residuals: Residuals = None) -> None:
    """The UNet's forward pass as far as the last attention of `up_blocks[last]`, or of the middle block for -1."""
    time = unet.time_embedding(unet.get_time_embed(z, torch.full((), t, device=z.device)))
    hidden = unet.conv_in(z)
    skips = [hidden]
    for block in unet.down_blocks:
        hidden, more = run_block(block, hidden, time, text)
        skips += more
    hidden = run_block(unet.mid_block, hidden, time, text)
    if residuals is not None:
        skips = [skip + extra for skip, extra in zip(skips, residuals[0], strict=True)]
        hidden = hidden + residuals[1]
    for i, block in enumerate(unet.up_blocks[: last + 1]):
        own, skips = skips[-len(block.resnets) :], skips[: -len(block.resnets)]
        if i < last:
            # the size is told because an odd grid was halved to more than its half
            size = skips[-1].shape[2:]
            hidden = run_block(block, hidden, time, text, res_hidden_states_tuple=tuple(own), upsample_size=size)
        else:
            _layers(block, hidden, time, text, own)


def run_block(block: Any, hidden: Tensor, time: Tensor, text: Tensor, **more: Any) -> Any:
    """One of diffusers' blocks, with text where it takes text."""
    if getattr(block, "has_cross_attention", False):
        more["encoder_hidden_states"] = text
    return block(hidden_states=hidden, temb=time, **more)


def _layers(block: Any, hidden: Tensor, time: Tensor, text: Tensor, skips: list[Tensor]) -> None:
    """An up block without its enlargement at the end."""
    for resnet, attention in zip(block.resnets, block.attentions, strict=True):
        hidden = resnet(torch.cat([hidden, skips.pop()], dim=1), time)
        hidden = attention(hidden, encoder_hidden_states=text, return_dict=False)[0]


def last_up_block(layers: Sequence[str]) -> int:
    """The number of the last up block that one of `layers` stands in, -1 for none."""
    return max((int(name.split(".")[1]) for name in layers if name.startswith("up_blocks.")), default=-1)


def on_grid(attention: Tensor, rows: int, columns: int) -> Tensor:
    """(heads, positions, tokens) -> (heads, r, c, tokens): the latent's grid, halved (upwards) until it fits."""
    while rows * columns > attention.shape[1]:
        rows, columns = -(-rows // 2), -(-columns // 2)
    return attention.unflatten(1, (rows, columns))
