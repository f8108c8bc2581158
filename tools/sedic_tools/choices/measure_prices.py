"""What a price is worth to fill a budget: `python -m sedic_tools.choices.measure_prices FOLDER [--every N]`.

For photos and budgets, latent alone: the largest scale that fits without a price, beside the next one at the lowest price
that makes it fit. By that price: how full the first leaves the budget, and by how much the second's reference picture is
better, in dB and in MS-SSIM. MU_MOST and FULL of rate control follow from it.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path
from statistics import fmean

import numpy as np

from sedicfmt.evaluation.metrics import find_photos, load_picture, ms_ssim
from sedicfmt.latents.nano.search import FULL, LARGEST_SCALE, NanoEncoder
from sedicfmt.latents.painting import decode_latent, paint_reference
from sedicfmt.latents.registry import DEFAULT_MODEL
from sedicfmt.model import SedicFile
from sedicfmt.picture import Picture, psnr
from sedicfmt.pipeline.rate_control import fill, size_with

BUDGETS = (200, 300, 400, 500, 700, 1000, 1400)
PRICES = (0.02, 0.04, 0.06, 0.08, 0.12, 1.0)  # upper ends of the rows
Row = tuple[float, float, float]  # fill without a price, dB gained, MS-SSIM gained


def measure(photo: Picture, rows: dict[tuple[bool, float], list[Row]]) -> None:
    """One photo at all budgets, into the row of its price and of whether the smaller scale fills FULL of the budget."""
    height, width, _ = photo.shape
    bare, coder = SedicFile(width, height, DEFAULT_MODEL, b"", b""), NanoEncoder(photo, DEFAULT_MODEL)
    size = size_with(bare)
    for budget in BUDGETS:
        scale = coder.largest_scale(size, budget, 0)
        if not 0 < scale < LARGEST_SCALE:
            continue
        priced = coder.lowest_price(size, budget, scale + 1, PRICES[-1])
        if priced:
            plain = coder.at(scale)
            full = size(plain) / budget
            files = fill(bare, plain), fill(bare, priced)
            before, after = (np.asarray(paint_reference(file, decode_latent(file))) for file in files)
            gains = psnr(photo, after) - psnr(photo, before), ms_ssim(photo, after) - ms_ssim(photo, before)
            rows[full >= FULL, next(p for p in PRICES if priced.settings["mu"] <= p)].append((full, *gains))


def main() -> None:
    """Entry point."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("folder", type=Path)
    p.add_argument("--every", type=int, default=1, metavar="N")
    arguments = p.parse_args()
    rows = defaultdict[tuple[bool, float], list[Row]](list)
    for path in find_photos(arguments.folder)[:: arguments.every]:
        measure(load_picture(path), rows)
    print(
        "| smaller scale fills | price up to | cases | filled, mean | gain, dB | gain, MS-SSIM |\n|---|---|---|---|---|---|"
    )
    for (full, price), cases in sorted(rows.items()):
        mean = [fmean(column) for column in zip(*cases, strict=True)]
        side = f"{FULL:.0%} or more" if full else "less"
        print(f"| {side} | {price} | {len(cases)} | {mean[0]:.3f} | {mean[1]:+.2f} | {mean[2]:+.4f} |")


if __name__ == "__main__":
    main()
