"""Where the encoder's networks are on this machine, and whether they fit, before anything heavy begins.

A network is named by a folder as transformers saves it, or by its id on the Hugging Face hub. An id is looked up in the
hub's cache on this machine; only where it is not there, and HF_HUB_OFFLINE is not set, is it fetched, and only its
.safetensors: no pickled weights are read. Whatever is missing ends as MissingDependency (exit code 8) with the command
that fetches it; another kind of model in the folder, or a broken file, as BackendFailed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from sedicfmt.errors import BackendFailed, MissingDependency
from sedicfmt.installing import install_extra

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
Needed = tuple[tuple[str, ...], ...]  # files, each a choice of patterns


def package(name: str) -> Any:
    """The module `name`. Raises MissingDependency, with the command that installs it, where it is not installed."""
    try:
        module = import_module(name)
    except ImportError as error:
        extra = EXTRAS.get(name, "diffusion")
        raise MissingDependency(f"this back end needs the package {name} ({error}): {install_extra(extra)}") from error
    if name == "transformers":
        module.utils.logging.disable_progress_bar()  # standard error is for our own progress
    return module


def find_network(name: str, kinds: Sequence[str], needed: Needed, example: str) -> tuple[Path, str]:
    """The complete folder of the network called `name`, and its config's model_type, which must be one of `kinds`.

    `example`: the hub id to advise where `name` is a folder that is not there. Raises MissingDependency, BackendFailed.
    """
    folder = Path(name).expanduser()
    if not folder.is_dir():
        folder = _from_hub(name, needed, example)
    missing = missing_files(folder, needed)
    if missing:
        raise MissingDependency(f"{name} lacks {', '.join(missing)}; to fetch one: {fetch_command(example, name)}")
    kind = _model_type(folder)
    if kind not in kinds:
        raise BackendFailed(
            f"{name} holds a model of type {kind!r}, not {' or '.join(map(repr, kinds))}", "config.json"
        )
    _check_weights(folder)
    return folder, kind


def missing_files(folder: Path, needed: Needed) -> list[str]:
    """What `folder` lacks, with "or" between those of which one is enough."""
    return [" or ".join(choice) for choice in needed if not any(any(folder.glob(pattern)) for pattern in choice)]


def fetch_command(name: str, folder: str | None = None) -> str:
    """The shell command that fetches a network into the hub's cache, or into `folder`."""
    where = [f"--local-dir {folder}"] if folder else []
    return " ".join(["hf download", name, *(f"--include '{pattern}'" for pattern in WANTED), *where])


def _from_hub(name: str, needed: Needed, example: str) -> Path:
    """The folder in the hub's cache, fetched if need be. Raises MissingDependency for what is neither folder nor id."""
    if _HUB_ID.fullmatch(name) is None:
        raise MissingDependency(f"there is no folder {name}; to fetch a model into it: {fetch_command(example, name)}")
    hub = package("huggingface_hub")
    try:
        folder = Path(hub.snapshot_download(name, local_files_only=True))
        if not missing_files(folder, needed):
            return folder
    except Exception:  # not in the cache; the hub's library has many errors for that
        pass
    try:
        return Path(hub.snapshot_download(name, allow_patterns=list(WANTED)))
    except Exception as error:  # no network, no such id, gated, offline: all say that the model is not here
        reason = f"{type(error).__name__}: {error}".split("\n")[0]
        raise MissingDependency(
            f"{name} is not on this machine and could not be fetched ({reason}); try: {fetch_command(name)}; "
            f"or, if it is meant as a folder: {fetch_command(example, name)}"
        ) from error


def _model_type(folder: Path) -> str:
    """What config.json says the model is. Raises BackendFailed where it cannot be read."""
    try:
        told = json.loads((folder / "config.json").read_text())
    except (OSError, ValueError, RecursionError) as error:
        raise BackendFailed(f"config.json in {folder} cannot be read: {error}") from error
    return str(told.get("model_type")) if isinstance(told, dict) else "None"


def _check_weights(folder: Path) -> None:
    """Reads the heads of the weights: a cut or broken file raises BackendFailed now, not after minutes."""
    opened = package("safetensors")
    for path in sorted(folder.glob("model*.safetensors")):
        try:
            with opened.safe_open(path, "pt"):
                pass
        except (OSError, opened.SafetensorError) as error:
            raise BackendFailed(f"{path.name} in {folder} is broken ({error}); fetch it anew") from error


WANTED = ("*.json", "*.txt", "*.jinja", "model*.safetensors")
WEIGHTS: Needed = (("config.json",), ("model*.safetensors",))
EXTRAS = {"segment_anything": "sam"}  # where a package is not in the extra "diffusion"
