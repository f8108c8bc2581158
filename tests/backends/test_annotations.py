"""Annotation files: what a good one gives, and the place that each fault is reported at."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask

from sedicfmt.encoders.annotations import describe_annotations
from sedicfmt.encoders.annotations.annotation_masks import read_mask
from sedicfmt.encoders.annotations.describe_annotations import AnnotationsDescriber
from sedicfmt.encoders.interfaces import Box, DescribeRequest, Description
from sedicfmt.encoders.registry import find_describer
from sedicfmt.errors import EncodeError

HEIGHT, WIDTH = 40, 60
IMAGE = np.full((HEIGHT, WIDTH, 3), (200, 30, 30), np.uint8)


def write_png(folder: Path, name: str = "mask.png", width: int = WIDTH) -> None:
    pixels = np.zeros((HEIGHT, width), np.uint8)
    pixels[10:20, 5:25] = 255
    Image.fromarray(pixels).save(folder / name)


def describe(
    folder: Path, content: object, request: DescribeRequest | None = None, name: str | None = None
) -> Description:
    file = folder / "notes.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return AnnotationsDescriber(file).describe(IMAGE, replace(request or DescribeRequest(), image_name=name))


def one_mask(mask: object) -> dict[str, Any]:
    return {"overall": "x", "objects": [{"name": "cat", "mask": mask}]}


def test_every_kind_of_mask(tmp_path: Path) -> None:
    write_png(tmp_path)
    box = np.zeros((HEIGHT, WIDTH), np.uint8)
    box[10:20, 5:25] = 1
    edges = np.flatnonzero(np.diff(box.T.ravel(), prepend=0, append=0))
    counts = np.diff([0, *edges, box.size]).tolist()
    masks = [
        "mask.png",
        {"box": [5, 10, 25, 20]},
        {"polygon": [[5, 10], [25, 10], [25, 20], [5, 20]]},
        {"polygon": [[5.4, 10.4], [25.4, 9.6], [24.6, 20.4], [4.6, 19.6]]},
        {"rle": {"size": [HEIGHT, WIDTH], "counts": counts}},
        {
            "rle": mask.encode(np.asfortranarray(box))
            | {"counts": mask.encode(np.asfortranarray(box))["counts"].decode()}
        },
    ]
    for told in masks:
        (described,) = describe(tmp_path, one_mask(told)).objects
        np.testing.assert_array_equal(described.pixels, box)
        assert described.box == Box(5, 10, 25, 20)


def test_order_texts_and_objects_without_a_mask(tmp_path: Path) -> None:
    entries = [{"name": " cat ", "text": "cat  with\nwhite paws"}, {"name": "red sofa", "mask": {"box": [0, 0, 9, 9]}}]
    description = describe(tmp_path, {"overall": " A cat\ton a sofa. ", "objects": entries})
    assert description.overall == "A cat on a sofa."
    assert [(d.name, d.text) for d in description.objects] == [("cat", "cat with white paws"), ("red sofa", "red sofa")]
    assert description.objects[0].pixels is None and description.objects[0].box is None
    assert description.report == {"warnings": []}
    assert describe(tmp_path, {}).objects == ()


def test_limits_cut_and_warn(tmp_path: Path) -> None:
    entries = [{"name": n, "text": f"{n} that sits, and looks at the camera"} for n in ("cat", "dog", "cow")]
    content = {"overall": "A cat. A dog and a cow.", "objects": entries}
    description = describe(tmp_path, content, DescribeRequest(objects=2, words_object=5, words_overall=3))
    assert description.overall == "A cat."
    assert [d.text for d in description.objects] == ["cat that sits", "dog that sits"]
    assert description.report["warnings"] == [
        "overall: cut from 7 to 2 words",
        "objects[0].text: cut from 8 to 3 words",
        "objects[1].text: cut from 8 to 3 words",
        "objects: the first 2 of 3 are kept",
    ]


FAULTS: list[tuple[object, str]] = [
    ("{", ""),
    ("\xff", ""),
    ("[" * 100_000, ""),
    ("[]", ""),
    ({"overall": 3}, "overall"),
    ({"overall": None}, "overall"),
    ('{"overall": "\\ud800"}', "overall"),
    ({"overal": "x"}, "overal"),
    ('{"\\ud800": 1}', "?"),
    ({"objects": {}}, "objects"),
    ({"objects": [3]}, "objects[0]"),
    ({"objects": [{"name": "cat"}, {}]}, "objects[1].name"),
    ({"objects": [{"name": " "}]}, "objects[0].name"),
    ({"objects": [{"name": ["cat"]}]}, "objects[0].name"),
    ({"objects": [{"name": "cat", "text": 1}]}, "objects[0].text"),
    ({"objects": [{"name": "cat", "masks": "x.png"}]}, "objects[0].masks"),
    (one_mask(None), "objects[0].mask"),
    (one_mask({}), "objects[0].mask"),
    (one_mask({"circle": [1, 2, 3]}), "objects[0].mask"),
    (one_mask({"box": [0, 0, 9, 9], "polygon": []}), "objects[0].mask"),
    (one_mask({"box": [0, 0, 9]}), "objects[0].mask.box"),
    (one_mask({"box": [9, 0, 0, 9]}), "objects[0].mask.box"),
    (one_mask({"box": [0, 0, True, 9]}), "objects[0].mask.box"),
    (one_mask({"box": [0, 0, "9", 9]}), "objects[0].mask.box"),
    (one_mask({"box": [900, 0, 990, 9]}), "objects[0].mask"),
    (one_mask({"box": [0, 0, float("nan"), 9]}), "objects[0].mask.box"),
    (one_mask({"box": [0, 0, 10**400, 9]}), "objects[0].mask.box"),
    (one_mask({"polygon": [[0, 0], [9, 9]]}), "objects[0].mask.polygon"),
    (one_mask({"polygon": [[0, 0], [9, 9], [1]]}), "objects[0].mask.polygon[2]"),
    (one_mask({"polygon": [[0, 0], [9, 9], [1, float("inf")]]}), "objects[0].mask.polygon[2]"),
    (one_mask({"rle": [1]}), "objects[0].mask.rle.size"),
    (one_mask({"rle": {"size": [WIDTH, HEIGHT], "counts": []}}), "objects[0].mask.rle.size"),
    (one_mask({"rle": {"size": [HEIGHT, WIDTH], "counts": "Pm0"}}), "objects[0].mask.rle.counts"),
    (one_mask({"rle": {"size": [HEIGHT, WIDTH], "counts": [5, -1]}}), "objects[0].mask.rle.counts"),
    (one_mask({"rle": {"size": [HEIGHT, WIDTH], "counts": [10**30]}}), "objects[0].mask.rle.counts"),
    (one_mask({"rle": {"size": [HEIGHT, WIDTH], "counts": [5, 5]}}), "objects[0].mask.rle.counts"),
    (one_mask({"rle": {"size": [HEIGHT, WIDTH], "counts": [HEIGHT * WIDTH]}}), "objects[0].mask"),
    (one_mask("missing.png"), "objects[0].mask"),
    (one_mask("."), "objects[0].mask"),
    (one_mask("a\0b"), "objects[0].mask"),
    (one_mask("a" * 5000), "objects[0].mask"),
    (one_mask("notes.json"), "objects[0].mask"),
    (one_mask("broken.png"), "objects[0].mask"),
    (one_mask("narrow.png"), "objects[0].mask"),
    (one_mask("black.png"), "objects[0].mask"),
    (one_mask("../outside.png"), "objects[0].mask"),
    (one_mask("link.png"), "objects[0].mask"),
]


@pytest.mark.parametrize(("content", "place"), FAULTS)
def test_faults_name_their_place(tmp_path: Path, content: object, place: str) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    write_png(folder)
    write_png(folder, "narrow.png", WIDTH - 1)
    write_png(tmp_path, "outside.png")
    (folder / "link.png").symlink_to(tmp_path / "outside.png")
    (folder / "broken.png").write_bytes((folder / "mask.png").read_bytes()[:60])
    Image.new("L", (WIDTH, HEIGHT)).save(folder / "black.png")
    with pytest.raises(EncodeError) as caught:
        describe(folder, content)
    assert caught.value.path == place


def test_an_absolute_path_is_refused(tmp_path: Path) -> None:
    write_png(tmp_path)
    with pytest.raises(EncodeError, match="leaves the folder"):
        describe(tmp_path, one_mask(str(tmp_path / "mask.png")))


def test_a_missing_file_is_told_as_such(tmp_path: Path) -> None:
    for name in ("none.json", "."):
        with pytest.raises(OSError, match=r"No such file|Is a directory"):
            find_describer(f"annotations:{tmp_path / name}")
    with pytest.raises(EncodeError, match="file's name"):
        find_describer(f"annotations:{tmp_path}\0")


def test_only_masks_that_are_sent_are_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[object] = []
    monkeypatch.setattr(
        describe_annotations,
        "read_mask",
        lambda told, folder, size, path: drawn.append(told) or read_mask(told, folder, size, path),
    )
    entries = [{"name": "cat", "mask": {"polygon": [[i, 0], [i + 9, 0], [i, 9]]}} for i in range(20)]
    assert len(describe(tmp_path, {"objects": entries}, DescribeRequest(objects=2)).objects) == len(drawn) == 2
