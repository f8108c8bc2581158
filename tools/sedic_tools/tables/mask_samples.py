"""Cells of COCO masks as samples for the context tree: what the tests of a cell can ask, and the cell's value.

Objects of the fit photos, drawn at a random size (so that one tree serves all grids), turned and mirrored at random, alone or
beside other objects of their photo as the earlier ones. The numbers are drawn with Philox from a seed that the photo's
name gives: the same folder gives the same samples.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from sedicfmt.bitcoding.bitmap import Bitmap, cells_of
from sedicfmt.bitcoding.context_planes import Planes, offset
from sedicfmt.bitcoding.context_tree import BEGUN, CELL, EARLIER, OUTSIDE, Test
from sedicfmt.segments.mask_grid import downscale

HELD_OUT = 64  # a photo is held out if the first byte of SHA-256 of its file name is below this
SMALLEST_AREA = 500  # pixels; smaller polygons are too coarse to be enlarged
SIDES = (8.0, 48.0)  # cells: the square root of a drawn object's area
DRAWN = 8  # pixels a cell
MOST_PIXELS = 1 << 20  # of the enlarged photo


@dataclass(frozen=True)
class Photo:
    """A photo's size in pixels and its objects: (area, polygons)."""

    name: str
    width: int
    height: int
    objects: tuple[tuple[float, list[list[float]]], ...]

    @property
    def held_out(self) -> bool:
        return hashlib.sha256(self.name.encode()).digest()[0] < HELD_OUT

    def mask(self, j: int, zoom: float = 1.0) -> Bitmap:
        """Pixels of object j, uint8 0/1, of the photo enlarged by `zoom`."""
        size = max(1, round(self.width * zoom)), max(1, round(self.height * zoom))
        return draw([[number * zoom for number in polygon] for polygon in self.objects[j][1]], *size)


def photos(folder: Path) -> list[Photo]:
    """The photos that have annotations, in the order of their names; objects given as polygons only, crowds left out."""
    annotations = json.loads((folder / "train" / "coco" / "instances.json").read_text("utf-8"))
    objects: dict[int, list[tuple[float, list[list[float]]]]] = {}
    for item in annotations["annotations"]:
        if not item["iscrowd"] and isinstance(item["segmentation"], list):
            objects.setdefault(item["image_id"], []).append((item["area"], item["segmentation"]))
    images = sorted(annotations["images"], key=lambda image: image["file_name"])
    return [Photo(i["file_name"], i["width"], i["height"], tuple(objects.get(i["id"], ()))) for i in images]


def draw(polygons: list[list[float]], width: int, height: int) -> Bitmap:
    """The pixels inside COCO polygons (x, y, x, y ...), uint8 0/1 (height, width)."""
    picture = Image.new("L", (width, height))
    pen = ImageDraw.Draw(picture)
    for polygon in polygons:
        pen.polygon(polygon, fill=1)
    return np.asarray(picture)


def bitmaps(photo: Photo, times: int) -> Iterator[tuple[Bitmap, Bitmap | None]]:
    """(cells, earlier cells or None), `times` for each object of a photo that is large enough."""
    seed = int.from_bytes(hashlib.sha256(photo.name.encode()).digest()[8:16], "big")
    random = np.random.Generator(np.random.Philox(key=seed))
    for j, (area, _) in enumerate(photo.objects):
        for _ in range(times if area >= SMALLEST_AREA else 0):
            side = area**0.5
            cells = np.exp(random.uniform(np.log(SIDES[0]), np.log(max(SIDES[0], min(SIDES[1], side)))))
            zoom = min(DRAWN * cells / side, (MOST_PIXELS / (photo.width * photo.height)) ** 0.5)
            turn, others = int(random.integers(8)), _others(photo, j, random)
            grid = downscale(photo.mask(j, zoom), DRAWN)
            earlier = [downscale(photo.mask(other, zoom), DRAWN) for other in others]
            yield _turned(grid, turn), _turned(np.maximum.reduce(earlier), turn) if earlier else None


def _others(photo: Photo, j: int, random: np.random.Generator) -> list[int]:
    """The objects that come before j, half of the time: a random share of those of a quarter of its size or more."""
    large = [i for i, (area, _) in enumerate(photo.objects) if i != j and area > photo.objects[j][0] / 4]
    share = random.uniform(-1, 1)
    return [i for i in large if random.uniform() < share]


def _turned(cells: Bitmap, turn: int) -> Bitmap:
    cells = cells.T if turn & 4 else cells
    return np.ascontiguousarray(cells[:: -1 if turn & 2 else 1, :: -1 if turn & 1 else 1])


def samples(grid: Bitmap, earlier: Bitmap | None, tests: list[Test]) -> tuple[np.ndarray, np.ndarray]:
    """Answers, one row a cell with the value in the last column, uint8 (n, tests + 1), and how often each row occurs."""
    cells = cells_of(grid)
    planes = Planes(cells.shape, None if earlier is None else cells_of(earlier))
    planes.fill(cells)
    positions, bits = planes.positions(), np.frombuffer(planes.bits, np.uint8)
    columns = [bits[positions + offset(test, planes.stride, planes.size)] for test in tests]
    packed = np.packbits(np.stack([*columns, grid.ravel()], axis=1), axis=1)
    return unique(packed, np.ones(len(packed), np.int64))


def unique(packed: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Equal rows of uint8 (n, bytes) joined, their counts added, in lexicographic order."""
    keys = np.ascontiguousarray(packed).view(f"V{packed.shape[1]}").ravel()
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    return packed[first], np.bincount(inverse, counts).astype(np.int64)


TESTS: list[Test] = [
    *[(CELL, row, column) for row, reach in ((-1, 9), (-2, 7), (-3, 6), (-4, 5), (-5, 4), (-6, 3))
      for column in range(-reach, reach + 1)],
    *[(CELL, 0, column) for column in range(-10, 0)],
    *[(OUTSIDE, 0, column) for column in range(-8, 9) if column],
    *[(OUTSIDE, row, 0) for row in range(-6, 7) if row],
    *[(EARLIER, row, column) for row in range(-2, 4) for column in range(-3, 4)],
    (BEGUN, 0, -1),
]  # fmt: skip
