"""Bytes and times of the mask coders on real objects: the table of docs/masks.md.

    python -m sedic_tools.measure_masks FOLDER

FOLDER holds COCO annotations, `train/coco/instances.json`. Objects of more than 96x96 pixels, polygons only, drawn
with Pillow; sizes are of the coder's data without tag. "plain runs" are runs in raster order as Golomb-Rice or
Exp-Golomb codes with the best parameter for each object (4 bits): no coder of the format, but what the relative runs
are measured against.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from sedicfmt.bitcoding.bit_io import exp_golomb
from sedicfmt.model import Bitmap
from sedicfmt.segments.mask import CODER_IDS, decode_cells, encode_cells
from sedicfmt.segments.mask_grid import downscale

MIN_AREA = 96 * 96  # COCO's "large"
SCALES = (8, 1)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Bytes and times of the mask coders on COCO objects.")
    parser.add_argument("folder", type=Path, help="data folder that holds train/coco/instances.json")
    masks = coco_masks(parser.parse_args(arguments).folder)
    print(f"{len(masks)} objects\n")
    print("| grid | coder | mean bytes | median | encode ms | decode ms |")
    print("|---|---|---|---|---|---|")
    for scale in SCALES:
        grids = [downscale(mask, scale) for mask in masks]
        for coder in (*CODER_IDS, "auto"):
            print(f"| 1/{scale} | {coder} | {measured(grids, coder)} |")
        sizes = [plain_run_bits(cells) / 8 for cells in grids]
        print(f"| 1/{scale} | plain runs | {np.mean(sizes):.1f} | {np.median(sizes):.0f} | | |")
    return 0


def coco_masks(folder: Path) -> list[Bitmap]:
    """Full-size masks, uint8 0/1, of all objects over MIN_AREA pixels that are given as polygons."""
    annotations = json.loads((folder / "train" / "coco" / "instances.json").read_text("utf-8"))
    sizes = {image["id"]: (image["width"], image["height"]) for image in annotations["images"]}
    return [
        draw(item["segmentation"], *sizes[item["image_id"]])
        for item in annotations["annotations"]
        if item["area"] > MIN_AREA and not item["iscrowd"] and isinstance(item["segmentation"], list)
    ]


def draw(polygons: list[list[float]], width: int, height: int) -> Bitmap:
    """The cells inside COCO polygons (x, y, x, y ...), uint8 0/1 (height, width)."""
    picture = Image.new("L", (width, height))
    pen = ImageDraw.Draw(picture)
    for polygon in polygons:
        pen.polygon(polygon, fill=1)
    return np.asarray(picture)


def measured(grids: list[Bitmap], coder: str) -> str:
    """Mean and median bytes, mean encode and decode milliseconds, as cells of a table row."""
    start = time.perf_counter()
    coded = [encode_cells(cells, coder) for cells in grids]
    between = time.perf_counter()
    for (coder_id, data), cells in zip(coded, grids, strict=True):
        assert np.array_equal(decode_cells(coder_id, data, cells.shape), cells)
    end = time.perf_counter()
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
