"""Our generic region payloads, wrapped as .jb2, through jbig2dec: equal pixel by pixel."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from sedicfmt.bitcoding import generic_region
from sedicfmt.bitcoding.bitmap import cells_of
from sedicfmt.bitcoding.jbig2_file import wrap
from sedicfmt.segments.mask_grid import downscale

pytestmark = pytest.mark.skipif(shutil.which("jbig2dec") is None, reason="jbig2dec is not installed")

DATA = Path(os.environ.get("SEDIC_DATA") or "no-data-folder")
COCO = DATA / "train" / "coco" / "instances.json"
PER_TEST = 40  # real objects at full size; all of them at the 1/8 grid


def outside(bitmap, folder):
    """What jbig2dec shows of our coding of `bitmap`: uint8 0/1, black is 1."""
    source, target = folder / "mask.jb2", folder / "mask.pbm"
    source.write_bytes(wrap(generic_region.encode(cells_of(bitmap)), bitmap.shape))
    done = subprocess.run(["jbig2dec", "-t", "pbm", "-o", target, source], capture_output=True, check=True, timeout=60)
    assert not done.stderr  # a warning would be a disagreement about the format
    with Image.open(target) as picture:
        return 1 - np.asarray(picture.convert("1")).astype(np.uint8)


def drawn():
    y, x = np.mgrid[0:64, 0:96]
    rng = np.random.default_rng(88)
    yield "white", np.zeros((64, 96))
    yield "black", np.ones((64, 96))
    yield "one cell", np.ones((1, 1))
    yield "no cell set", np.zeros((1, 1))
    yield "ellipse", ((x - 50) / 30) ** 2 + ((y - 30) / 22) ** 2 <= 1
    yield "ring", np.abs(np.hypot(x - 48, y - 32) - 20) < 4
    yield "diagonal", x + y > 100
    yield "checkers", (x + y) & 1
    yield "row", rng.random((1, 333)) < 0.3
    yield "column", rng.random((333, 1)) < 0.3
    for side in range(1, 20):
        yield f"noise {side}", rng.random((20 - side, side)) < 0.5
    yield "large noise", rng.random((200, 301)) < 0.05
    yield "large square", (np.indices((1000, 1000)) // 250).sum(axis=0) == 3


@pytest.mark.parametrize("bitmap", [pytest.param(bitmap.astype(np.uint8), id=name) for name, bitmap in drawn()])
def test_drawn_masks(bitmap, tmp_path):
    assert np.array_equal(outside(bitmap, tmp_path), bitmap)


def real_objects():
    """Masks, uint8 0/1, of COCO objects over 96x96 pixels."""
    annotations = json.loads(COCO.read_text("utf-8"))
    sizes = {image["id"]: (image["width"], image["height"]) for image in annotations["images"]}
    for item in annotations["annotations"]:
        if item["area"] > 96 * 96 and isinstance(item["segmentation"], list):
            picture = Image.new("L", sizes[item["image_id"]])
            for polygon in item["segmentation"]:
                ImageDraw.Draw(picture).polygon(polygon, fill=1)
            yield np.asarray(picture)


@pytest.mark.skipif(not COCO.is_file(), reason="SEDIC_DATA names no folder with train/coco/instances.json")
@pytest.mark.parametrize("scale", [8, 1])
def test_real_masks(scale, tmp_path):
    objects = list(real_objects())
    assert len(objects) > 200
    for pixels in objects if scale > 1 else objects[:: len(objects) // PER_TEST]:
        bitmap = downscale(pixels, scale)
        assert np.array_equal(outside(bitmap, tmp_path), bitmap)
