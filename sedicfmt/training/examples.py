"""What the restorer sees in training: crops of pairs, with the words and the object's cells that a decoder would have."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sedicfmt.decoders.nano_words import UNKNOWN, NanoWords, build_vocabulary
from sedicfmt.training.pairs import CELL, Pair, load_pair
from sedicfmt.training.run import RunSettings

PHASE = 32  # crops start at multiples of this: the reference's faults stand on the codec's grid


@dataclass
class ExampleSettings(RunSettings):
    """What examples are made of."""

    crop: int = 192
    drop_text: float = 0.15
    drop_word: float = 0.03
    object_text: float = 0.35
    restored_share: float = 0.25  # of the crops with an object: the control shows it restored, words are the whole's


@dataclass
class Example:
    """One crop: uint8 photo and control (c, c, 3); word numbers; the cells (c / 8, c / 8) of the object they name, or None.

    `before`: word numbers and cells of an object that is to be restored in the control first, as the loop does, or None.
    """

    photo: np.ndarray
    control: np.ndarray
    numbers: np.ndarray
    cells: np.ndarray | None
    before: tuple[np.ndarray, np.ndarray] | None = None

    def flipped(self, number_of: Callable[[np.ndarray], np.ndarray]) -> Example:
        """Left is right; `number_of` gives the words' new numbers."""
        cells = None if self.cells is None else self.cells[:, ::-1]
        before = None if self.before is None else (number_of(self.before[0]), self.before[1][:, ::-1])
        return Example(self.photo[:, ::-1], self.control[:, ::-1], number_of(self.numbers), cells, before)


class PairSource:
    """Random examples of a folder of pairs, all held in memory."""

    def __init__(self, folder: Path, settings: ExampleSettings):
        self.s = settings
        paths = sorted(folder.glob("*.npz"))
        self.pairs = [p for p in map(load_pair, paths) if min(p.photo.shape[:2]) >= settings.crop]
        if not self.pairs:
            raise FileNotFoundError(f"no pair of at least {settings.crop} pixels a side in {folder}")
        self.words = NanoWords(build_vocabulary(t for p in self.pairs for t in p.texts))
        self.mirrored = np.arange(len(self.words))
        left, right = (self.words.number.get(word, UNKNOWN) for word in ("left", "right"))
        self.mirrored[[left, right]] = right, left
        self.digest = hashlib.sha256("\n".join(f"{p.name} {p.stat().st_size}" for p in paths).encode()).hexdigest()
        areas = np.array([p.photo.shape[0] * p.photo.shape[1] for p in self.pairs], float) ** 0.5
        self.weights = areas / areas.sum()

    def example(self, rng: np.random.Generator) -> Example:
        """A random crop of a random photo, flipped half of the time."""
        pair, c = self.pairs[rng.choice(len(self.pairs), p=self.weights)], self.s.crop
        top, left = (int(rng.integers(0, (side - c) // PHASE + 1)) * PHASE for side in pair.photo.shape[:2])
        window = (slice(top, top + c), slice(left, left + c))
        grid = (slice(top // CELL, (top + c) // CELL), slice(left // CELL, (left + c) // CELL))
        photo, control = pair.photo[window], pair.references[rng.integers(len(pair.references))][window]
        numbers, cells = self.words_for(pair, grid, rng)
        before = None
        if cells is not None and rng.random() < self.s.restored_share:
            before, numbers, cells = (numbers, cells), self.encode(pair.texts[0], rng), None
        example = Example(photo, control, numbers, cells, before)
        return example if rng.random() < 0.5 else example.flipped(lambda numbers: self.mirrored[numbers])

    def words_for(
        self, pair: Pair, grid: tuple[slice, slice], rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Numbers of nothing, an object in the crop, or the whole; and the object's cells."""
        inside = [j for j, mask in enumerate(pair.masks) if 0.04 < mask[grid].mean() < 0.96]
        draw = rng.random()
        if draw < self.s.drop_text:
            return self.words.encode("")[0], None
        if inside and draw < self.s.drop_text + self.s.object_text:
            j = inside[rng.integers(len(inside))]
            return self.encode(pair.texts[1 + j], rng), pair.masks[j][grid]
        return self.encode(pair.texts[0], rng), None

    def encode(self, text: str, rng: np.random.Generator) -> np.ndarray:
        """Numbers of a text, some words unknown, so that unknown ones do no harm."""
        numbers = self.words.encode(text)[0]
        return np.where((numbers > UNKNOWN) & (rng.random(numbers.shape) < self.s.drop_word), UNKNOWN, numbers)
