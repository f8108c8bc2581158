"""The restorer that comes with the package: ORAG with the bundled network, and its settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sedicfmt.declared import needs
from sedicfmt.decoders.interfaces import Restorer
from sedicfmt.decoders.registry import RestorerOptions
from sedicfmt.errors import EncodeError
from sedicfmt.networks.devices import choose_device
from sedicfmt.networks.packages import package
from sedicfmt.networks.threads import wait_asleep

if TYPE_CHECKING:
    from sedicfmt.decoders.orag.settings import OragSettings


@needs("torch", "safetensors", extra="nano")
def open_nano_restorer(argument: str | None, options: RestorerOptions) -> Restorer:
    """The registry's factory. Raises EncodeError for an argument or a type: there is nothing to choose."""
    if argument is not None:
        raise EncodeError(f"the restorer 'nano' takes no argument, not {argument!r}")
    if options.dtype not in ("auto", "fp32") or options.tiled_vae:
        raise EncodeError("the restorer 'nano' computes in fp32 and has no autoencoder to tile")
    wait_asleep()
    for needed in ("torch", "safetensors"):
        package(needed, "nano", "restoring needs", instead="or ask for the reference picture alone")
    from sedicfmt.decoders.nano.denoiser import open_nano
    from sedicfmt.decoders.orag.loop import OragRestorer

    settings = nano_settings().changed(options.changes)  # first: a bad one shows before the model is loaded
    return OragRestorer(open_nano(device=choose_device(options.device)), settings)


def nano_settings() -> OragSettings:
    """What `sedic-unpack` does without options: chosen on CLIC photos, see "Restoring" in spec/rationale.md."""
    from sedicfmt.decoders.orag.settings import OragSettings

    return OragSettings(
        object_steps=1, steps=1, guidance=None, object_cfg=1, cfg=1, negative_prompt="", start="noise", colour="wavelet",
        detail=1.0,
    )  # fmt: skip
