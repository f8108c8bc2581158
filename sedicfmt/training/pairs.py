"""What the restorer learns from: each photo with its reference pictures, texts and masks, as a decoder would have them.

`python -m sedicfmt.training.pairs PHOTOS OUT` codes every photo with the bundled latent model at the usual scale and at a
random one (small budgets show the picture smaller), describes it with the offline describer, and writes OUT/NAME.npz.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sedicfmt.encoders.describe_offline import OfflineDescriber
from sedicfmt.encoders.interfaces import DescribeRequest
from sedicfmt.encoders.latent_nano import analyse_at
from sedicfmt.model import coded_size
from sedicfmt.models.nano_latent import NanoLatent
from sedicfmt.models.registry import DEFAULT_MODEL, find_model, load_latent_model
from sedicfmt.segments.mask_grid import downscale
from sedicfmt.training.photos import find_photos, without_held_out

CELL = 8  # pixels a side of the restorer's latent position; photos are cut to whole cells
SCALES = (0.5, 1.75)  # of the usual one: what a budget makes of it


@dataclass(frozen=True, eq=False)
class Pair:
    """One photo, uint8 (h, w, 3), h and w multiples of 8; its references, uint8 (n, h, w, 3); the words and where they hold.

    `texts`: Text_all, then each Text_d; `masks`: uint8 0/1 (objects, h / 8, w / 8).
    """

    photo: NDArray[np.uint8]
    references: NDArray[np.uint8]
    texts: tuple[str, ...]
    masks: NDArray[np.uint8]


def reference_at(photo: NDArray[np.uint8], latent_scale: int, model: NanoLatent) -> NDArray[np.uint8]:
    """The reference picture that a decoder would paint, uint8 RGB of the photo's size, without writing a file."""
    height, width, _ = photo.shape
    _, symbols, mean = analyse_at(photo, latent_scale, model).coded()
    small = Image.fromarray(model.synthesise(symbols, mean, *coded_size(width, height, latent_scale)))
    return np.asarray(small.resize((width, height), Image.Resampling.BICUBIC))


def make_pair(path: Path) -> Pair:
    """The pair of the photo at `path`; its random scale follows from the file's name."""
    picture = Image.open(path).convert("RGB")
    photo = np.asarray(picture)[: picture.height // CELL * CELL, : picture.width // CELL * CELL]
    model = load_latent_model(DEFAULT_MODEL)
    draw = np.random.default_rng(int.from_bytes(hashlib.sha256(path.name.encode()).digest()[:8], "big"))
    usual = find_model(DEFAULT_MODEL).usual_scale
    low, high = (round(share * usual) for share in SCALES)
    scales = (usual, int(draw.integers(low, high + 1)))
    description = OfflineDescriber().describe(photo, DescribeRequest())
    masks = [downscale(o.pixels, CELL) for o in description.objects if o.pixels is not None]
    cells = (photo.shape[0] // CELL, photo.shape[1] // CELL)
    return Pair(
        photo,
        np.stack([reference_at(photo, scale, model) for scale in scales]),
        (description.overall, *[o.text for o in description.objects if o.pixels is not None]),
        np.stack(masks) if masks else np.zeros((0, *cells), np.uint8),
    )


def save_pair(path: Path, out: Path) -> None:
    """Write OUT/NAME.npz unless it is there."""
    target = out / (path.stem + ".npz")
    if not target.exists():
        pair = make_pair(path)
        texts = np.frombuffer(json.dumps(pair.texts).encode(), np.uint8)
        np.savez(target, photo=pair.photo, references=pair.references, texts=texts, masks=pair.masks)


def load_pair(path: Path) -> Pair:
    """A pair that `save_pair` wrote."""
    with np.load(path, allow_pickle=False) as data:
        return Pair(data["photo"], data["references"], tuple(json.loads(data["texts"].tobytes())), data["masks"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument(
        "--hold-out", default="", metavar="FOLDER", help="leave out every 20th photo below such a folder"
    )
    parser.add_argument("--only", type=Path, help="a file of names without endings, one a line: of these photos alone")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    photos = without_held_out(find_photos(arguments.photos), arguments.hold_out)
    if arguments.only:
        names = set(arguments.only.read_text().splitlines())
        photos = [photo for photo in photos if photo.stem in names]
    with ProcessPoolExecutor(arguments.jobs) as pool:
        for done, _ in enumerate(pool.map(save_pair, photos, [arguments.out] * len(photos)), 1):
            if done % 100 == 0 or done == len(photos):
                print(f"{done} of {len(photos)}", flush=True)


if __name__ == "__main__":
    main()
