"""What settings of the AV1 encoder are worth at very few bytes.

    python -m sedic_tools.choices.measure_av1 FOLDER [--every N]

Photos scaled to 6/16, coded at several qualities, decoded and scaled back: PSNR where the frame OBU has so many bytes, between
two qualities by the logarithm of the bytes; means over the photos. Only the frame counts, since the rest is rebuilt.
"""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
from PIL import Image

from sedicfmt.evaluation.metrics import find_photos, load_picture
from sedicfmt.latents.av1.avif_file import obus_of
from sedicfmt.latents.av1.obus import FRAME, split
from sedicfmt.latents.av1.still_picture import OPTIONS, STEPS
from sedicfmt.model import coded_size
from sedicfmt.picture import psnr

SCALE, QUALITY_STEPS, BYTES = 6, (0, 2, 4, 7, 10, 14, 19, 26), (500, 700, 1000)
Curve = list[tuple[int, float]]  # bytes, dB; rising


def measure(photo: Image.Image, options: Mapping[str, Any]) -> tuple[Curve, float]:
    """The curve of one photo, and seconds an encoding."""
    small = photo.resize(coded_size(*photo.size, SCALE), Image.Resampling.LANCZOS)
    curve, seconds = Curve(), 0.0
    for step in QUALITY_STEPS:
        stream, began = io.BytesIO(), time.process_time()
        small.save(stream, "AVIF", quality=round(step * 100 / STEPS), **options)
        seconds += time.process_time() - began
        with Image.open(stream) as shown:
            painted = shown.convert("RGB").resize(photo.size, Image.Resampling.BICUBIC)
        frame = dict(split(obus_of(stream.getvalue())))[FRAME]
        curve.append((len(frame), psnr(np.asarray(photo), np.asarray(painted))))
    return sorted(curve), seconds / len(QUALITY_STEPS)


def at(curve: Curve, size: int) -> float:
    """PSNR at so many bytes."""
    return float(np.interp(np.log(size), np.log([b for b, _ in curve]), [d for _, d in curve]))


def main() -> None:
    """Entry point."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("folder", type=Path)
    p.add_argument("--every", type=int, default=1, metavar="N", help="every Nth photo")
    arguments = p.parse_args()
    photos = [Image.fromarray(load_picture(path)) for path in find_photos(arguments.folder)[:: arguments.every]]
    print(f"{len(photos)} photos\n\n| settings | " + " | ".join(f"{b} bytes, dB" for b in BYTES) + " | s |")
    print(f"|{'---|' * (len(BYTES) + 2)}")
    for name, change in VARIANTS.items():
        options = {"speed": 4, **OPTIONS, **change}
        options["advanced"] = {**OPTIONS["advanced"], **change.get("advanced", {})}
        found = [measure(photo, options) for photo in photos]
        means = [fmean(at(curve, size) for curve, _ in found) for size in BYTES]
        print(
            f"| {name} | " + " | ".join(f"{m:.2f}" for m in means) + f" | {fmean(s for _, s in found):.2f} |",
            flush=True,
        )


VARIANTS: dict[str, dict[str, Any]] = {
    "as written": {},
    "4:2:0": {"subsampling": "4:2:0"},
    "tune=psnr": {"advanced": {"tune": "psnr"}},
    "enable-cdef": {"advanced": {"enable-cdef": "1"}},
    "enable-restoration": {"advanced": {"enable-restoration": "1"}},
    "superblocks of 128": {"advanced": {"sb-size": "128"}},
    "speed 2": {"speed": 2},
    "speed 6": {"speed": 6},
    "speed 8": {"speed": 8},
}

if __name__ == "__main__":
    main()
