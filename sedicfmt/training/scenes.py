"""What the restorer reads beside a photo in training: its words and masks, as a decoder would have them.

    python -m sedicfmt.training.scenes PHOTOS OUT --captions captions.json

describes every photo with the offline describer and writes OUT/NAME.npz. A photo that COCO's captions name has people's
words for it as well. Photos stay where they are; references are made while training (`references.py`).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sedicfmt.encoders.interfaces import DescribeRequest
from sedicfmt.encoders.offline.describe_offline import OfflineDescriber
from sedicfmt.segments.mask_grid import downscale
from sedicfmt.training.photos import photos_below

CELL = 8  # pixels a side of the restorer's latent position


@dataclass(frozen=True, eq=False)
class Scene:
    """The words of one photo, and where they hold.

    `overall`: texts that each describe the whole; `objects`: Text_d of each object; `masks`: uint8 0/1
    (objects, rows, columns), cells of 8x8 pixels, those cut at the photo's edges among them.
    """

    overall: tuple[str, ...]
    objects: tuple[str, ...]
    masks: NDArray[np.uint8]


NOTHING = Scene(("",), (), np.zeros((0, 1, 1), np.uint8))


def describe(path: Path, captions: tuple[str, ...] = ()) -> Scene:
    """What the offline describer says of a photo, and what people say."""
    description = OfflineDescriber().describe(np.asarray(Image.open(path).convert("RGB")), DescribeRequest())
    kept = [o for o in description.objects if o.pixels is not None]
    masks = [downscale(o.pixels, CELL) for o in kept if o.pixels is not None]
    stacked = np.stack(masks) if masks else NOTHING.masks
    return Scene((description.overall, *captions), tuple(o.text for o in kept), stacked)


def save_scene(path: Path, out: Path, captions: tuple[str, ...]) -> None:
    """Write OUT/NAME.npz unless it is there."""
    target = out / f"{path.stem}.npz"
    if not target.exists():
        scene = describe(path, captions)
        texts = json.dumps([scene.overall, scene.objects]).encode()
        np.savez(target, texts=np.frombuffer(texts, np.uint8), masks=scene.masks)


def load_scene(path: Path) -> Scene:
    """A scene that `save_scene` wrote."""
    with np.load(path, allow_pickle=False) as data:
        overall, objects = json.loads(data["texts"].tobytes())
        return Scene(tuple(overall), tuple(objects), data["masks"])


def captions_of(coco: Mapping) -> dict[str, tuple[str, ...]]:
    """People's captions by a photo's name without its suffix, from COCO's captions file."""
    names = {image["id"]: Path(image["file_name"]).stem for image in coco["images"]}
    found: dict[str, tuple[str, ...]] = {}
    for note in coco["annotations"]:
        name = names[note["image_id"]]
        found[name] = (*found.get(name, ()), " ".join(note["caption"].split()))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument(
        "--captions", type=Path, help="COCO's captions.json: people's words for the photos that it names"
    )
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    said = captions_of(json.loads(arguments.captions.read_text())) if arguments.captions else {}
    photos = photos_below(arguments.photos)
    with ProcessPoolExecutor(arguments.jobs) as pool:
        words = [said.get(photo.stem, ()) for photo in photos]
        show(pool.map(save_scene, photos, [arguments.out] * len(photos), words), len(photos))


def show(results: Iterable[None], count: int) -> None:
    """Say now and then how many are done."""
    for done, _ in enumerate(results, 1):
        if done % 100 == 0 or done == count:
            print(f"{done} of {count}", flush=True)


if __name__ == "__main__":
    main()
