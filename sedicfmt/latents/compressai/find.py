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
from sedicfmt.latents.compressai.checkpoint import SUFFIXES, load
from sedicfmt.latents.compressai.payload import Maker

VARIABLE = "SEDIC_CHECKPOINTS"


def check_same(maker: Maker, architecture: str, digest: bytes, name: str) -> None:
    """Raises BackendFailed where a file was made with another architecture or checkpoint than the one `name`d."""
    mine, its = f"{architecture} {digest.hex()}", f"{maker.architecture} {maker.checkpoint.hex()}"
    if mine != its:
        raise BackendFailed(f"{name} is {mine}; this file was made with {its} and cannot be decoded with another", "z")


def find(maker: Maker) -> Any:
    """The network that made a file. Raises BackendFailed that says which it is and what to do."""
    named = [Path(part).expanduser() for part in os.environ.get(VARIABLE, "").split(os.pathsep) if part]
    return _find(maker.architecture, maker.checkpoint, (*named, Path(torch.hub.get_dir()) / "checkpoints"))


@lru_cache(maxsize=2)  # a folder of files is mostly of one checkpoint
def _find(architecture: str, digest: bytes, places: tuple[Path, ...]) -> Any:
    for path in _candidates(architecture, places):
        try:
            loaded = load(architecture, str(path))
        except (SedicError, OSError):  # of another architecture, or something else altogether
            continue
        if loaded.digest == digest:
            return loaded.net
    raise BackendFailed(  # of this file alone: a folder's other files go on
        f"the picture was made by compressai's {architecture} with the checkpoint {digest.hex()}, which is not on this "
        f"machine; name it with --model compressai:{architecture}@FILE, or set {VARIABLE} to a folder that holds it",
        "z",
    )


def _candidates(architecture: str, places: tuple[Path, ...]) -> Iterator[Path]:
    """Files that may be checkpoints, those named after the architecture first."""
    found = list[Path]()
    for place in places:
        found += sorted(place.iterdir()) if place.is_dir() else [place]
    files = [path for path in found if path.is_file() and path.name.endswith(SUFFIXES)]
    yield from sorted(files, key=lambda path: architecture not in path.name.replace("_", "-"))
