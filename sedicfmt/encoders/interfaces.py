"""What crosses the border between the encoder's stages: numpy arrays and plain frozen dataclasses, no back end's types.

A picture is uint8 RGB of shape (height, width, 3); a mask is uint8 0/1 of shape (height, width), row 0 at the top; a box
is in pixels from the top left corner. Each stage is a protocol of one method, so that a back end is a small class:

    Describer   picture -> words for the whole and for each object     (paper 3.1: Text_all, Text_d)
    Grounder    picture, phrases -> where each phrase is, None where it is not there: a hallucination (paper 3.1)
    Segmenter   picture, boxes -> the mask of what each box frames     (paper 3.1: semantic masks)

A describer that knows where its objects are says so (`pixels`, `box`); grounding and segmentation fill what is None.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from sedicfmt.errors import EncodeError
from sedicfmt.picture import Picture, Pixels


@dataclass(frozen=True)
class Box:
    """Pixels from the picture's top left corner; right and bottom lie just outside."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def area(self) -> float:
        """Square pixels, 0 for a box turned inside out."""
        return max(0.0, self.right - self.left) * max(0.0, self.bottom - self.top)


@dataclass(frozen=True)
class Detection:
    """Something found: its class or phrase, how certain (0 to 1), and where."""

    name: str
    score: float
    box: Box


@dataclass(frozen=True, eq=False)  # eq=False: numpy arrays have no single truth value
class DescribedObject:
    """One object: `text` is its Text_d and begins with what it is; `pixels` and `box` are None where nobody knows yet."""

    name: str
    text: str
    pixels: Pixels | None = None
    box: Box | None = None
    score: float = 1.0


@dataclass(frozen=True, eq=False)
class Description:
    """Text_all, the objects in the order they are restored, and what the back end wants to report (seconds, warnings)."""

    overall: str
    objects: tuple[DescribedObject, ...] = ()
    report: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class DescribeRequest:
    """How much may be said: at most `objects` objects; words are what `words.py` counts. And what is known of the picture.

    `image_name`: its path, None where it has none; `orientation`: EXIF's, 1 to 8, by which it was turned before.
    `on_part`: told what the describer is doing, as each part of its work begins; it decides nothing.
    """

    objects: int = 3
    words_object: int = 30
    words_overall: int = 50
    image_name: str | None = None
    orientation: int = 1
    on_part: Callable[[str], None] = field(default=lambda part: None, compare=False, repr=False)

    def numbers(self) -> dict[str, int]:
        """The limits by name."""
        return {"objects": self.objects, "words_object": self.words_object, "words_overall": self.words_overall}


class Describer(Protocol):
    """Says in words what a picture shows, within the request's limits. One describer is asked for any number of pictures.

    One with an attribute `names_only` that is True says what objects there are, and never where: without a grounder it is
    asked for none.
    """

    def describe(self, image: Picture, request: DescribeRequest) -> Description: ...


class Grounder(Protocol):
    """Finds phrases in a picture: one answer a phrase, in order; None tags the phrase as a hallucination."""

    def ground(self, image: Picture, phrases: Sequence[str]) -> tuple[Detection | None, ...]: ...


class Segmenter(Protocol):
    """Masks of what boxes frame: one full-size mask a box, in order. All boxes at once, as back ends embed a picture once."""

    def segment(self, image: Picture, boxes: Sequence[Box]) -> tuple[Pixels, ...]: ...


def require_picture(image: Picture) -> None:
    """Raises EncodeError unless `image` is uint8 RGB of shape (height, width, 3) with at least one pixel."""
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or image.size == 0:
        raise EncodeError(f"a picture is uint8 RGB of shape (height, width, 3), not {image.dtype} of {image.shape}")
