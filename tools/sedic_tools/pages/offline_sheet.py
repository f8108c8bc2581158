"""What the offline describer finds in a folder of photos: a sheet with the masks' outlines, and a table for Markdown.

python -m sedic_tools.pages.offline_sheet FOLDER SHEET.jpg
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from sedicfmt.encoders.interfaces import DescribedObject, DescribeRequest
from sedicfmt.encoders.registry import find_describer
from sedicfmt.evaluation.contact_sheet import Cell, Row, draw_sheet
from sedicfmt.picture import Picture

COLUMNS, WIDTH, QUALITY = 6, 210, 68
OUTLINES = ((255, 40, 40), (255, 230, 0), (0, 230, 255))


def outlined(image: Picture, objects: tuple[DescribedObject, ...]) -> Picture:
    """The photo with a line around each mask, first objects in red, then yellow and blue."""
    drawn, thick = image.copy(), max(2, max(image.shape) // 130) // 2 * 2 + 1
    for described, colour in zip(objects, OUTLINES, strict=False):
        if described.pixels is not None:
            mask = Image.fromarray(described.pixels)
            grown, shrunk = (
                np.asarray(mask.filter(way(thick))) for way in (ImageFilter.MaxFilter, ImageFilter.MinFilter)
            )
            drawn[grown > shrunk] = colour
    return drawn


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("sheet", type=Path)
    options = parser.parse_args()
    describer, cells, seconds = find_describer("offline"), [], []
    print("| photo | objects (share of the picture) | first sentence |\n|---|---|---|")
    for file in sorted(f for f in options.folder.iterdir() if f.suffix in {".png", ".jpg", ".webp"}):
        image = np.asarray(Image.open(file).convert("RGB"))
        start = time.process_time()
        description = describer.describe(image, DescribeRequest())
        seconds.append(time.process_time() - start)
        shares = [f"{o.name} ({np.mean(o.pixels):.1%})" for o in description.objects if o.pixels is not None]
        print(f"| {file.stem} | {', '.join(shares)} | {description.overall.split('.')[0]}. |")
        names = ", ".join(o.name for o in description.objects)
        cells.append(Cell(outlined(image, description.objects), f"{file.stem[-2:]} {names}"[:28]))
    print(f"\nCPU seconds a photo: median {np.median(seconds):.2f}, most {max(seconds):.2f}")
    cells += [Cell(None, "")] * (-len(cells) % COLUMNS)
    rows = [Row(cells[i : i + COLUMNS]) for i in range(0, len(cells), COLUMNS)]
    draw_sheet([""] * COLUMNS, rows, WIDTH).save(options.sheet, quality=QUALITY)


if __name__ == "__main__":
    main()
