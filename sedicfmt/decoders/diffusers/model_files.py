"""What a Stable Diffusion model and its control branch consist of, as diffusers saves them: a folder for each part.

Beside these files, published models have whole checkpoints and other types, many GB of them: they are not fetched. The
.safetensors are fetched first, pickled .bin files only where a model has no others.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sedicfmt.networks.hub import ModelFiles

BASE_PARTS = ("unet", "vae", "text_encoder", "tokenizer", "scheduler")
CONTROL_PARTS = ("",)  # a control branch: the folder itself


def files_of(parts: Sequence[str]) -> ModelFiles:
    """The files of a folder with these parts, BASE_PARTS or CONTROL_PARTS."""
    needed = tuple(tuple(str(Path(part) / file) for file in choice) for part in parts for choice in NEEDED[part])
    pickled = PICKLED if "" in parts else ()  # ControlNets are often published as .bin alone
    return ModelFiles(needed, ((*WORDS, *SAFE), (*WORDS, *SAFE, *PICKLED)), (*WORDS, *SAFE, *pickled))


def variant(folder: Path) -> str | None:
    """ "fp16" where a part's weights are only there in the files of that variant, else None."""
    names = [path.name for path in folder.glob("*model*") if path.suffix in (".safetensors", ".bin")]
    return "fp16" if names and all(".fp16." in name for name in names) else None


_WEIGHTS = ("diffusion_pytorch_model*.safetensors", "diffusion_pytorch_model*.bin")

# For each part of a model folder: what it needs, each a choice of patterns.
NEEDED: dict[str, tuple[tuple[str, ...], ...]] = {
    "": (("config.json",), _WEIGHTS),
    "unet": (("config.json",), _WEIGHTS),
    "vae": (("config.json",), _WEIGHTS),
    "text_encoder": (("config.json",), ("model*.safetensors", "pytorch_model*.bin")),
    "tokenizer": (("vocab.json", "tokenizer.json"), ("merges.txt", "tokenizer.json")),
    "scheduler": (("scheduler_config.json",),),
}

WORDS = ("*.json", "*.txt")
SAFE = ("*diffusion_pytorch_model.safetensors", "text_encoder/model.safetensors")
PICKLED = ("*diffusion_pytorch_model.bin", "text_encoder/pytorch_model.bin")
