"""What a picture or a part of it shows, in ImageNet's 1000 words: names for what the detector's 80 classes leave out.

A class is named where it is LIKELY by itself and has the better part (MOST) of its general word's probability; else the
general word ("building" for church, palace, restaurant ...) where its classes are LIKELY together; else nothing. The
network was trained with smoothed labels, so its probabilities are low even for what it knows well. What the detector would
have found must be more likely (FOUND_BY_DETECTOR): in a photo without a dog the 118 kinds of dogs together easily reach 0.2.
How often the words are right: docs/offline.md, by tools/sedic_tools/pages/measure_names.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from sedicfmt.encoders.interfaces import Box
from sedicfmt.encoders.offline.efficientnet_numpy import EfficientNetLite, Floats
from sedicfmt.encoders.resized import resized
from sedicfmt.picture import Picture

LIKELY, FOUND_BY_DETECTOR, MOST = 0.3, 0.5, 0.6
LEAST_OF_KIND = 0.15  # for the kind of an animal that the detector has found
LONGER_SIDE = 320  # pixels of what the network sees
LEAST_SIDE = 32


@dataclass(frozen=True, eq=False)
class Seen:
    """Probabilities of the 1000 classes in the picture, (1000,), and at its places, (rows, columns, 1000)."""

    whole: Floats
    places: Floats


@dataclass(frozen=True)
class Name:
    """A word, how likely it is, and the numbers of the classes that it stands for."""

    word: str
    score: float
    classes: tuple[int, ...]


@dataclass
class Namer:
    """The classifier; its weights are read at first use."""

    network: EfficientNetLite = field(default_factory=EfficientNetLite)

    def look(self, picture: Picture) -> Seen:
        """Raises MissingDependency, BackendFailed."""
        scale = LONGER_SIDE / max(picture.shape[:2])
        width, height = (max(LEAST_SIDE, round(n * scale)) for n in picture.shape[1::-1])
        features = self.network.features(resized(picture, width, height))[-1]
        return Seen(_softmax(self.network.logits(features.mean((0, 1)))), _softmax(self.network.logits(features)))

    def look_at(self, picture: Picture, box: Box, margin: float = 0.15) -> Seen:
        """The part that a box frames, with a margin of its size."""
        wide, tall = margin * (box.right - box.left), margin * (box.bottom - box.top)
        left, top = max(0, int(box.left - wide)), max(0, int(box.top - tall))
        return self.look(picture[top : int(box.bottom + tall) + 1, left : int(box.right + wide) + 1])


def object_name(whole: Floats) -> Name | None:
    """The most telling word for a thing that probabilities (1000,) allow, None where they allow none."""
    things = np.where(_named(SCENES), 0, whole)
    best = int(things.argmax())
    own = _general_word(best)
    if things[best] >= _needed(own) and (own is None or things[best] >= MOST * share_of((own,), things)):
        return Name(class_names()[best], float(things[best]), (best,))
    word = max(general_words(), key=lambda word: share_of((word,), things))
    mass = share_of((word,), things)
    return Name(word, mass, general_words()[word]) if mass >= _needed(word) else None


def precise_name(general: tuple[str, ...], whole: Floats) -> str | None:
    """The kind of what is known to be one of some general words: a class that has the better part of their probability."""
    classes = [number for word in general for number in general_words()[word]]
    best = classes[int(whole[classes].argmax())]
    return class_names()[best] if whole[best] >= max(LEAST_OF_KIND, MOST * share_of(general, whole)) else None


def scene_name(whole: Floats) -> str | None:
    """The kind of landscape, where one is likely: a class by itself, or several together that mean a shore."""
    scenes = np.where(_named(SCENES), whole, 0)
    if scenes.max() >= LIKELY:
        return class_names()[int(scenes.argmax())]
    return "shore" if whole[_named(SHORES)].sum() >= LIKELY else None


def share_of(words: tuple[str, ...], whole: Floats) -> float:
    """How likely the classes of some general words are together."""
    return float(sum(whole[list(general_words()[word])].sum() for word in words))


@cache
def class_names() -> tuple[str, ...]:
    """The 1000 names, in the order of the network's answers."""
    return tuple(row[1] for row in _rows())


@cache
def class_numbers() -> tuple[str, ...]:
    """WordNet's numbers of the classes, in the same order."""
    return tuple(row[0] for row in _rows())


@cache
def general_words() -> dict[str, tuple[int, ...]]:
    """General words, each with the numbers of its classes."""
    words: dict[str, list[int]] = {}
    for number, row in enumerate(_rows()):
        if len(row) > 2 and row[1] not in SCENES:
            words.setdefault(row[2], []).append(number)
    return {word: tuple(numbers) for word, numbers in words.items()}


@cache
def _rows() -> list[list[str]]:
    text = resources.files("sedicfmt.encoders.offline").joinpath("imagenet_names.tsv").read_text("utf-8")
    return [line.split("\t") for line in text.splitlines() if not line.startswith("#")]


def _general_word(number: int) -> str | None:
    return next((word for word, classes in general_words().items() if number in classes), None)


def _needed(word: str | None) -> float:
    return FOUND_BY_DETECTOR if word in DETECTORS_WORDS else LIKELY


def _named(names: frozenset[str]) -> NDArray[np.bool_]:
    return np.array([name in names for name in class_names()])


def _softmax(logits: Floats) -> Floats:
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return np.asarray(powers / powers.sum(-1, keepdims=True))


SHORES = frozenset({"lakeside", "seashore", "sandbar", "headland"})
SCENES = SHORES | {"valley", "coral reef"}
DETECTORS_WORDS = (
    "airplane", "bear", "bench", "bicycle", "bird", "boat", "bus", "car", "cat", "chair", "couch", "cow", "dog", "elephant",
    "food", "horse", "motorcycle", "sheep", "train", "truck", "umbrella", "zebra",
)  # fmt: skip
