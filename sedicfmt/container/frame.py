"""What the container knows of a file: header values and payloads, each with its kind and place."""

from __future__ import annotations

from dataclasses import dataclass

from sedicfmt.model import Extension


@dataclass(frozen=True)
class Segment:
    """One payload. `path` names it in errors and reports, `offset` is its first byte in the file."""

    kind: str
    path: str
    payload: bytes
    offset: int = 0


@dataclass(frozen=True)
class Frame:
    """A file taken apart, payloads not yet decoded. `complete` is False for a prefix, which lacks segments and check."""

    width: int
    height: int
    model_id: int
    latent_scale: int
    seed: int
    segments: tuple[Segment, ...]
    extensions: tuple[Extension, ...] = ()
    version: int = 1
    complete: bool = True


def segment_kinds(objects: int) -> list[tuple[str, str]]:
    """(kind, path) of every segment of a file with that many objects, in the file's order (C-6)."""
    kinds = [("latent.z", "z"), ("latent.y", "y"), ("text.overall", "text")]
    for j in range(objects):
        kinds += [("text.object", f"objects[{j}].text"), ("mask", f"objects[{j}].mask")]
    return kinds
