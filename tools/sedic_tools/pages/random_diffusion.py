"""Random models of Stable Diffusion 2.1-base's plan with DiffBIR's branch, and a picture to restore: for `benchmark_orag`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel

from sedicfmt.decoders.diffusers.control_diffbir import control_from_unet
from sedicfmt.decoders.diffusers.denoiser import DiffusersDenoiser, LatentControl
from sedicfmt.decoders.diffusers.latent_space import VaeSpace, vae_dtype
from sedicfmt.decoders.diffusers.text_clip import ClipTexts
from sedicfmt.decoders.interfaces import ObjectToRestore, RestorationModel, RestoreRequest
from sedicfmt.decoders.orag.scheduler_ddim import Ddim


def build_model(width: float, dtype: torch.dtype, device: str) -> RestorationModel:
    """Stable Diffusion 2.1-base with DiffBIR's branch, all channels times `width`; the same random weights each time."""
    with torch.random.fork_rng(), torch.device(device):
        torch.manual_seed(1)
        unet: Any = UNet2DConditionModel(**unet_config(width))
        control = control_from_unet(unet)
        for part in (control.conv_in, control.controlnet_down_blocks, control.controlnet_mid_block):
            for values in part.parameters():
                torch.nn.init.normal_(values, std=0.02)  # the branch begins with zeros
        vae: Any = AutoencoderKL(**vae_config(width))
        encoder = CLIPTextModel(CLIPTextConfig(**text_config(width)))
    vae_type = vae_dtype(vae.config, dtype)
    for net in (unet, control, encoder, vae):
        torch.nn.Module.to(net, vae_type if net is vae else dtype).eval().requires_grad_(False)
    denoiser = DiffusersDenoiser(unet, LatentControl(control), ClipTexts(ToyTokenizer(), encoder))
    alphas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64).square().neg().add(1).cumprod(0)
    return RestorationModel("random", VaeSpace(vae), denoiser, Ddim(alphas.tolist()), device)


class ToyTokenizer:
    """A token for each word, number or mark."""

    model_max_length, bos_token_id, eos_token_id, pad_token_id = 77, 49406, 49407, 0

    def __call__(self, texts: Sequence[str], **_: Any) -> dict[str, list]:
        found = [list(re.finditer(r"\w+|[^\w\s]", text)) for text in texts]
        ids = [[sum(word.group().encode()) % 49406 for word in words] for words in found]
        return {"input_ids": ids, "offset_mapping": [[word.span() for word in words] for words in found]}


def build_request(size: tuple[int, int], objects: int) -> RestoreRequest:
    """Noise for a reference, boxes from left to right for masks, texts as long as the paper's."""
    width, height = size
    picture = np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)
    masks = [np.zeros((height, width), np.uint8) for _ in range(objects)]
    for j, mask in enumerate(masks):
        mask[height // 4 : -height // 4, width * j // objects : width * (j + 1) // objects] = 1
    things = [ObjectToRestore(" ".join(f"word{j}{i}" for i in range(30)), mask) for j, mask in enumerate(masks)]
    return RestoreRequest(picture, " ".join(f"word{i}" for i in range(50)), tuple(things), seed=1)


def unet_config(width: float) -> dict[str, Any]:
    """Stable Diffusion 2.1-base's, heads of about 64 channels."""
    heads = [max(1, round(h * width)) for h in (5, 10, 20, 20)]
    plan = {"down_block_types": ("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",), "use_linear_projection": True}
    return {
        **plan,
        "sample_size": 64,
        "up_block_types": ("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
        "block_out_channels": [part(c, width, h) for c, h in zip((320, 640, 1280, 1280), heads, strict=True)],
        "attention_head_dim": heads,
        "cross_attention_dim": text_config(width)["hidden_size"],
        "norm_num_groups": groups(width),
    }


def vae_config(width: float) -> dict[str, Any]:
    """Stable Diffusion's autoencoder."""
    blocks = {"down_block_types": ("DownEncoderBlock2D",) * 4, "up_block_types": ("UpDecoderBlock2D",) * 4}
    sizes = {"block_out_channels": [part(c, width) for c in (128, 256, 512, 512)], "norm_num_groups": groups(width)}
    return {**blocks, **sizes, "layers_per_block": 2, "latent_channels": 4, "scaling_factor": 0.18215}


def text_config(width: float) -> dict[str, Any]:
    """OpenCLIP's ViT-H, of which Stable Diffusion 2 leaves out the last layer."""
    heads = max(1, round(16 * width))
    size = part(1024, width, heads)
    sizes = {"hidden_size": size, "intermediate_size": 4 * size, "num_hidden_layers": 23, "num_attention_heads": heads}
    return {**sizes, "hidden_act": "gelu", "vocab_size": 49408, "bos_token_id": 49406, "eos_token_id": 49407}


def part(channels: int, width: float, heads: int = 1) -> int:
    """`channels` times `width`, divisible by the groups of a normalisation and by the heads."""
    step = int(np.lcm(groups(width), heads))
    return max(1, round(channels * width / step)) * step


def groups(width: float) -> int:
    """Of a group normalisation: a narrow net's channels are no multiples of 32."""
    return 32 if width >= 1 else 4
