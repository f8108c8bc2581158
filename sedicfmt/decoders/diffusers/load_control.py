"""Finds and opens a control branch: the part of a diffusion model that is published apart from its base."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from sedicfmt.decoders.diffusers.model_files import CONTROL_PARTS, files_of, variant
from sedicfmt.errors import EncodeError
from sedicfmt.networks.hub import find_file, find_folder
from sedicfmt.networks.model_folder import check_weights
from sedicfmt.networks.packages import package

if TYPE_CHECKING:
    from sedicfmt.decoders.diffusers.denoiser import ControlBranch

ControlKind = Literal["none", "picture", "latent"]


def check_kind(control: str | None, kind: ControlKind) -> None:
    """Raises EncodeError for an unknown kind, one without its model, or a model without a kind."""
    if kind not in BRANCHES:
        raise EncodeError(f"no kind of control is called {kind!r}; there are {', '.join(BRANCHES)}")
    if (control is None) != (kind == "none"):
        raise EncodeError(f"a control of kind {kind!r} {'has no model' if kind == 'none' else 'needs a model'}")


def find_control(control: str | None, kind: ControlKind, revision: str | None, instead: str | None) -> Path | None:
    """The branch's file or folder, complete. `instead`: the hub's name of what to advise. Raises MissingDependency."""
    if control is None:
        return None
    if kind == "latent":
        return find_file(control, instead, revision)
    folder = find_folder(control, files_of(CONTROL_PARTS), instead, revision)
    check_weights(folder, ("*.safetensors",))
    return folder


def open_control(path: Path | None, kind: ControlKind, unet: Any, dtype: Any, device: str) -> ControlBranch:
    """The branch at `path` for `unet`, in torch's type `dtype`. Raises BackendFailed for another network's file."""
    return BRANCHES[kind](path, unet, dtype, device)


def _no_control(path: Path | None, unet: Any, dtype: Any, device: str) -> ControlBranch:
    from sedicfmt.decoders.diffusers.denoiser import NoControl

    return NoControl()


def _picture_control(path: Path | None, unet: Any, dtype: Any, device: str) -> ControlBranch:
    from sedicfmt.decoders.diffusers.denoiser import PictureControl

    return PictureControl(placed(load_part(package("diffusers").ControlNetModel, path, dtype), device))


def _latent_control(path: Path | None, unet: Any, dtype: Any, device: str) -> ControlBranch:
    from sedicfmt.decoders.diffusers.convert_diffbir import load_diffbir
    from sedicfmt.decoders.diffusers.denoiser import LatentControl

    assert path is not None
    return LatentControl(placed(load_diffbir(path, unet.config).to(dtype).eval().requires_grad_(False), device))


def load_part(kind: Any, folder: Path | None, dtype: Any, keyword: str = "torch_dtype") -> Any:
    """A diffusers or transformers model of that class out of its folder, for inference."""
    assert folder is not None
    how = {keyword: dtype, "variant": variant(folder)}
    model = kind.from_pretrained(folder, local_files_only=True, trust_remote_code=False, **how)
    return model.eval().requires_grad_(False)


def placed(net: Any, device: str) -> Any:
    """On the device; convolutions on CUDA are faster with channels last."""
    torch = package("torch")
    return net.to(device, memory_format=torch.channels_last) if device.startswith("cuda") else net.to(device)


BRANCHES: dict[str, Callable[[Path | None, Any, Any, str], ControlBranch]] = {
    "none": _no_control,
    "picture": _picture_control,
    "latent": _latent_control,
}
