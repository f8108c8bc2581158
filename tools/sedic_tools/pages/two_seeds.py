"""Two seeds of one file: how far their pictures are from each other, and how near each is to the photo.

    python -m sedic_tools.pages.two_seeds PHOTOS [--max-bytes 1000] [--every N]

A seed chooses the texture that is made up. So pictures of two seeds differ, and are as near as each other.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

import sedicfmt
from sedicfmt.evaluation.lpips import lpips
from sedicfmt.picture import Picture

SEEDS = (0, 1)


def restored(photo: Path, most_bytes: int, seed: int) -> Picture:
    """The photo's file with that seed, as it is restored by default."""
    return np.asarray(sedicfmt.unpack(sedicfmt.pack(photo, max_bytes=most_bytes, seed=seed)))


def main() -> None:
    p = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    p.add_argument("photos", type=Path, help="a folder of PNGs")
    p.add_argument("--max-bytes", type=int, default=1000)
    p.add_argument("--every", type=int, default=1, metavar="N", help="every Nth photo")
    options = p.parse_args()
    print("| photo | mean difference, grey levels | LPIPS-alex, seed 0 | seed 1 |\n|---|---|---|---|")
    for path in sorted(options.photos.glob("*.png"))[:: options.every]:
        photo = np.asarray(Image.open(path).convert("RGB"))
        pictures = [restored(path, options.max_bytes, seed) for seed in SEEDS]
        apart = np.abs(np.subtract(*pictures, dtype=np.int16)).mean()
        near = " | ".join(f"{lpips(photo, picture):.4f}" for picture in pictures)
        print(f"| {path.stem} | {apart:.2f} | {near} |", flush=True)


if __name__ == "__main__":
    main()
