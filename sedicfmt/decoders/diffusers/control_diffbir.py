"""DiffBIR v2's control branch (IRControlNet; Lin et al., "DiffBIR", 2023): a copy of the UNet's encoder that sees cf_j.

A ControlNet embeds pixels by a little network of its own and adds them to conv_in's output. IRControlNet instead lays
the condition, the VAE's latent of the degraded picture, beside z_t:

    [z_t, cf]  -> conv_in (2 x 4 channels) -> down blocks -> middle block      with the UNet's time and text
                   |  a 1x1 convolution that began at zero behind each of the 12 skips and the middle
                   v
                  13 residuals, added to the UNet's skips and middle

Block for block it is the UNet's encoder, so diffusers' blocks serve, with diffusers' ControlNet's names of parameters;
`convert_diffbir.py` reads the published checkpoints.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn

from sedicfmt.decoders.diffusers.attention_maps import run_block


class DiffBirControl(nn.Module):
    """The branch for a UNet with config `unet_config` (diffusers' UNet2DConditionModel's), random but for its zeros."""

    def __init__(self, unet_config: Mapping[str, Any]):
        super().__init__()
        shared = {name: unet_config[name] for name in SHARED if name in unet_config}
        built = import_module("diffusers").ControlNetModel(in_channels=2 * unet_config["in_channels"], **shared)
        self.layers_per_block = int(unet_config["layers_per_block"])
        self.time_proj = built.time_proj
        self.time_embedding = built.time_embedding
        self.conv_in = built.conv_in
        self.down_blocks = built.down_blocks
        self.mid_block = built.mid_block
        self.controlnet_down_blocks = built.controlnet_down_blocks
        self.controlnet_mid_block = built.controlnet_mid_block

    def forward(self, z: Tensor, t: Tensor, text: Tensor, control: Tensor) -> tuple[list[Tensor], Tensor]:
        """z and control (batch, c, h, w), t a number or one for each of the batch, text (batch, tokens, width), all in
        the branch's dtype -> residuals of the skips, outermost first, and of the middle block."""
        time = self.time_embedding(self.time_proj(t.expand(len(z))).to(z.dtype))
        hidden = self.conv_in(torch.cat([z, control], dim=1))
        skips = [hidden]
        for block in self.down_blocks:
            hidden, more = run_block(block, hidden, time, text)
            skips += more
        hidden = run_block(self.mid_block, hidden, time, text)
        residuals = [zero(skip) for zero, skip in zip(self.controlnet_down_blocks, skips, strict=True)]
        return residuals, self.controlnet_mid_block(hidden)


def control_from_unet(unet: Any) -> DiffBirControl:
    """The branch as its training begins: the UNet's encoder, zeros where the condition comes in and at the end."""
    control = DiffBirControl(unet.config)
    for part in ("time_embedding", "down_blocks", "mid_block"):
        getattr(control, part).load_state_dict(getattr(unet, part).state_dict())
    with torch.no_grad():
        control.conv_in.weight.zero_()
        control.conv_in.weight[:, : unet.config.in_channels] = unet.conv_in.weight
        control.conv_in.bias.copy_(unet.conv_in.bias)
    return control


# What a UNet's config and a ControlNet's have in common and an encoder is made of.
SHARED = (
    "flip_sin_to_cos",
    "freq_shift",
    "down_block_types",
    "mid_block_type",
    "only_cross_attention",
    "block_out_channels",
    "layers_per_block",
    "downsample_padding",
    "mid_block_scale_factor",
    "act_fn",
    "norm_num_groups",
    "norm_eps",
    "cross_attention_dim",
    "transformer_layers_per_block",
    "attention_head_dim",
    "num_attention_heads",
    "use_linear_projection",
    "upcast_attention",
    "resnet_time_scale_shift",
)
