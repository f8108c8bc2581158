"""Two ways to fewer bytes with one latent model, side by side.

    python -m sedic_tools.choices.measure_scales FOLDER [--every N]

For every Nth photo (of a training folder, so that nothing is chosen on evaluation pictures) the latent's payloads at several
scales and prices of a bit: mean bits for a pixel of the photo, mean PSNR of the picture painted and scaled back.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from statistics import fmean

import numpy as np

from sedicfmt.evaluation.metrics import find_photos, load_picture
from sedicfmt.latents.allocated import ALLOCATED, DEFAULT_MODEL, id_of
from sedicfmt.latents.nano import analyse
from sedicfmt.latents.nano.decode import LatentSymbols
from sedicfmt.latents.nano.weights import load_latent_model
from sedicfmt.latents.painting import paint_reference
from sedicfmt.model import SedicFile
from sedicfmt.picture import Picture, psnr

SCALES, PRICES = (32, 24, 20, 16, 12, 8), (0.0, 0.03, 0.06, 0.1, 0.3, 1.0)


def measure(photo: Picture, scale: int, mu: float, model_id: int) -> tuple[float, float]:
    """Bits a pixel of z and y, and PSNR in dB, of one photo."""
    model, (height, width, _) = load_latent_model(model_id, encoder=True), photo.shape
    latent = analyse.analyse_at(photo, scale, model)
    payload, values, mean = latent.coded(mu)
    bare = SedicFile(width, height, model_id, b"", b"", latent_scale=scale)
    symbols, size = LatentSymbols(latent.z, values, mean, bare.coded_size, model), len(latent.z_payload) + len(payload)
    painted = paint_reference(bare, symbols)
    return size * 8 / (width * height), psnr(photo, np.asarray(painted.convert("RGB"), np.uint8))


def main() -> None:
    """Entry point."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("folder", type=Path)
    p.add_argument("--every", type=int, default=1, metavar="N")
    p.add_argument("--price", type=float, action="append", help="only these; may be repeated")
    p.add_argument("--model", default=ALLOCATED[DEFAULT_MODEL].name, help="a latent model's name")
    arguments = p.parse_args()
    model_id = id_of(arguments.model)
    prices = arguments.price or PRICES
    photos = [load_picture(path) for path in find_photos(arguments.folder)[:: arguments.every]]
    print(f"{len(photos)} photos\n| scale | " + " | ".join(f"mu {mu}" for mu in prices) + " |")
    for scale in SCALES:
        rows = [[measure(photo, scale, mu, model_id) for photo in photos] for mu in prices]
        cells = [f"{fmean(r for r, _ in row):.4f} bpp, {fmean(q for _, q in row):.2f} dB" for row in rows]
        print(f"| {scale}/16 | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
