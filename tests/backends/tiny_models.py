"""Stable Diffusion in miniature: the real classes and the real folder layout, random weights.

The UNet has the published models' plan (no cross-attention in the innermost up block, three up blocks with it), the VAE
their factor 8, the text encoder's tokenizer their byte-level BPE with a toy vocabulary. Import after
`pytest.importorskip("diffusers")`.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from diffusers import AutoencoderKL, ControlNetModel, DDIMScheduler, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel

WIDTH = 16  # of a text embedding
TEXTS = ["red cat on a sofa", "sofa", ""]


def build_tiny_stable_diffusion(folder: Path, with_controlnet: bool) -> None:
    """Write unet, vae, text_encoder, tokenizer and scheduler into `folder` as diffusers does, always the same weights.

    `with_controlnet`: a ControlNet for pictures as well, as a model folder of its own, `folder / "controlnet"`; its
    zero-convolutions are not zero, so that its effect can be seen.
    """
    with torch.random.fork_rng():
        torch.manual_seed(1)
        unet = tiny_unet()
        unet.save_pretrained(folder / "unet")
        tiny_vae().save_pretrained(folder / "vae")
        write_tokenizer(folder / "tokenizer")
        tiny_text_encoder(len(vocabulary())).save_pretrained(folder / "text_encoder")
        DDIMScheduler(**SCHEDULE).save_pretrained(folder / "scheduler")
        if with_controlnet:
            tiny_controlnet(unet).save_pretrained(folder / "controlnet")


def tiny_unet() -> UNet2DConditionModel:
    """SD 2.1's plan: heads given level by level, linear projections."""
    return UNet2DConditionModel(**UNET)


def tiny_vae() -> AutoencoderKL:
    """Factor 8, four latent channels; tiles of 64 pixels."""
    blocks = {"down_block_types": ("DownEncoderBlock2D",) * 4, "up_block_types": ("UpDecoderBlock2D",) * 4}
    sizes = {"block_out_channels": (8, 8, 8, 8), "norm_num_groups": 4, "layers_per_block": 1, "sample_size": 64}
    return AutoencoderKL(latent_channels=4, scaling_factor=0.18215, **blocks, **sizes)


def tiny_text_encoder(words: int) -> CLIPTextModel:
    """Two layers over the toy vocabulary, whose last two entries are start and end."""
    sizes = {"hidden_size": WIDTH, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = CLIPTextConfig(vocab_size=words, bos_token_id=words - 2, eos_token_id=words - 1, **sizes)
    return CLIPTextModel(config)


def tiny_controlnet(unet: UNet2DConditionModel) -> ControlNetModel:
    """A copy of the UNet's encoder with random zero-convolutions."""
    net = ControlNetModel.from_unet(unet, conditioning_embedding_out_channels=(4, 4, 4, 4))
    disturb(net.controlnet_down_blocks, net.controlnet_mid_block, net.controlnet_cond_embedding.conv_out)
    return net


def disturb(*modules: torch.nn.Module) -> None:
    """Random numbers in place of the zeros that a control branch begins with."""
    for module in modules:
        for values in module.parameters():
            torch.nn.init.normal_(values, std=0.2)


def write_tokenizer(folder: Path) -> None:
    """vocab.json, merges.txt and tokenizer_config.json of a CLIP tokenizer: letters, and the words of `MERGES`."""
    folder.mkdir(parents=True)
    (folder / "vocab.json").write_text(json.dumps({word: i for i, word in enumerate(vocabulary())}))
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(MERGES) + "\n")
    settings = {"tokenizer_class": "CLIPTokenizer", "model_max_length": 77, "pad_token": "!", "unk_token": END}
    (folder / "tokenizer_config.json").write_text(json.dumps({**settings, "bos_token": START, "eos_token": END}))


def vocabulary() -> list[str]:
    """Characters inside and at the end of a word, merged words, start and end; "!" comes first, as in CLIP."""
    letters = [chr(code) for code in range(ord("!"), ord("~") + 1)]
    merged = [merge.replace(" ", "") for merge in MERGES]
    return [*letters, *(letter + "</w>" for letter in letters), *merged, START, END]


START, END = "<|startoftext|>", "<|endoftext|>"

MERGES = ("r e", "re d</w>", "c a", "ca t</w>", "o n</w>", "a b", "s o", "so f", "sof a</w>")

UNET = {
    "sample_size": 8,
    "in_channels": 4,
    "out_channels": 4,
    "down_block_types": ("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
    "up_block_types": ("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
    "block_out_channels": (8, 16, 16, 16),
    "layers_per_block": 2,
    "norm_num_groups": 4,
    "attention_head_dim": (1, 2, 4, 4),
    "cross_attention_dim": WIDTH,
    "use_linear_projection": True,
    "upcast_attention": True,
}

SCHEDULE = {
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "prediction_type": "v_prediction",
    "rescale_betas_zero_snr": True,
}
