"""The builder of the context tree on a small folder, and the table that ships on COCO's held-out objects."""

import hashlib
import json
import math
import subprocess
import sys

import pytest

from sedic_tools.tables import mask_samples
from sedic_tools.tables.build_mask_contexts import measure
from sedicfmt.bitcoding import context_tree

COMMAND = [sys.executable, "-m", "sedic_tools.tables.build_mask_contexts"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Annotations of six photos with one ellipse each and a crowd that does not count."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "train" / "coco").mkdir(parents=True)
    angles = [2 * math.pi * i / 40 for i in range(40)]
    annotations = []
    for i in range(6):
        polygon = [n for a in angles for n in (90 + (60 + 3 * i) * math.cos(a), 80 + (50 + 4 * i) * math.sin(a))]
        annotations.append({"image_id": i, "iscrowd": 0, "area": 11000.0, "segmentation": [polygon]})
    annotations.append({"image_id": 0, "iscrowd": 1, "area": 9e4, "segmentation": {"counts": [1], "size": [1, 1]}})
    images = [{"id": i, "file_name": f"{i}.jpg", "width": 180, "height": 160} for i in range(6)]
    path = folder / "train" / "coco" / "instances.json"
    path.write_text(json.dumps({"images": images, "annotations": annotations}))
    return folder


def test_the_split_is_by_the_file_name(folder):
    photos = mask_samples.photos(folder)
    expected = [hashlib.sha256(p.name.encode()).hexdigest() < "40" for p in photos]
    assert [p.held_out for p in photos] == expected
    assert 0 < sum(expected) < 6
    assert [len(p.objects) for p in photos] == [1] * 6


def test_build_twice(folder, tmp_path):
    tables = []
    for out in ("a", "b"):
        subprocess.run([*COMMAND, folder, "--out", tmp_path / out], check=True)
        tables.append((tmp_path / out / "mask_contexts.txt").read_bytes())
        record = json.loads((tmp_path / out / "mask_contexts.json").read_text())
        assert record["table"]["sha256"] == hashlib.sha256(tables[-1]).hexdigest()
    assert tables[0] == tables[1]
    tree = context_tree.parse(tables[0].decode().split("\n"))
    assert len(tree.tests) > 20


@pytest.mark.slow
def test_held_out_objects_of_coco(data_folder):
    measured = measure([photo for photo in mask_samples.photos(data_folder) if photo.held_out])
    at_eighth = measured["1/8"]
    assert at_eighth["objects"] > 50
    assert at_eighth["contexts"] < 19 < 22 < at_eighth["run-length"]
    assert at_eighth["later_objects"]["smaller"] < at_eighth["later_objects"]["alone"]
