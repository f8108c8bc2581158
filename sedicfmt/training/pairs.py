"""What the restorer learns from: each photo with its reference pictures, texts and masks, as a decoder would have them.

`python -m sedicfmt.training.pairs PHOTOS OUT` codes every photo with the bundled latent model at the usual scale and at a
random one (small budgets show the picture smaller), describes it with the offline describer, and writes OUT/NAME.npz; with
`--enlarged` also OUT/NAME-large.npz, the photo at 1.3 to 1.9 times its size.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterable
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
ENLARGED, LARGE = (1.3, 1.9), "-large"


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


def draws_of(name: str) -> np.random.Generator:
    """What is random about a photo follows from its name, so that pairs can be made again."""
    return np.random.default_rng(int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big"))


def make_pair(path: Path) -> Pair:
    """The pair of the photo at `path`; its random scale follows from the file's name."""
    picture = Image.open(path).convert("RGB")
    photo = np.asarray(picture)[: picture.height // CELL * CELL, : picture.width // CELL * CELL]
    model = load_latent_model(DEFAULT_MODEL)
    draw = draws_of(path.name)
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


def enlarged(pair: Pair, name: str) -> Pair:
    """The photo larger, by a factor that follows from `name`, and coded again: photos that were scaled down for a data set
    are busier per pixel than those people compress, and what learns from them alone paints texture on smooth skies."""
    draw = draws_of(name)
    factor, model = draw.uniform(*ENLARGED), load_latent_model(DEFAULT_MODEL)
    rows, columns = (round(side * factor / CELL) for side in pair.photo.shape[:2])
    photo = Image.fromarray(pair.photo).resize((columns * CELL, rows * CELL), Image.Resampling.LANCZOS)
    scale = find_model(DEFAULT_MODEL).usual_scale if draw.random() < 0.5 else int(draw.integers(7, 24))
    masks = [np.asarray(Image.fromarray(mask).resize((columns, rows), Image.Resampling.NEAREST)) for mask in pair.masks]
    references = reference_at(np.asarray(photo), scale, model)[None]
    stacked = np.stack(masks) if masks else np.zeros((0, rows, columns), np.uint8)
    return Pair(np.asarray(photo), references, pair.texts, stacked)


def save_enlarged(path: Path) -> None:
    """Write NAME-large.npz beside the pair NAME.npz unless it is there."""
    target = path.with_stem(path.stem + LARGE)
    if not target.exists():
        write_pair(enlarged(load_pair(path), path.stem), target)


def save_pair(path: Path, out: Path) -> None:
    """Write OUT/NAME.npz unless it is there."""
    target = out / (path.stem + ".npz")
    if not target.exists():
        write_pair(make_pair(path), target)


def write_pair(pair: Pair, target: Path) -> None:
    """A file for `load_pair`."""
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
    parser.add_argument("--only", type=Path, help="a file with the names of the pairs to make, one a line")
    parser.add_argument(
        "--enlarged", action="store_true", help="each photo also 1.3 to 1.9 times larger (`--only` names which)"
    )
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    photos = without_held_out(find_photos(arguments.photos), arguments.hold_out)
    larger = photos if arguments.enlarged else []
    if arguments.only:
        names = set(arguments.only.read_text().splitlines())
        photos = [photo for photo in photos if photo.stem in names]
        larger = [photo for photo in photos if photo.stem + LARGE in names]
    with ProcessPoolExecutor(arguments.jobs) as pool:
        show(pool.map(save_pair, photos, [arguments.out] * len(photos)), len(photos))
        show(pool.map(save_enlarged, [arguments.out / f"{photo.stem}.npz" for photo in larger]), len(larger))


def show(results: Iterable[None], count: int) -> None:
    """Say now and then how many are done."""
    for done, _ in enumerate(results, 1):
        if done % 100 == 0 or done == count:
            print(f"{done} of {count}", flush=True)


if __name__ == "__main__":
    main()
