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
    each = [(kind, f"objects[{j}].{name}") for j in range(objects) for kind, name in OF_AN_OBJECT]
    return [*OF_THE_PICTURE, *each]


def objects_of(segments: int) -> int:
    """How many objects that many segments hold whole."""
    return max(0, segments - len(OF_THE_PICTURE)) // len(OF_AN_OBJECT)


def whole_stages(segments: tuple[Segment, ...]) -> tuple[Segment, ...]:
    """The longest declared prefix (C-14): the latent, then the overall text, then text and mask of object by object."""
    count = len(segments)
    if count < len(OF_THE_PICTURE):
        return segments[:LATENT] if count >= LATENT else ()
    return segments[: len(OF_THE_PICTURE) + objects_of(count) * len(OF_AN_OBJECT)]


# The layout, in the file's order: kind and path.
OF_THE_PICTURE = (("latent.z", "z"), ("latent.y", "y"), ("text.overall", "text"))
OF_AN_OBJECT = (("text.object", "text"), ("mask", "mask"))
LATENT = 2  # how many of the first make a picture already
