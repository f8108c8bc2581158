"""Where a model's files are, and whether they are all there, before anything heavy begins.

A model is named by a folder as diffusers saves it, or by its id on the Hugging Face hub. A file within a hub model is
named "owner/name:file". An id is looked up in the hub's cache on this machine; only where it is not there, and
HF_HUB_OFFLINE is not set, is it fetched. Whatever is missing ends as MissingDependency (exit code 8) with the command
that fetches it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from sedicfmt.errors import MissingDependency
from sedicfmt.installing import install_extra

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


def package(name: str) -> Any:
    """The module `name`. Raises MissingDependency, with the command that installs it, where it is not installed."""
    try:
        module = import_module(name)
    except ImportError as error:
        raise MissingDependency(f"diffusion models need the package {name}: {install_extra('diffusion')}") from error
    if name in ("diffusers", "transformers"):
        module.utils.logging.disable_progress_bar()  # standard error is for our own progress
    return module


def find_folder(name: str, parts: Sequence[str], revision: str | None = None, instead: str | None = None) -> Path:
    """The complete folder of the model called `name`, of which `parts` are needed ("" stands for the folder itself).

    `instead`: a hub id to name in the advice where `name` is a folder that is not there. Raises MissingDependency.
    """
    folder = Path(name).expanduser()
    command = fetch_command(instead or "OWNER/NAME", revision, parts, folder)
    if not folder.is_dir() and is_hub_id(name):
        try:
            return from_hub(name, parts, revision)
        except MissingDependency as error:
            error.message += f"; or, if {name} is meant as a folder: {command}" if instead not in (None, name) else ""
            raise
    if not folder.is_dir():
        raise MissingDependency(f"there is no folder {name}; to fetch a model into it: {command}")
    missing = missing_files(folder, parts)
    if missing:
        raise MissingDependency(f"{name} lacks {', '.join(missing)}; to fetch the model anew: {command}")
    return folder


def find_file(name: str, revision: str | None = None, instead: str | None = None) -> Path:
    """The file `name`: a path, or "owner/name:file" on the hub. `instead`: the hub's name of what to advise for a path
    that is not there. Raises MissingDependency."""
    path = Path(name).expanduser()
    model, colon, file = name.partition(":")
    if path.is_file():
        return path
    if not colon or not is_hub_id(model):
        source = (instead or f"OWNER/NAME:{path.name}").replace(":", " ")
        command = f"hf download {source} --local-dir {path.parent}"
        raise MissingDependency(f"there is no file {name}; to fetch one: {command}")
    command = f"hf download {model} {file}" + (f" --revision {revision}" if revision else "")
    hub = package("huggingface_hub")
    return Path(_cached_or_fetched(name, command, hub.hf_hub_download, model, file, revision=revision))


def from_hub(name: str, parts: Sequence[str], revision: str | None) -> Path:
    """The hub model's folder in the cache; fetched, its .safetensors first and .bin where it has none, if need be."""
    hub = package("huggingface_hub")
    command = fetch_command(name, revision, parts)
    try:
        folder = Path(hub.snapshot_download(name, revision=revision, local_files_only=True))
    except Exception:  # not in the cache; the hub's library has many errors for that
        folder = Path()
    for patterns in (SAFE, (*SAFE, *PICKLED)):
        if folder.name and not missing_files(folder, parts):
            return folder
        how = {"revision": revision, "allow_patterns": [*WORDS, *patterns]}
        folder = Path(_cached_or_fetched(name, command, hub.snapshot_download, name, **how))
    missing = missing_files(folder, parts)
    if missing:
        raise MissingDependency(f"{name} lacks {', '.join(missing)}; to fetch it: {command}")
    return folder


def _cached_or_fetched(name: str, command: str, fetch: Callable[..., str], *args: Any, **how: Any) -> str:
    """What `fetch` gives, from the cache or the network, its errors told as a missing model."""
    try:
        return fetch(*args, **how)
    except Exception as error:  # no network, no such id, gated, offline: all say that the model is not here
        reason = f"{type(error).__name__}: {error}".split("\n")[0]
        raise MissingDependency(
            f"{name} is not on this machine and could not be fetched ({reason}); try: {command}"
        ) from error


def missing_files(folder: Path, parts: Sequence[str]) -> list[str]:
    """What `folder` lacks of the files of `parts`, with "or" between those of which one is enough."""
    missing = []
    for part in parts:
        for choice in FILES[Path(part).name]:
            if not any(list((folder / part).glob(pattern)) for pattern in choice):
                missing.append(" or ".join(_inside(part, pattern) for pattern in choice))
    return missing


def variant(folder: Path) -> str | None:
    """ "fp16" where a part's weights are only there in the files of that variant, else None."""
    names = [path.name for path in folder.glob("*model*") if path.suffix in (".safetensors", ".bin")]
    return "fp16" if names and all(".fp16." in name for name in names) else None


def is_hub_id(name: str) -> bool:
    """Has the form "owner/name"."""
    return _HUB_ID.fullmatch(name) is not None


def fetch_command(name: str, revision: str | None, parts: Sequence[str], folder: Path | None = None) -> str:
    """The shell command that fetches what is needed of a hub model, into the hub's cache or `folder`."""
    wanted = (*WORDS, *SAFE, *(PICKLED if "" in parts else ()))  # ControlNets are often published as .bin alone
    chosen = [f"--revision {revision}"] if revision else []
    where = [f"--local-dir {folder}"] if folder else []
    return " ".join(["hf download", name, *chosen, *(f"--include '{pattern}'" for pattern in wanted), *where])


def _inside(part: str, file: str) -> str:
    return f"{part}/{file}" if part else file


_DIFFUSERS_WEIGHTS = ("diffusion_pytorch_model*.safetensors", "diffusion_pytorch_model*.bin")

# For each part of a model folder: what it needs, each a choice of patterns.
FILES: dict[str, tuple[tuple[str, ...], ...]] = {
    "": (("config.json",), _DIFFUSERS_WEIGHTS),  # a ControlNet, which is a folder of its own
    "unet": (("config.json",), _DIFFUSERS_WEIGHTS),
    "vae": (("config.json",), _DIFFUSERS_WEIGHTS),
    "text_encoder": (("config.json",), ("model*.safetensors", "pytorch_model*.bin")),
    "tokenizer": (("vocab.json", "tokenizer.json"), ("merges.txt", "tokenizer.json")),
    "scheduler": (("scheduler_config.json",),),
}

# What to fetch: beside these, published models have whole checkpoints and other types, many GB of them.
WORDS = ("*.json", "*.txt")
SAFE = ("*diffusion_pytorch_model.safetensors", "text_encoder/model.safetensors")
PICKLED = ("*diffusion_pytorch_model.bin", "text_encoder/pytorch_model.bin")
