"""What a price of a bit is worth: `python -m sedic_tools.choices.measure_prices FOLDER [--every N]`.

Every photo is coded, latent alone, at some scales, each without a price and at PRICES. A price takes bytes and nearness, as a
smaller scale does; printed is by how much the pictures at a price are nearer (PSNR more, LPIPS less) than those of as many
bytes without one, between scales by straight lines over the logarithm of the bytes. PRICE of `latents/nano/search.py` follows
from it.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path

import numpy as np

from sedicfmt.container.content import write_file
from sedicfmt.decoders.interfaces import Restorer
from sedicfmt.evaluation.lpips import lpips
from sedicfmt.evaluation.metrics import find_photos, load_picture
from sedicfmt.latents.allocated import DEFAULT_MODEL
from sedicfmt.latents.nano.search import NanoEncoder
from sedicfmt.model import SedicFile
from sedicfmt.picture import Picture, psnr
from sedicfmt.pipeline.rate_control import fill
from sedicfmt.pipeline.unpack import UnpackOptions, open_restorer, unpack_bytes

SCALES = (8, 9, 10, 11, 12)
PRICES = (0.02, 0.05, 0.1)
STAGES = ("reference", "final")
Point = tuple[float, float, float]  # log of the bytes, PSNR, LPIPS


def measure(photo: Picture, restorer: Restorer | None, points: dict[tuple[str, float, int], list[Point]]) -> None:
    """One photo at all scales and prices, shown as it is coded and as it is restored."""
    height, width, _ = photo.shape
    bare, coder = SedicFile(width, height, DEFAULT_MODEL, b"", b""), NanoEncoder(photo, DEFAULT_MODEL)
    for scale in SCALES:
        for price in (0.0, *PRICES):
            data = write_file(fill(bare, coder.at(scale, price)))
            for stage in STAGES:
                with_it = restorer if stage == "final" else None
                shown = np.asarray(unpack_bytes(data, UnpackOptions(stage), None, with_it).picture)
                far = float(np.log(len(data))), psnr(photo, shown), lpips(photo, shown)
                points[stage, price, scale].append(far)


def gains(means: dict[tuple[str, float, int], np.ndarray], stage: str, price: float) -> np.ndarray:
    """(dB, LPIPS) that a price gains over the line of no price, a mean over the scales whose bytes lie on it."""
    line = np.array([means[stage, 0.0, scale] for scale in SCALES])
    at = [means[stage, price, scale] for scale in SCALES]
    within = [point for point in at if line[0, 0] <= point[0] <= line[-1, 0]]
    return np.mean([[p[k] - np.interp(p[0], line[:, 0], line[:, k]) for k in (1, 2)] for p in within], axis=0)


def main() -> None:
    """Entry point."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("folder", type=Path)
    p.add_argument("--every", type=int, default=1, metavar="N")
    arguments = p.parse_args()
    points = defaultdict[tuple[str, float, int], list[Point]](list)
    restorer = open_restorer(UnpackOptions())
    for path in find_photos(arguments.folder)[:: arguments.every]:
        measure(load_picture(path), restorer, points)
    means = {key: np.mean(of, axis=0) for key, of in points.items()}
    print("| picture | price | PSNR, dB | LPIPS-alex |\n|---|---|---|---|")
    for stage in STAGES:
        for price in PRICES:
            decibels, nearness = gains(means, stage, price)
            print(f"| {stage} | {price} | {decibels:+.3f} | {nearness:+.4f} |")


if __name__ == "__main__":
    main()
