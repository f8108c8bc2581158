"""A model folder's files looked at without loading them: are the weights whole, do the parts belong together."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sedicfmt.errors import BackendFailed
from sedicfmt.networks.find_models import package


def check_weights(folder: Path, parts: Sequence[str]) -> None:
    """Reads the heads of all .safetensors files: a cut or broken one raises BackendFailed now, not after minutes."""
    opened = package("safetensors")
    for part in parts:
        for path in (folder / part).glob("*.safetensors"):
            try:
                with opened.safe_open(path, "pt"):
                    pass
            except (OSError, opened.SafetensorError) as error:
                raise BackendFailed(
                    f"{path.relative_to(folder)} in {folder} is broken ({error}); fetch it anew"
                ) from error


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


def read_config(folder: Path) -> Mapping[str, Any]:
    """A part's config.json. Raises BackendFailed where it cannot be read."""
    try:
        told: Mapping[str, Any] = dict(json.loads((folder / "config.json").read_text()))
    except (OSError, ValueError, TypeError) as error:
        raise BackendFailed(f"{folder.name}/config.json cannot be read: {error}") from error
    return told


def _of_class(config: Mapping[str, Any], wanted: str, folder: Path) -> None:
    """diffusers itself loads a config of any class as the one it is asked for, where it can; one that names none is let by."""
    named = config.get("_class_name", wanted)
    if named != wanted:
        raise BackendFailed(f"{folder / 'config.json'} is of the class {named}; only {wanted} is known here")


def _equal(what: str, ours: Any, theirs: Any, whose: str) -> None:
    if ours != theirs:
        raise BackendFailed(f"the UNet's {what} {ours} and those of {whose}, {theirs}, do not fit each other")


FOREIGN = ("addition_embed_type", "class_embed_type", "num_class_embeds", "encoder_hid_dim_type", "time_cond_proj_dim")
