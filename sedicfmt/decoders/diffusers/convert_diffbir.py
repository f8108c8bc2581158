"""Published DiffBIR checkpoints (`v2.pth`, `v1_general.pth`) for `DiffBirControl`: a renaming, checked key by key.

They keep the names of CompVis' latent-diffusion code, where an encoder is one list of "input blocks": number 0 is
conv_in, then for each level its layers and, but for the last level, the halving. Part 0 of an input block is a resnet
(or the halving), part 1 its transformer. So the name of a parameter follows from diffusers' name, and that way round
nothing can be forgotten: every parameter asks for its key, and keys that nobody asked for are an error. (diffusers' own
converter leaves out what it does not know and puts None for what is missing.)
"""

from __future__ import annotations

import pickle
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sedicfmt.decoders.diffusers.control_diffbir import DiffBirControl
from sedicfmt.errors import BackendFailed


def load_diffbir(path: Path, unet_config: Mapping[str, Any]) -> DiffBirControl:
    """The control branch in a checkpoint, for a UNet with this config. Raises BackendFailed for any other content."""
    with torch.device("meta"):  # no random numbers for what is replaced at once
        control = DiffBirControl(unet_config)
    control.load_state_dict(convert_diffbir(read_diffbir(path), control), assign=True)
    return control


def convert_diffbir(checkpoint: Mapping[str, Tensor], control: DiffBirControl) -> dict[str, Tensor]:
    """`control`'s state dict out of a checkpoint's, unwrapped or not.

    Every key is used once and has its parameter's shape; raises BackendFailed with the checkpoint's key otherwise.
    """
    left = unwrapped(checkpoint)
    converted = {}
    for name, wanted in control.state_dict().items():
        key = checkpoint_key(name, control.layers_per_block)
        if key not in left:
            raise BackendFailed(f"the checkpoint lacks {key}; is it one of DiffBIR's control branch for this UNet?")
        converted[name] = left.pop(key)
        shape = tuple(getattr(converted[name], "shape", ()))
        if shape != tuple(wanted.shape):
            raise BackendFailed(f"{key} of the checkpoint has the shape {shape}, not {tuple(wanted.shape)}")
    if left:
        raise BackendFailed(f"the checkpoint has {len(left)} keys that no part of the control branch has: {min(left)}")
    return converted


def checkpoint_key(name: str, layers: int) -> str:
    """A parameter of `DiffBirControl`, with `layers` layers a level -> its name in latent-diffusion's code.

    >>> checkpoint_key("down_blocks.1.attentions.0.proj_in.weight", 2)
    'input_blocks.4.1.proj_in.weight'
    """
    found = _IN_LEVEL.match(name)
    if found:
        level, kind, layer, inner = int(found[1]), found[2], int(found[3]), found[4]
        block = 1 + level * (layers + 1) + (layers if kind == "downsamplers" else layer)
        return f"input_blocks.{block}.{PARTS[kind]}.{_inner(kind, inner)}"
    for ours, theirs in PREFIXES:
        if name.startswith(ours):
            kind = "resnets" if "resnets" in ours else ""
            return theirs + _inner(kind, name.removeprefix(ours))
    numbered = _ZERO.match(name)
    if numbered is None:
        raise BackendFailed(f"no name in DiffBIR's checkpoints is known for {name}")
    return f"zero_convs.{numbered[1]}.0.{numbered[2]}"


def _inner(kind: str, inner: str) -> str:
    """Inside a transformer the names are the same."""
    head, _, rest = inner.partition(".")
    if kind == "resnets":
        return f"{RESNET[head]}.{rest}"
    return f"op.{rest}" if kind == "downsamplers" else inner


def unwrapped(checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
    """The branch's own keys, whatever they are wrapped in. With one of `WRAPPERS` in front of some keys, keys without
    it belong to other networks in the same file and are left out."""
    inside = checkpoint.get("state_dict", checkpoint)
    if not isinstance(inside, Mapping) or not all(isinstance(key, str) for key in inside):
        raise BackendFailed("the checkpoint is not a table of names and tensors")
    for prefix in WRAPPERS:
        if any(key.startswith(prefix) for key in inside):
            inside = {key.removeprefix(prefix): value for key, value in inside.items() if key.startswith(prefix)}
    return dict(inside)


def read_diffbir(path: Path) -> dict[str, Any]:
    """A `.safetensors` file or one of torch's, of which nothing but tensors and plain containers is unpickled."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    broken = (OSError, RuntimeError, ValueError, EOFError, KeyError, pickle.UnpicklingError, SafetensorError)
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        content = torch.load(path, map_location="cpu", weights_only=True)
    except broken as error:
        raise BackendFailed(f"{path.name} cannot be read as a checkpoint: {error}") from error
    if not isinstance(content, dict):
        raise BackendFailed(f"{path.name} is not a checkpoint: it holds no names")
    return content


_IN_LEVEL = re.compile(r"down_blocks\.(\d+)\.(resnets|attentions|downsamplers)\.(\d+)\.(.+)")
_ZERO = re.compile(r"controlnet_down_blocks\.(\d+)\.(.+)")

PARTS = {"resnets": 0, "attentions": 1, "downsamplers": 0}

PREFIXES = (
    ("time_embedding.linear_1.", "time_embed.0."),
    ("time_embedding.linear_2.", "time_embed.2."),
    ("conv_in.", "input_blocks.0.0."),
    ("mid_block.resnets.0.", "middle_block.0."),
    ("mid_block.attentions.0.", "middle_block.1."),
    ("mid_block.resnets.1.", "middle_block.2."),
    ("controlnet_mid_block.", "middle_block_out.0."),
)

RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}

WRAPPERS = ("module.", "control_model.", "controlnet.")
