"""Photos as training crops: a folder of pictures, or a pack of them (`packed.py`), in; random square crops out.

Every crop takes a random window of a random photo and scales it to the crop's size. Photos that were scaled down
for a data set are busier per pixel than the pictures people compress; windows smaller than the crop make up for it.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}


def photos_below(folder: Path) -> list[Path]:
    """All pictures below `folder`, in a stable order. Raises FileNotFoundError where there is none."""
    found = sorted(p for p in Path(folder).rglob("*") if p.suffix.lower() in SUFFIXES)
    if not found:
        raise FileNotFoundError(f"no photo ({', '.join(sorted(SUFFIXES))}) below {folder}")
    return found


def digest(paths: list[Path]) -> str:
    """SHA-256 over the names and contents of the training photos, for the model card."""
    total = hashlib.sha256()
    for path in paths:
        total.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def held_out(paths: list[Path], folder: str) -> list[Path]:
    """Every 20th of the photos that stand below a folder of that name, in order; none if `folder` is empty."""
    return [p for p in paths if folder in p.parts][::20]


def without_held_out(paths: list[Path], folder: str) -> list[Path]:
    """The photos to train on."""
    kept_apart = set(held_out(paths, folder))
    return [p for p in paths if p not in kept_apart]


@dataclass(frozen=True)
class CropShape:
    """Pixels a side, and how large the window is beside that, from `smallest` to `largest` of it."""

    size: int = 256
    smallest: float = 0.6
    largest: float = 1.7


class CropSource:
    """Random crops of `images`. Crop i of step n depends on (seed, n, i) alone, so threads may draw them in any order."""

    def __init__(self, images: list[Image.Image], shape: CropShape = CropShape(), seed: int = 1, threads: int = 0):
        self.shape, self.seed = shape, seed
        self.images = [im for im in images if min(im.size) >= shape.size * shape.smallest]
        if not self.images:
            raise FileNotFoundError(f"no photo has {shape.size * shape.smallest:.0f} pixels a side")
        areas = np.array([im.width * im.height for im in self.images], float) ** 0.5
        self.weights = areas / areas.sum()
        self.pool = ThreadPoolExecutor(threads) if threads else None
        self.ahead = dict[tuple[int, int], list[Future[np.ndarray]]]()

    def crop(self, step: int, number: int) -> np.ndarray:
        """One crop, uint8, shape (size, size, 3)."""
        rng, s = np.random.default_rng((self.seed, step, number)), self.shape
        im = self.images[rng.choice(len(self.images), p=self.weights)]
        side = s.size * rng.uniform(s.smallest, min(s.largest, min(im.size) / s.size))
        left, top = rng.uniform(0, im.width - side), rng.uniform(0, im.height - side)
        box = (left, top, min(left + side, im.width), min(top + side, im.height))
        pixels = np.asarray(im.resize((s.size,) * 2, Image.Resampling.BICUBIC, box=box))
        return pixels[:, ::-1] if rng.random() < 0.5 else pixels

    def batch(self, count: int, step: int) -> np.ndarray:
        """The crops of a step, float32 0..255, shape (count, 3, size, size); with threads, the next step's are begun."""
        if self.pool is None:
            crops = [self.crop(step, i) for i in range(count)]
        else:
            for n in (step, step + 1):
                if (n, count) not in self.ahead:
                    self.ahead[n, count] = [self.pool.submit(self.crop, n, i) for i in range(count)]
            crops = [future.result() for future in self.ahead.pop((step, count))]
        return np.stack(crops).transpose(0, 3, 1, 2).astype(np.float32)
