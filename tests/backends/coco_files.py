"""A small COCO file and how it is described, for the tests of COCO files."""

from __future__ import annotations

import json
import os
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from sedicfmt.encoders.interfaces import DescribeRequest, Description
from sedicfmt.encoders.registry import find_describer

HEIGHT, WIDTH = 40, 60

IMAGE = np.full((HEIGHT, WIDTH, 3), (200, 30, 30), np.uint8)

SQUARE = [0, 0, 9, 0, 9, 9, 0, 9]


def describe(
    folder: Path,
    content: object,
    request: DescribeRequest | None = None,
    name: str | None = "ours.jpg",
    orientation: int = 1,
) -> Description:
    file = folder / "notes.json"
    file.write_text(json.dumps(content))
    os.utime(file, ns=(0, zlib.crc32(file.read_bytes())))  # a file is read once, until its time changes
    describer = find_describer(f"annotations:{file}")
    asked = replace(request or DescribeRequest(), image_name=name, orientation=orientation)
    return describer.describe(IMAGE if orientation < 5 else IMAGE.transpose(1, 0, 2), asked)


def coco(**changes: Any) -> dict[str, Any]:
    """A COCO file with two pictures; ours has a small cat, a large dog in two parts, and a crowd."""
    counts = [0, HEIGHT * 5, HEIGHT * (WIDTH - 5)]
    dog = [[20, 0, 50, 0, 50, 9, 20, 9], [20, 20, 50, 20, 50, 30]]
    annotations = [
        {"image_id": 7, "category_id": 17, "iscrowd": 0, "segmentation": [SQUARE]},
        {"image_id": 7, "category_id": 18, "iscrowd": 0, "segmentation": dog},
        {"image_id": 7, "category_id": 18, "iscrowd": 1, "segmentation": {"size": [HEIGHT, WIDTH], "counts": counts}},
        {"image_id": 8, "category_id": 18, "iscrowd": 0, "segmentation": "not ours, not read"},
    ]
    content: dict[str, Any] = {
        "images": [
            {"id": 7, "file_name": "ours.jpg", "width": WIDTH, "height": HEIGHT},
            {"id": 8, "file_name": "other.jpg", "width": 1, "height": 1},
        ],
        "categories": [{"id": 17, "name": "cat"}, {"id": 18, "name": "dog"}],
        "annotations": annotations,
    }
    return content | changes


def changed(place: int, **values: Any) -> dict[str, Any]:
    content = coco()
    content["annotations"][place].update(values)
    return content


def warnings(description: Description) -> str:
    told = description.report["warnings"]
    assert isinstance(told, list)
    return "\n".join(told)
