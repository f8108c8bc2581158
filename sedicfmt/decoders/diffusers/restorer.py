"""Restorers from diffusers models, by name: ORAG with Stable Diffusion and a control branch, and one-step models.

    sd21-diffbir[:BASE,CONTROL]      Stable Diffusion 2.1-base, DiffBIR v2's branch (the authors' choice)
    sd15-tile[:BASE,CONTROL]         Stable Diffusion 1.5, ControlNet tile
    diffusers:BASE[,CONTROL]         any UNet + VAE + text encoder like them
    one-step[:BASE[,CONTROL]]        one prediction, without objects: sd-turbo where nothing is named

BASE and CONTROL are folders or hub ids; a CONTROL that ends like a file is a DiffBIR checkpoint (a file, or owner/name:file).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sedicfmt.declared import needs
from sedicfmt.decoders.diffusers.load import PRESETS, ControlKind, open_model, open_preset
from sedicfmt.decoders.diffusers.model_files import BASE_PARTS, CONTROL_PARTS, files_of
from sedicfmt.decoders.interfaces import Restorer
from sedicfmt.decoders.registry import RestorerOptions
from sedicfmt.errors import EncodeError
from sedicfmt.networks.hub import fetch_command, fetch_file_command
from sedicfmt.networks.packages import package

if TYPE_CHECKING:
    from sedicfmt.decoders.interfaces import RestorationModel
    from sedicfmt.decoders.orag.settings import OragSettings

CHECKPOINTS = (".pt", ".pth", ".ckpt", ".safetensors")
PACKAGES = ("torch", "diffusers", "transformers", "safetensors")


def _models(preset: str) -> dict[str, str]:
    """The hub models of a preset, each with the command that fetches it."""
    of = PRESETS[preset]
    found = {of.base: fetch_command(of.base, files_of(BASE_PARTS))}
    if of.control and ":" in of.control:
        found[of.control] = fetch_file_command(of.control)
    elif of.control:
        found[of.control] = fetch_command(of.control, files_of(CONTROL_PARTS))
    return found


@needs(*PACKAGES, extra="diffusion", usage="sd21-diffbir[:BASE,CONTROL]", models=_models("sd21-diffbir"))
def open_sd21_diffbir(argument: str | None, options: RestorerOptions) -> Restorer:
    """The authors' models."""
    return _open_preset("sd21-diffbir", argument, options)


@needs(*PACKAGES, extra="diffusion", usage="sd15-tile[:BASE,CONTROL]", models=_models("sd15-tile"))
def open_sd15_tile(argument: str | None, options: RestorerOptions) -> Restorer:
    """Stock diffusers models."""
    return _open_preset("sd15-tile", argument, options)


@needs(*PACKAGES, extra="diffusion", usage="diffusers:BASE[,CONTROL]")
def open_folder(argument: str | None, options: RestorerOptions) -> Restorer:
    """Any models. Raises EncodeError without an argument."""
    if not argument:
        raise EncodeError("name the model: diffusers:BASE or diffusers:BASE,CONTROL, folders or hub ids")
    settings = _settings(options)
    base, control = _two(argument)
    return _orag(open_model(base or "", control, _kind_of(control), **_how(options)), settings)


@needs(*PACKAGES, extra="diffusion", usage="one-step[:BASE[,CONTROL]]", models=_models("sd-turbo"))
def open_one_step(argument: str | None, options: RestorerOptions) -> Restorer:
    """A one-step restorer: of the settings only strength and colour mean anything to it.

    Without a control branch the strength is a half unless told otherwise: at 1 hardly anything of the reference is left.
    """
    foreign = set(options.changes) - {"strength", "colour", "use_text"}
    if foreign:
        raise EncodeError(f"a one-step restorer has no {', '.join(sorted(foreign))}; it has strength, colour and text")
    settings = _settings(options)
    base, control = _two(argument)
    if control:
        model = open_model(base or "", control, _kind_of(control), **_how(options))
    else:
        model = open_preset("sd-turbo", base, **_how(options))
    from sedicfmt.decoders.orag.one_step import OneStepRestorer

    strength = settings.strength if control else float(options.changes.get("strength", 0.5))
    return OneStepRestorer(model, strength, settings.colour, settings.use_text)


def _open_preset(name: str, argument: str | None, options: RestorerOptions) -> Restorer:
    settings = _settings(options)
    return _orag(open_preset(name, *_two(argument), **_how(options)), settings)


def _orag(model: RestorationModel, settings: OragSettings) -> Restorer:
    from sedicfmt.decoders.orag.restorer import OragRestorer

    return OragRestorer(model, settings)


def _settings(options: RestorerOptions) -> OragSettings:
    """The paper's settings with the user's changes. Made first: a bad setting shows before a model is loaded."""
    package("torch")
    from sedicfmt.decoders.orag.settings import OragSettings

    return OragSettings().changed(options.changes)


def _how(options: RestorerOptions) -> dict[str, Any]:
    return {"dtype": options.dtype, "device": options.device, "tiled_vae": options.tiled_vae}


def _two(argument: str | None) -> tuple[str | None, str | None]:
    """BASE and CONTROL of "BASE,CONTROL", None for what is not there."""
    base, _, control = (argument or "").partition(",")
    if control and not base:
        raise EncodeError(f"name the base before the comma in {argument!r}")
    return base or None, control or None


def _kind_of(control: str | None) -> ControlKind:
    """A single file is a DiffBIR checkpoint, anything else a ControlNet."""
    if control is None:
        return "none"
    return "latent" if control.lower().endswith(CHECKPOINTS) else "picture"
