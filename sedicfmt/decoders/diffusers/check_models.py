"""The parts of a diffusion model looked at without loading them: are their classes known here, do they belong together."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sedicfmt.errors import BackendFailed
from sedicfmt.networks.model_folder import read_config


def check_configs(folder: Path, controlnet: Path | None = None) -> None:
    """Reads the configs alone. Raises BackendFailed where a part is of another class than the one that would load it, where
    the UNet wants conditions that we do not have, or where UNet, VAE, text encoder and ControlNet are not of one family."""
    unet, vae, text = (read_config(folder / part) for part in ("unet", "vae", "text_encoder"))
    _of_class(unet, "UNet2DConditionModel", folder / "unet")
    _of_class(vae, "AutoencoderKL", folder / "vae")
    extra = [key for key in FOREIGN if unet.get(key)]
    if extra:
        raise BackendFailed(f"{folder.name}'s UNet is not one of Stable Diffusion 1 or 2: it has {', '.join(extra)}")
    _equal("latent channels", unet.get("in_channels"), vae.get("latent_channels"), "its VAE")
    _equal("text width", unet.get("cross_attention_dim"), text.get("hidden_size"), "its text encoder")
    if controlnet:
        other = read_config(controlnet)
        _of_class(other, "ControlNetModel", controlnet)
        for key in ("cross_attention_dim", "block_out_channels", "in_channels", "layers_per_block"):
            _equal(key, unet.get(key), other.get(key), f"the ControlNet {controlnet.name}")


def _of_class(config: Mapping[str, Any], wanted: str, folder: Path) -> None:
    """diffusers itself loads a config of any class as the one it is asked for, where it can; one that names none is let by."""
    named = config.get("_class_name", wanted)
    if named != wanted:
        raise BackendFailed(f"{folder / 'config.json'} is of the class {named}; only {wanted} is known here")


def _equal(what: str, ours: Any, theirs: Any, whose: str) -> None:
    if ours != theirs:
        raise BackendFailed(f"the UNet's {what} {ours} and those of {whose}, {theirs}, do not fit each other")


FOREIGN = ("addition_embed_type", "class_embed_type", "num_class_embeds", "encoder_hid_dim_type", "time_cond_proj_dim")
