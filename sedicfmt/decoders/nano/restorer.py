"""The restorer that comes with the package: ORAG with the bundled network, and its settings. It needs no torch."""

from __future__ import annotations

from sedicfmt.declared import needs
from sedicfmt.decoders.interfaces import RestorationModel, Restorer
from sedicfmt.decoders.nano.onnx_denoiser import open_onnx
from sedicfmt.decoders.orag.restorer import OragRestorer
from sedicfmt.decoders.orag.settings import OragSettings
from sedicfmt.decoders.registry import RestorerOptions
from sedicfmt.errors import EncodeError
from sedicfmt.networks.devices import check_name, choose_device
from sedicfmt.networks.packages import package


@needs("onnxruntime", extra="nano")
def open_nano_restorer(argument: str | None, options: RestorerOptions) -> Restorer:
    """The registry's factory. Raises EncodeError for an argument or a type: there is nothing to choose."""
    if argument is not None:
        raise EncodeError(f"the restorer 'nano' takes no argument, not {argument!r}")
    if options.dtype not in ("auto", "fp32") or options.tiled_vae:
        raise EncodeError("the restorer 'nano' computes in fp32 and has no autoencoder to tile")
    settings = nano_settings().changed(options.changes)  # first: a bad one shows before the model is loaded
    return OragRestorer(open_model(options.device, settings), settings)


def open_model(device: str, settings: OragSettings) -> RestorationModel:
    """By ONNX Runtime; by torch where another device than the CPU is named, or gradients are needed, for guidance.

    Raises MissingDependency, EncodeError for what is no device's name, BackendFailed for files that do not ship.
    """
    by_cpu = device in ("auto", "cpu", "cpu:0")
    if by_cpu and settings.guidance is None:
        return open_onnx()
    if not by_cpu:
        check_name(device)
    package("torch", "torch", "guidance needs" if by_cpu else f"--device {device} needs")
    from sedicfmt.decoders.nano.denoiser import open_nano

    return open_nano(device=choose_device(device))


def nano_settings() -> OragSettings:
    """What `sedic-unpack` does without options, see "Restoring" in spec/rationale.md: nothing is restored twice, for this
    network sharpens what it gets."""
    return OragSettings(
        object_steps=1, steps=1, guidance=None, object_cfg=1, cfg=1, negative_prompt="", start="noise",
        last_control="reference", keep_objects=True, colour="wavelet", detail=1.0,
    )  # fmt: skip
