"""What refining a latent gives at equal bytes: `python -m sedic_tools.choices.measure_refine FOLDER [--every N] [--bytes B]`.

Latent alone by the learned model, plain and refined (latents/nano/refine.py), within the same budget. For each number of
steps and strength of steering lambda (0: none): the refined file's bytes before it is made to fit, the price that this takes,
what the picture gains, and seconds of refining. The settings that the encoder has follow from it.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from pathlib import Path
from statistics import fmean

import numpy as np

from sedicfmt.evaluation.metrics import find_photos, load_picture, ms_ssim
from sedicfmt.latents.allocated import DEFAULT_MODEL
from sedicfmt.latents.interfaces import CodedLatent
from sedicfmt.latents.nano import refine
from sedicfmt.latents.nano.analyse import AnalysedPicture
from sedicfmt.latents.nano.search import coded
from sedicfmt.latents.nano.search_refined import RefiningEncoder
from sedicfmt.latents.painting import decode_latent, paint_reference
from sedicfmt.model import SedicFile
from sedicfmt.picture import Picture, psnr
from sedicfmt.pipeline.rate_control import fill, size_with

SETTINGS = ((30, 2.0), (50, 3.0), (60, 2.0), (100, 2.0))
Row = tuple[float, ...]  # bytes without a price over the budget, price, dB gained, MS-SSIM gained, seconds


def measure(photo: Picture, budget: int, rows: dict[tuple[int, float], list[Row]]) -> None:
    """One photo, into the row of each setting; nothing where the plain latent has no file of that budget."""
    height, width, _ = photo.shape
    bare, coder = SedicFile(width, height, DEFAULT_MODEL, b"", b""), RefiningEncoder(photo, DEFAULT_MODEL)
    size = size_with(bare)
    plain = super(RefiningEncoder, coder).best(size, budget, 1)
    if plain is None:
        return
    before = figures(photo, bare, plain)
    for steps, steer in SETTINGS:
        refine.STEPS, refine.STEER = steps, steer
        began = time.perf_counter()
        latent = coder.refined(plain.scale, lambda latent: size(coded(latent, plain.scale, 0.0)) / budget)
        seconds = time.perf_counter() - began
        if latent is not None:
            rows[steps, steer].append((*gains(photo, bare, coder, latent, plain, budget, before), seconds))


def gains(
    photo: Picture,
    bare: SedicFile,
    coder: RefiningEncoder,
    latent: AnalysedPicture,
    plain: CodedLatent,
    budget: int,
    before: Row,
) -> Row:
    """A row but its seconds."""
    size = size_with(bare)
    fits = coder.cheapest(latent, plain.scale, size, budget) or plain
    after = figures(photo, bare, fits)
    free = size(coded(latent, plain.scale, 0.0)) / budget
    return free, float(fits.settings["mu"]), *(b - a for a, b in zip(before, after, strict=True))


def figures(photo: Picture, bare: SedicFile, latent: CodedLatent) -> Row:
    """PSNR and MS-SSIM of the picture that a latent gives."""
    file = fill(bare, latent)
    painted = np.asarray(paint_reference(file, decode_latent(file)))
    return psnr(photo, painted), ms_ssim(photo, painted)


def main() -> None:
    """Entry point."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("folder", type=Path)
    p.add_argument("--every", type=int, default=1, metavar="N")
    p.add_argument("--bytes", type=int, default=1000)
    arguments = p.parse_args()
    rows = defaultdict[tuple[int, float], list[Row]](list)
    for path in find_photos(arguments.folder)[:: arguments.every]:
        measure(load_picture(path), arguments.bytes, rows)
    print(
        "| steps | steered | photos | bytes of the budget | price | gain, dB | gain, MS-SSIM | s |\n" + "|---" * 8 + "|"
    )
    for (steps, steer), cases in rows.items():
        free, price, decibels, similarity, seconds = (fmean(column) for column in zip(*cases, strict=True))
        written = f"{free:.3f} | {price:.3f} | {decibels:+.3f} | {similarity:+.4f} | {seconds:.1f}"
        print(f"| {steps} | {steer:.0f} | {len(cases)} | {written} |", flush=True)


if __name__ == "__main__":
    main()
