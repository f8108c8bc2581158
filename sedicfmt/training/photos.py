"""Photos as training crops: a folder of pictures in, random 256x256 crops out.

Every crop takes a random window of a random photo and scales it to the crop's size. Photos that were scaled down
for a data set are busier per pixel than the pictures people compress; windows smaller than the crop make up for it.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from PIL import Image

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}


def find_photos(folder: Path) -> list[Path]:
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


class CropSource:
    """Random crops, float32 in 0..255, shape (batch, 3, size, size); its generator's state is part of a checkpoint."""

    def __init__(self, paths: list[Path], size: int = 256, seed: int = 1, smallest: float = 0.6, largest: float = 1.7):
        self.images = [Image.open(p).convert("RGB") for p in paths]
        self.images = [im for im in self.images if min(im.size) >= size * smallest]
        self.size, self.smallest, self.largest = size, smallest, largest
        self.rng = np.random.default_rng(seed)
        areas = np.array([im.width * im.height for im in self.images], float) ** 0.5
        self.weights = areas / areas.sum()

    def crop(self) -> np.ndarray:
        """One crop, uint8, shape (size, size, 3)."""
        im = self.images[self.rng.choice(len(self.images), p=self.weights)]
        most = min(self.largest, min(im.size) / self.size)
        side = self.size * self.rng.uniform(self.smallest, most)
        left, top = self.rng.uniform(0, im.width - side), self.rng.uniform(0, im.height - side)
        box = (left, top, min(left + side, im.width), min(top + side, im.height))
        out = im.resize((self.size,) * 2, Image.Resampling.BICUBIC, box=box)
        pixels = np.asarray(out)
        return pixels[:, ::-1] if self.rng.random() < 0.5 else pixels

    def batch(self, count: int) -> np.ndarray:
        """`count` crops, float32 0..255, shape (count, 3, size, size)."""
        return np.stack([self.crop() for _ in range(count)]).transpose(0, 3, 1, 2).astype(np.float32)
