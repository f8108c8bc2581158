"""The switches of sedic-unpack that say how a picture is restored, and the options that they make.

Three kinds: the restorer and how much it does; the settings that the paper leaves open or varies; whole recipes.
A switch that is not given says nothing, so that a recipe's setting, or the model's own, stands.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from sedicfmt.decoders.orag.presets import PRESETS

if TYPE_CHECKING:
    from sedicfmt.decoders.registry import RestorerOptions

YES_OR_NO = argparse.BooleanOptionalAction


def add_restoring(group: argparse._ArgumentGroup) -> None:
    """The restorer, where it runs, and how much it does."""
    add = group.add_argument
    add("--restorer", default="nano", metavar="NAME[:MODEL]", help="nano (bundled, default), or one of docs/models.md")
    add(
        "--device",
        default="auto",
        help="auto (default), cpu, cuda, cuda:N, mps; auto is the CPU for the bundled restorer",
    )
    add("--dtype", default="auto", choices=("auto", "fp32", "fp16", "bf16"), help="(auto)")
    add("--tiled-vae", action="store_true", help="less memory for large pictures (diffusers models)")
    add("--detail", type=float, metavar="X", help="share of the restored detail that is kept, 0 to 1 (1)")
    add("--objects", type=int, metavar="N", help="restore only the first N objects on their own; 0: none (all)")
    add("--object-steps", type=int, metavar="N", help="denoising steps for each object (1)")
    add("--steps", type=int, metavar="N", help="denoising steps for the whole picture (1)")
    add("--no-text", action="store_true", help="as if all texts were empty")
    add(
        "--restoring", choices=tuple(PRESETS), dest="preset",
        help="settings by one word: the paper's algorithm as printed, or as the authors' script does it; other switches win",
    )  # fmt: skip
    add(
        "--without-reference", action="store_true",
        help="ignore the file's latent: from words and masks alone, where the model can (diffusion models)",
    )  # fmt: skip


def add_algorithm(group: argparse._ArgumentGroup) -> None:
    """The settings that the paper leaves open or varies (decoders/orag/settings.py)."""
    add_guidance(group)
    add = group.add_argument
    add("--own-noise", action=YES_OR_NO, help="each stage draws its own noise (one for all)")
    add("--sampler", choices=("ddim", "ancestral"), help="ancestral: fresh noise in every step (ddim)")
    add("--spacing", choices=("trailing", "ends"), help="levels of the steps; ends: to the cleanest one (trailing)")
    add("--fusion", choices=("steps", "stages"), help="objects are put together at all steps, or after a stage (steps)")
    add("--before-first", choices=("reference", "nothing"), help="what the first object is fused with (reference)")
    add("--round-trip", action=YES_OR_NO, help="through pixels between stages, as the paper")
    add("--object-cfg", type=float, metavar="X", help="classifier-free guidance of the object stages (1)")
    add("--cfg", type=float, metavar="X", help="classifier-free guidance of the whole stage (1)")
    add("--negative-prompt", metavar="TEXT", help="the unconditional side's text (none)")
    starts = ("noise", "reference", "objects", "objects-low")
    add("--start", choices=starts, help="what the whole stage starts from; low: its low frequencies (noise)")
    add("--strength", type=float, metavar="X", help="share of the noise it starts at, above 0 to 1 (1)")
    add("--last-control", choices=("objects", "reference"), help="what controls the whole stage (reference)")
    add("--keep-objects", action=YES_OR_NO, help="the whole stage leaves objects as their stages restored them (yes)")
    add("--colour", choices=("wavelet", "adain", "none"), help="colour correction (wavelet)")


def add_guidance(group: argparse._ArgumentGroup) -> None:
    """Equations 2 and 3. Any of these but --no-guidance switches guidance on."""
    add = group.add_argument
    add("--no-guidance", action="store_true", help="without attention guidance (equations 2 and 3)")
    add("--eta", type=float, help="strength of the guidance (equation 3); given, it is on")
    add("--guided-share", type=float, metavar="X", help="T' as the guided share of an object's steps (0.5)")
    add("--updates", type=int, metavar="N", help="gradient steps within a guided step (1)")
    add("--tokens", choices=("name", "all"), help="which words of an object guidance looks at (all)")
    add("--eta-by-noise", action=YES_OR_NO, help="eta times 1 - alpha_bar")
    add("--full-gradient", action=YES_OR_NO, help="equation 3's gradient through the control branch as well")


def restorer_options(arguments: argparse.Namespace) -> RestorerOptions:
    """Where and how to restore, as the command line asks for it."""
    from sedicfmt.decoders.registry import RestorerOptions

    changes: dict[str, Any] = {n: getattr(arguments, n) for n in SETTINGS if getattr(arguments, n) is not None}
    changes |= {"use_text": False} if arguments.no_text else {}
    changes |= {"use_reference": False} if arguments.without_reference else {}
    changes |= {"shared_noise": not arguments.own_noise} if arguments.own_noise is not None else {}
    guidance = {field: getattr(arguments, option) for field, option in GUIDANCE.items()}
    guidance = {field: value for field, value in guidance.items() if value is not None}
    if arguments.no_guidance:
        changes["guidance"] = None
    elif guidance:
        changes["guidance"] = guidance
    return RestorerOptions(arguments.device, arguments.dtype, arguments.tiled_vae, changes)


ALGORITHM = "for experiments; other restorers have other defaults (sedicfmt/decoders/orag/settings.py)"
SETTINGS = (
    "preset", "objects", "object_steps", "steps", "object_cfg", "cfg", "negative_prompt", "start", "strength", "colour",
    "before_first", "round_trip", "detail", "sampler", "spacing", "fusion", "last_control",
    "keep_objects",
)  # fmt: skip
GUIDANCE = {
    "eta": "eta", "share": "guided_share", "updates": "updates", "tokens": "tokens", "by_noise": "eta_by_noise",
    "full_gradient": "full_gradient",
}  # fmt: skip
