"""The table of restorers: the bundled one, those for diffusers models, and what other packages register.

A factory takes the specification's argument (None without a colon) and of these what it names: `options`, all of
`RestorerOptions`, or its fields one by one. It returns a `Restorer`, and fails at once, before any work, where a model or a
package is missing. Packages register in `sedicfmt.restorers`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from sedicfmt.back_ends import BackEnds
from sedicfmt.decoders.guarded import GuardedRestorer
from sedicfmt.decoders.orag.values import ANY_RULES, RULES, checked, checked_changes, flag, of, text
from sedicfmt.networks.devices import check_name as check_device

DEFAULT_RESTORER = "nano"
SETTINGS = tuple(RULES)  # the fields of `OragSettings`, which cannot be asked without torch


@dataclass(frozen=True)
class RestorerOptions:
    """Where and how a model runs, and what of its settings the user wants otherwise.

    `device`: "auto" (the CPU for the bundled one; else CUDA, then MPS, then the CPU), or torch's name of one; `dtype`: "fp32",
    "fp16", "bf16", or "auto": fp16 where there is a GPU. `tiled_vae`: less memory for large pictures. `changes`: fields of
    `OragSettings`; the field "guidance" may be None or a mapping of fields of `Guidance`.
    Raises EncodeError for a value that makes no sense.
    """

    device: str = "auto"
    dtype: str = "auto"
    tiled_vae: bool = False
    changes: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, rule in PLACES.items():
            checked(name, getattr(self, name), {name: rule})
        check_device(self.device, "device")
        object.__setattr__(self, "changes", checked_changes(self.changes, ANY_RULES))


PLACES = {"device": text, "dtype": of("auto", "fp32", "fp16", "bf16"), "tiled_vae": flag}
RESTORERS = BackEnds(
    "restorer",
    "sedicfmt.restorers",
    {
        "nano": "sedicfmt.decoders.nano.restorer:open_nano_restorer",
        "sd21-diffbir": "sedicfmt.decoders.diffusers.restorer:open_sd21_diffbir",
        "sd15-tile": "sedicfmt.decoders.diffusers.restorer:open_sd15_tile",
        "diffusers": "sedicfmt.decoders.diffusers.restorer:open_folder",
        "one-step": "sedicfmt.decoders.diffusers.restorer:open_one_step",
    },
    "restore",
    ("options", "device", "dtype", "tiled_vae", "changes"),
    whole="options",
)


def find_restorer(spec: str, options: RestorerOptions | None = None) -> GuardedRestorer:
    """The restorer that `spec` names, ready to run and with a guard around it (`inner` is the restorer).

    Raises EncodeError for an unknown name, a bad argument or setting, and a setting that it has no use for, MissingDependency
    (with the command that helps) where a package or a model is missing, BackendFailed for one that does not load or breaks.
    """
    options = options or RestorerOptions()
    known = {setting.name: getattr(options, setting.name) for setting in fields(options)}
    guard, made = RESTORERS.open(spec, {"options": options, **known}, _chosen(known))
    return GuardedRestorer(made, guard)


def _chosen(known: Mapping[str, Any]) -> dict[str, str]:
    """What is otherwise than usual, and an option to name for it. How many objects are restored, the pipeline sees to."""
    usual = vars(RestorerOptions())
    changed = [name for name in known["changes"] if name != "objects"]
    chosen = {name: name for name, value in known.items() if name != "changes" and value != usual[name]}
    return {**chosen, **({"changes": changed[0]} if changed else {})}
