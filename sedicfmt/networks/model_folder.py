"""A model's folder looked at without loading it: is everything there, what does its config say, are the weights whole."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sedicfmt.errors import BackendFailed
from sedicfmt.networks.packages import package

Needed = tuple[tuple[str, ...], ...]  # files, each a choice of patterns within the folder


def missing_files(folder: Path, needed: Needed) -> list[str]:
    """What `folder` lacks, with "or" between those of which one is enough."""
    return [" or ".join(choice) for choice in needed if not any(any(folder.glob(pattern)) for pattern in choice)]


def read_config(folder: Path) -> dict[str, Any]:
    """What config.json says; nothing where it is no object. Raises BackendFailed where it cannot be read."""
    try:
        told = json.loads((folder / "config.json").read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise BackendFailed(f"{folder / 'config.json'} cannot be read: {error}") from error
    return told if isinstance(told, dict) else {}


def check_weights(folder: Path, patterns: Iterable[str]) -> None:
    """Reads the heads of the .safetensors files that fit `patterns`: a cut or broken one raises BackendFailed now, not after
    minutes. Raises MissingDependency without the package safetensors."""
    opened = package("safetensors")
    for path in sorted(path for pattern in patterns for path in folder.glob(pattern)):
        try:
            with opened.safe_open(path, "pt"):
                pass
        except (OSError, opened.SafetensorError) as error:
            told = f"{path.relative_to(folder)} in {folder} is broken ({error}); fetch it anew"
            raise BackendFailed(told) from error
