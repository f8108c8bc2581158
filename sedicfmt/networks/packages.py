"""Packages that the base does without, imported when they are first needed; one that is not there is told with its command."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from sedicfmt.errors import MissingDependency
from sedicfmt.installing import install_extra
from sedicfmt.networks.threads import tell_torch


def package(name: str, extra: str = "", who: str = "", instead: str = "") -> Any:
    """The module `name`. Raises MissingDependency, with the command that installs it, where it is not installed.

    `extra`: the extra that brings it; `who` needs it, in words; `instead`: what could be done without it. Left out, they
    are those below.
    """
    try:
        module = import_module(name)
    except ImportError as error:
        wanted = f"{who or USER} the package {name} ({error})"
        advice = install_extra(extra or EXTRAS.get(name, "diffusion")) + (f"; {instead}" if instead else "")
        raise MissingDependency(f"{wanted}: {advice}") from error
    if name in ("diffusers", "transformers"):
        module.utils.logging.disable_progress_bar()  # standard error is for our own progress
    tell_torch()
    return module


USER = "this back end needs"
# where a package is not in the extra "diffusion"
EXTRAS = {"onnxruntime": "nano", "segment_anything": "sam"}
