"""Learned coder, AV1, and the nearer of the two: `python -m sedic_tools.choices.measure_auto KODAK --bytes 1000`.

Every photo is packed in each budget by each model and by auto; whole files, their reference pictures decoded from the bytes.
By default the latent alone; with `--described` with the offline describer's words and masks in the same bytes.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path
from statistics import fmean

import numpy as np
from PIL import Image

from sedicfmt.evaluation.metrics import find_photos, load_picture, ms_ssim
from sedicfmt.latents.registry import ALLOCATED
from sedicfmt.picture import psnr
from sedicfmt.pipeline.choose_reference import open_model
from sedicfmt.pipeline.pack import PackBackEnds, open_back_ends, pack_picture
from sedicfmt.pipeline.pack_options import PackOptions
from sedicfmt.pipeline.unpack import UnpackOptions, unpack_bytes

MODELS = (*(line.name for line in ALLOCATED.values() if line.coder in ("range", "av1")), "auto")  # what auto chooses of
HEAD = "| budget, bytes | model | mean bytes | PSNR, dB | MS-SSIM | took av1 | CPU, s |"
Row = tuple[float, float, float, float, float]  # bytes, PSNR, MS-SSIM, whether av1, CPU seconds of packing


def measure(path: Path, options: PackOptions, back_ends: PackBackEnds) -> Row:
    """Pack, paint, compare."""
    photo = load_picture(path)
    began = time.process_time()
    packed = pack_picture(Image.fromarray(photo), options, back_ends=back_ends)
    seconds = time.process_time() - began
    painted = np.asarray(unpack_bytes(packed.data, UnpackOptions("reference")).picture)
    is_av1 = ALLOCATED[packed.file.model_id].coder == "av1"
    return len(packed.data), psnr(photo, painted), ms_ssim(photo, painted), is_av1, seconds


def line(budget: int, name: str, rows: list[Row]) -> str:
    """One row of the table."""
    size, decibel, similarity, _, seconds = (fmean(column) for column in zip(*rows, strict=True))
    took = f"{sum(row[3] for row in rows):.0f}/{len(rows)}"
    return f"| {budget} | {name} | {size:.0f} | {decibel:.2f} | {similarity:.3f} | {took} | {seconds:.1f} |"


def main() -> None:
    """Entry point."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("folder", type=Path)
    p.add_argument("--bytes", type=int, action="append", default=[], help="a budget; may be repeated")
    p.add_argument("--every", type=int, default=1, metavar="N", help="every Nth photo")
    p.add_argument("--model", action="append", choices=MODELS, help="one of them alone; may be repeated")
    p.add_argument("--described", action="store_true", help="with words and masks")
    arguments = p.parse_args()
    plain = PackOptions() if arguments.described else PackOptions(objects=0, words_overall=0)
    photos, back_ends = find_photos(arguments.folder)[:: arguments.every], open_back_ends(plain)
    print(f"{len(photos)} photos\n\n{HEAD}\n|{'---|' * 7}")
    for budget in arguments.bytes or (1000, 2000):
        for name in arguments.model or MODELS:
            options = replace(plain, max_bytes=budget, model=name)
            ends = replace(back_ends, codec=open_model(name))
            print(line(budget, name, [measure(path, options, ends) for path in photos]), flush=True)


if __name__ == "__main__":
    main()
