"""Where a model's files are, and whether they are all there, before anything heavy begins.

A model is named by a folder, or by its id on the Hugging Face hub. A file within a hub model is named "owner/name:file". An
id is looked up in the hub's cache on this machine; only where it is not there, and HF_HUB_OFFLINE is not set, is it fetched,
and of it only what is needed. Whatever is missing ends as MissingDependency (exit code 8) with the command that fetches it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sedicfmt.errors import MissingDependency
from sedicfmt.networks.model_folder import Needed, missing_files
from sedicfmt.networks.packages import package

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


@dataclass(frozen=True)
class ModelFiles:
    """What a model consists of. `needed`: its files; `fetched`: patterns of what is fetched from the hub, the second ones
    where the first did not bring all that is needed; `advised`: the patterns in the command that a message names."""

    needed: Needed
    fetched: tuple[tuple[str, ...], ...]
    advised: tuple[str, ...]


def find_folder(name: str, files: ModelFiles, instead: str | None = None, revision: str | None = None) -> Path:
    """The complete folder of the model called `name`.

    `instead`: a hub id to name in the advice where `name` is a folder that is not there. Raises MissingDependency.
    """
    folder = Path(name).expanduser()
    command = fetch_command(instead or "OWNER/NAME", files, revision, folder)
    if not folder.is_dir() and is_hub_id(name):
        try:
            return _from_hub(name, files, revision)
        except MissingDependency as error:
            error.message += f"; or, if {name} is meant as a folder: {command}" if instead not in (None, name) else ""
            raise
    if not folder.is_dir():
        raise MissingDependency(f"there is no folder {name}; to fetch a model into it: {command}")
    missing = missing_files(folder, files.needed)
    if missing:
        raise MissingDependency(f"{name} lacks {', '.join(missing)}; to fetch the model anew: {command}")
    return folder


def find_file(name: str, instead: str | None = None, revision: str | None = None) -> Path:
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
    command, hub = fetch_file_command(name, revision), package("huggingface_hub")
    return Path(_cached_or_fetched(name, command, hub.hf_hub_download, model, file, revision=revision))


def is_hub_id(name: str) -> bool:
    """Has the form "owner/name"."""
    return HUB_ID.fullmatch(name) is not None


def fetch_command(name: str, files: ModelFiles, revision: str | None = None, folder: Path | None = None) -> str:
    """The shell command that fetches what is needed of a hub model, into the hub's cache or `folder`."""
    chosen = [f"--revision {revision}"] if revision else []
    where = [f"--local-dir {folder}"] if folder else []
    return " ".join(["hf download", name, *chosen, *(f"--include '{pattern}'" for pattern in files.advised), *where])


def fetch_file_command(name: str, revision: str | None = None) -> str:
    """The shell command that fetches the file "owner/name:file" into the hub's cache."""
    return f"hf download {name.replace(':', ' ', 1)}" + (f" --revision {revision}" if revision else "")


def _from_hub(name: str, files: ModelFiles, revision: str | None) -> Path:
    """The hub model's folder in the cache, fetched if need be."""
    hub = package("huggingface_hub")
    command = fetch_command(name, files, revision)
    try:
        folder = Path(hub.snapshot_download(name, revision=revision, local_files_only=True))
    except Exception:  # not in the cache; the hub's library has many errors for that
        folder = Path()
    for patterns in files.fetched:
        if folder.name and not missing_files(folder, files.needed):
            return folder
        how = {"revision": revision, "allow_patterns": list(patterns)}
        folder = Path(_cached_or_fetched(name, command, hub.snapshot_download, name, **how))
    missing = missing_files(folder, files.needed)
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
