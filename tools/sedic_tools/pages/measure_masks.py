"""Bytes and times of the mask coders on real objects: the tables of docs/masks.md.

    python -m sedic_tools.pages.measure_masks FOLDER [--all]

FOLDER holds COCO annotations, `train/coco/instances.json`. Objects of more than 96x96 pixels, polygons only, drawn
with Pillow, of the photos that the contexts were not fitted on (--all: of all photos); sizes are of the coder's data
without tag. "plain runs" are runs in raster order as Golomb-Rice or Exp-Golomb codes with the best parameter for each
object (4 bits): no coder of the format, but what the relative runs are measured against.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

from sedic_tools.tables.mask_samples import Photo, photos
from sedicfmt.bitcoding.bit_io import exp_golomb
from sedicfmt.bitcoding.bitmap import Bitmap, cells_of, joined
from sedicfmt.segments.mask import CODER_IDS, RELATIVE, decode_cells, encode_cells
from sedicfmt.segments.mask_grid import downscale

MIN_AREA = 96 * 96  # COCO's "large"
SCALES = (4, 8, 16, 1)
MOST_OBJECTS = 3  # of a file


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Bytes and times of the mask coders on COCO objects.")
    parser.add_argument("folder", type=Path, help="data folder that holds train/coco/instances.json")
    parser.add_argument("--all", action="store_true", help="also the photos that the contexts were fitted on")
    options = parser.parse_args(arguments)
    measured_photos = [photo for photo in photos(options.folder) if options.all or photo.held_out]
    print(f"{len(measured_photos)} photos, {len(large_objects(measured_photos, 64))} objects\n")
    print("| grid | coder | mean bytes | median | encode ms | decode ms |")
    print("|---|---|---|---|---|---|")
    for scale in SCALES:
        grids = large_objects(measured_photos, scale)
        for coder in (*(name for name in CODER_IDS if name != RELATIVE), "auto"):
            print(f"| 1/{scale} | {coder} | {measured(grids, coder)} |")
        sizes = [plain_run_bits(cells) / 8 for cells in grids]
        print(f"| 1/{scale} | plain runs | {np.mean(sizes):.1f} | {np.median(sizes):.0f} | | |")
    print("\n| grid | order | later objects | contexts | contexts-relative | the smaller |")
    print("|---|---|---|---|---|---|")
    for scale in (4, 8, 16):
        for order in ("largest first", "smallest first"):
            alone, *others = relative_bytes(files(measured_photos, scale, order))
            means = " | ".join(f"{np.mean(size):.2f}" for size in (alone, *others))
            print(f"| 1/{scale} | {order} | {len(alone)} | {means} |")
    return 0


def large_objects(some: list[Photo], scale: int) -> list[Bitmap]:
    """The grids, uint8 0/1, of all objects over MIN_AREA pixels."""
    return [grid for photo in some for grid in _large(photo, scale, len(photo.objects))]


def files(some: list[Photo], scale: int, order: str = "largest first") -> list[list[Bitmap]]:
    """Of each photo with two or more objects over MIN_AREA the grids of the MOST_OBJECTS largest, in that order."""
    grids = [_large(photo, scale, MOST_OBJECTS)[:: 1 if order == "largest first" else -1] for photo in some]
    return [group for group in grids if len(group) > 1]


def _large(photo: Photo, scale: int, most: int) -> list[Bitmap]:
    large = [j for j, (area, _) in enumerate(photo.objects) if area > MIN_AREA]
    large.sort(key=lambda j: -photo.objects[j][0])
    return [downscale(photo.mask(j), scale) for j in large[:most]]


def relative_bytes(groups: list[list[Bitmap]]) -> tuple[list[int], list[int], list[int]]:
    """Bytes of each object but the first of its file: by contexts, relative to those before it, and the smaller."""
    alone, relative = [], []
    for group in groups:
        masks = [cells_of(grid) for grid in group]
        for j in range(1, len(masks)):
            earlier = joined(masks[:j])
            alone.append(len(encode_cells(masks[j], "contexts")[1]))
            data = encode_cells(masks[j], RELATIVE, earlier)[1]
            assert decode_cells(CODER_IDS[RELATIVE], data, earlier.shape, earlier) == masks[j]
            relative.append(len(data))
    return alone, relative, [min(pair) for pair in zip(alone, relative, strict=True)]


def measured(grids: list[Bitmap], coder: str) -> str:
    """Mean and median bytes, mean encode and decode milliseconds of processor time, as cells of a table row."""
    masks = [cells_of(grid) for grid in grids]
    start = time.process_time()
    coded = [encode_cells(cells, coder) for cells in masks]
    between = time.process_time()
    for (coder_id, data), cells in zip(coded, masks, strict=True):
        assert decode_cells(coder_id, data, cells.shape) == cells
    end = time.process_time()
    sizes, per_mask = [len(data) for _, data in coded], 1000 / len(grids)
    times = f"{(between - start) * per_mask:.1f} | {(end - between) * per_mask:.1f}"
    return f"{np.mean(sizes):.1f} | {np.median(sizes):.0f} | {times}"


def plain_run_bits(cells: Bitmap) -> int:
    """Bits of the runs in raster order, the last left out, by the better of two codes with its best parameter."""
    changes = np.flatnonzero(np.diff(cells.ravel(), prepend=np.uint8(0)))
    runs = (np.diff(changes, prepend=-1) - 1).tolist()
    rice = [sum((run >> k) + 1 + k for run in runs) for k in range(14)]
    golomb = [sum(len(exp_golomb(run, k)) for run in runs) for k in range(14)]
    return 4 + min(rice + golomb)


if __name__ == "__main__":
    sys.exit(main())
