"""Which checkpoint a file was made with: the one that the user named, or, by its digest, one on this machine.

Looked at are the files and folders that the environment variable SEDIC_CHECKPOINTS names, and torch's cache, where
CompressAI's zoo keeps what it fetched. Nothing is fetched for a file: what a file says decides no access to the network (S-2).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from sedicfmt.errors import BackendFailed, SedicError
from sedicfmt.latents.compressai.checkpoint import SUFFIXES, load, zoo
from sedicfmt.latents.compressai.payload import Maker

VARIABLE = "SEDIC_CHECKPOINTS"


def check_same(maker: Maker, architecture: str, digest: bytes, name: str) -> None:
    """Raises BackendFailed where a file was made with another architecture or checkpoint than the one `name`d."""
    mine, its = f"{architecture} {digest.hex()}", f"{maker.architecture} {maker.checkpoint.hex()}"
    if mine != its:
        raise BackendFailed(f"{name} is {mine}; this file was made with {its} and cannot be decoded with another", "z")


def find(maker: Maker) -> Any:
    """The network that made a file. Raises BackendFailed that says which it is and what to do, MissingDependency."""
    zoo()  # without it no checkpoint can be read
    for path in _candidates(maker.architecture):
        state = path.stat()
        if _digest(maker.architecture, str(path), (state.st_size, state.st_mtime_ns)) == maker.checkpoint:
            return load(maker.architecture, str(path)).net
    named = maker.checkpoint.hex()
    raise BackendFailed(  # of this file alone: a folder's other files go on
        f"the picture was made by compressai's {maker.architecture} with the checkpoint {named}, which is not on this "
        f"machine; name it with --model compressai:{maker.architecture}@FILE, or set {VARIABLE} to a folder that holds it",
        "z",
    )


@lru_cache(maxsize=256)  # of a folder of files each asks again
def _digest(architecture: str, path: str, state: tuple[int, int]) -> bytes | None:
    """A checkpoint's digest as long as its size and time stay; None of another architecture, or something else altogether."""
    try:
        return load(architecture, path).digest
    except (SedicError, OSError):
        return None


def _candidates(architecture: str) -> Iterator[Path]:
    """Files that may be checkpoints: of the user's all, those named after the architecture first; of torch's cache those."""

    def is_named(path: Path) -> bool:
        return path.name.replace("_", "-").startswith(architecture)

    places = [Path(part).expanduser() for part in os.environ.get(VARIABLE, "").split(os.pathsep) if part]
    own = [path for place in places for path in _files(place)]
    cached = [path for path in _files(Path(torch.hub.get_dir()) / "checkpoints") if is_named(path)]
    yield from sorted(own, key=lambda path: not is_named(path))
    yield from cached


def _files(place: Path) -> list[Path]:
    """A file, or those of a folder, whose names may be a checkpoint's; none of what cannot be looked at."""
    try:
        found = sorted(place.iterdir()) if place.is_dir() else [place]
        return [path for path in found if path.name.endswith(SUFFIXES) and path.is_file()]
    except OSError:
        return []
