"""What the restorer sees in training: windows of photos, with the words and the object's cells that a decoder would have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from sedicfmt.decoders.nano.words import FIRST_WORD, UNKNOWN, encode, numbers_of_words
from sedicfmt.training.packed import load_photos
from sedicfmt.training.run import RunSettings
from sedicfmt.training.scenes import CELL, NOTHING, Scene, load_scene


@dataclass
class ExampleSettings(RunSettings):
    """What examples are made of."""

    held_out: str = ""  # photos below a folder of this name, every 20th of them, are never trained on
    scenes: str = ""  # a folder of `training.scenes`; photos that it lacks come without words
    smallest: float = (
        0.6  # a window's side beside the crop's: photos of data sets are scaled down, and busier than others
    )
    largest: float = 1.7
    drop_text: float = 0.15
    drop_word: float = 0.03
    object_text: float = 0.35
    restored_share: float = 0.5  # of the crops with an object: the control shows it restored, words are the whole's


@dataclass
class Example:
    """One crop: uint8 photo (c, c, 3); word numbers; the cells (c / 8, c / 8) of the object they name, or None.

    `before`: word numbers and cells of an object that is to be restored in the control first, as the loop does, or None.
    """

    photo: np.ndarray
    numbers: np.ndarray
    cells: np.ndarray | None
    before: tuple[np.ndarray, np.ndarray] | None = None

    def flipped(self, number_of: Callable[[np.ndarray], np.ndarray]) -> Example:
        """Left is right; `number_of` gives the words' new numbers."""
        cells = None if self.cells is None else self.cells[:, ::-1]
        before = None if self.before is None else (number_of(self.before[0]), self.before[1][:, ::-1])
        return Example(self.photo[:, ::-1], number_of(self.numbers), cells, before)


class ExampleSource:
    """Random examples of the photos in a folder or a pack, all held in memory."""

    def __init__(self, data: Path, settings: ExampleSettings):
        self.s = settings
        photos = load_photos(data, settings.held_out)
        self.images, self.digest = photos.images, photos.digest
        found = {path.stem: path for path in sorted(Path(settings.scenes).glob("*.npz"))} if settings.scenes else {}
        self.scenes = [load_scene(found[name]) if name in found else NOTHING for name in photos.names]
        areas = np.array([im.width * im.height for im in self.images], float) ** 0.5
        self.weights = areas / areas.sum()
        self.mirrored = np.arange(len(numbers_of_words()) + FIRST_WORD)
        left, right = (numbers_of_words()[word] for word in ("left", "right"))
        self.mirrored[[left, right]] = right, left

    def example(self, rng: np.random.Generator, crop: int) -> Example:
        """A random window of a random photo as a crop of `crop` pixels a side, flipped half of the time."""
        number = rng.choice(len(self.images), p=self.weights)
        image, scene = self.images[number], self.scenes[number]
        side = min(crop * rng.uniform(self.s.smallest, self.s.largest), *image.size)
        left, top = rng.uniform(0, image.width - side), rng.uniform(0, image.height - side)
        box = (left, top, min(left + side, image.width), min(top + side, image.height))
        photo = np.asarray(image.resize((crop, crop), Image.Resampling.BICUBIC, box=box))
        example = self.with_words(photo, scene, seen_cells(scene.masks, left, top, side, crop), rng)
        return example if rng.random() < 0.5 else example.flipped(lambda numbers: self.mirrored[numbers])

    def with_words(self, photo: np.ndarray, scene: Scene, masks: np.ndarray, rng: np.random.Generator) -> Example:
        """The crop with the words of nothing, of an object in it, or of the whole."""
        inside = [j for j, mask in enumerate(masks) if 0.04 < mask.mean() < 0.96]
        overall = self.encode(scene.overall[rng.integers(len(scene.overall))], rng)
        draw = rng.random()
        if draw < self.s.drop_text:
            return Example(photo, encode("")[0], None)
        if not inside or draw > self.s.drop_text + self.s.object_text:
            return Example(photo, overall, None)
        j = inside[rng.integers(len(inside))]
        numbers, cells = self.encode(scene.objects[j], rng), masks[j]
        if rng.random() < self.s.restored_share:
            return Example(photo, overall, None, (numbers, cells))
        return Example(photo, numbers, cells)

    def encode(self, text: str, rng: np.random.Generator) -> np.ndarray:
        """Numbers of a text, some words unknown, so that unknown ones do no harm."""
        numbers = encode(text)[0]
        return np.where((numbers > UNKNOWN) & (rng.random(numbers.shape) < self.s.drop_word), UNKNOWN, numbers)


def seen_cells(masks: np.ndarray, left: float, top: float, side: float, crop: int) -> np.ndarray:
    """Masks of a photo's cells (n, rows, columns) -> those of a window's, (n, crop / 8, crop / 8), by the cells' middles."""
    middles = (np.arange(crop // CELL) + 0.5) * side / (crop // CELL)
    rows = np.minimum((top + middles) // CELL, masks.shape[1] - 1).astype(int)
    columns = np.minimum((left + middles) // CELL, masks.shape[2] - 1).astype(int)
    return masks[:, rows[:, None], columns]
