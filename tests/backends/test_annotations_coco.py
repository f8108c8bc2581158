"""COCO files as exporters write them: nothing is lost silently, one fault costs one object."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sedicfmt.encoders.interfaces import Box, DescribeRequest, Description
from sedicfmt.encoders.registry import find_describer
from sedicfmt.pipeline.picture import open_picture, orientation_of, to_rgb
from tests.backends.coco_files import HEIGHT, IMAGE, SQUARE, WIDTH, changed, coco, describe, warnings

OUTSIDE = Path(__file__).parents[1] / "outside" / "annotations"

BOX, FIRST, SECOND = Box(100, 20, 150, 60), Box(60, 100, 100, 150), Box(10, 70, 60, 110)


def described(folder: Path) -> Description:
    """What is said of a photo from outside, opened as `sedic-pack` does."""
    picture = open_picture((folder / "a.jpg").read_bytes(), "a.jpg")
    pixels = to_rgb(picture, pytest.fail)
    file = next(place for place in (folder, *folder.parents) if (place / "ann.json").exists()) / "ann.json"
    request = DescribeRequest(image_name=str(folder / "a.jpg"), orientation=orientation_of(picture))
    return find_describer(f"annotations:{file}").describe(pixels, request)


@pytest.mark.parametrize(
    ("case", "boxes", "told"),
    [
        ("exif6_stored_coords_stored_size", [FIRST], ""),
        ("cvat_iscrowd1_rle", [BOX], ""),
        ("no_seg_key_bbox_only", [BOX], "the box is taken: annotations[0]"),
        ("roboflow_empty_seg_one_of_two", [BOX, BOX], "the box is taken: annotations[1]"),
        ("sleap487_compressed_rle", [BOX], ""),
        ("six_objects", [Box(10, 10, 25, 40), Box(30, 10, 45, 40), Box(50, 10, 65, 40)], "the largest 3 of 6 are kept"),
        ("captions_foreign", [BOX], "captions.json is not used"),
        ("cvat2046_folder/in/cam1", [BOX], ""),
        ("cvat2046_folder/in/cam2", [SECOND], ""),
    ],
)
def test_what_exporters_write(case: str, boxes: list[Box], told: str) -> None:
    description = described(OUTSIDE / case)
    assert [d.box for d in description.objects] == boxes
    assert told in warnings(description) and description.overall == ""


def test_objects_largest_first_with_measured_texts_and_crowds_last(tmp_path: Path) -> None:
    description = describe(tmp_path, coco(), name="some/folder/ours.jpg")
    assert [d.name for d in description.objects] == ["dog", "cat", "dog"]
    assert description.objects[1].text == "Cat in red, at the top left, smooth"
    dog = description.objects[0].pixels
    assert dog is not None and dog[5, 30] == 1 and dog[22, 45] == 1 and dog[15, 30] == 0
    crowd = description.objects[2].pixels
    assert crowd is not None and crowd[:, :5].all() and crowd.sum() == 5 * HEIGHT
    assert description.overall == "" and description.report["warnings"] == ["overall: no caption found"]
    fewer = describe(tmp_path, coco(), DescribeRequest(objects=1))
    assert [d.name for d in fewer.objects] == ["dog"] and "the largest 1 of 3 is kept" in warnings(fewer)
    assert "none of 3 is kept" in warnings(describe(tmp_path, coco(), DescribeRequest(objects=0)))


@pytest.mark.parametrize("number", ["7", 7.0, 7])
@pytest.mark.parametrize("category", ["17", 17.0, 17])
def test_ids_are_numbers_or_texts(tmp_path: Path, number: object, category: object) -> None:
    content = changed(0, image_id=number, category_id=category)
    assert {d.name for d in describe(tmp_path, content).objects} == {"cat", "dog"}
    words = json.loads(
        json.dumps(coco()).replace('"id": 7', '"id": "img-7"').replace('"image_id": 7', '"image_id": "img-7"')
    )
    assert len(describe(tmp_path, words).objects) == 3


def test_six_hundred_polygons_take_the_memory_of_those_that_are_sent(tmp_path: Path) -> None:
    content = coco()
    one = content["annotations"][0]
    content["annotations"] = [one | {"segmentation": [[i % 50, 0, i % 50 + 9, 0, i % 50, 30]]} for i in range(600)]
    tracemalloc.start()
    try:
        description = describe(tmp_path, content)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(description.objects) == 3 and "the largest 3 of 600 are kept" in warnings(description)
    assert peak < 600 * IMAGE[..., 0].nbytes


def test_a_real_coco_folder(data_folder: Path) -> None:
    folder = data_folder / "train" / "coco"
    file = sorted(folder.glob("val2017_*.jpg"))[0]
    image = np.asarray(Image.open(file).convert("RGB"))
    listed = {entry["file_name"] for entry in json.loads((folder / "instances.json").read_bytes())["images"]}
    if file.name not in listed:
        pytest.skip(f"{file.name} has no annotations")
    description = find_describer(f"annotations:{folder / 'instances.json'}").describe(
        image, DescribeRequest(image_name=str(file))
    )
    assert description.overall and len(description.objects) >= 1


@pytest.mark.parametrize("number", [None, 99, "x"])
@pytest.mark.parametrize("categories", [[], None, coco()["categories"]])
def test_a_category_by_its_name_alone(tmp_path: Path, number: object, categories: object) -> None:
    """As exporters of predictions write it, with a category_id of some model's or with none, and often no categories."""
    content = coco(categories=categories)
    for entry in content["annotations"]:
        entry |= {"category_id": number, "category_name": " red\nfox "}
    del content["annotations"][1]["category_id"]
    description = describe(tmp_path, content)
    assert [d.name for d in description.objects] == ["red fox"] * 3
    assert description.report["warnings"] == ["overall: no caption found"]


def test_a_category_by_both_that_agree(tmp_path: Path) -> None:
    description = describe(tmp_path, changed(0, category_name="Cat "))
    assert [d.name for d in description.objects] == ["dog", "cat", "dog"] and "category" not in warnings(description)


def test_an_object_with_a_caption_and_a_categorys_name_is_both(tmp_path: Path) -> None:
    content = coco()
    del content["annotations"][0]["category_id"]
    content["annotations"][0] |= {"category_name": "kitten", "caption": "A kitten."}
    description = describe(tmp_path, content)
    assert "kitten" in [d.name for d in description.objects] and description.overall == "A kitten."


# -- what is left out ---------------------------------------------------------------------------------------------------


BAD: list[tuple[dict[str, Any], str]] = [
    ({"category_id": 99}, "there is no such category (annotations[0])"),
    ({"category_id": []}, "there is no such category"),
    ({"category_id": None}, "it names no category (annotations[0])"),
    ({"category_id": None, "category_name": "  "}, "it names no category (annotations[0])"),
    ({"category_id": None, "category_name": 5}, "a category's name is a text (annotations[0].category_name)"),
    ({"category_id": None, "category_name": "\ud800"}, "(annotations[0].category_name)"),
    ({"category_name": "dog"}, "category_id and its category_name are two categories (annotations[0].category_name)"),
    ({"segmentation": 3}, "annotations[0].segmentation"),
    ({"segmentation": []}, "neither outline nor box"),
    ({"segmentation": [], "bbox": [1, 2, 3]}, "annotations[0].bbox"),
    ({"segmentation": [], "bbox": [1, 2, 0, 3]}, "annotations[0].bbox"),
    ({"segmentation": [], "bbox": [1, 2, float("nan"), 3]}, "annotations[0].bbox"),
    ({"segmentation": [[1, 2, 3, 4]]}, "neither outline nor box"),
    ({"segmentation": [[1, 2, 3]]}, "annotations[0].segmentation[0]"),
    ({"segmentation": [SQUARE, None]}, "annotations[0].segmentation[1]"),
    ({"segmentation": [[1, 2, 3, 4, 5, "6"]]}, "annotations[0].segmentation[0]"),
    ({"segmentation": [[1, 2, 3, 4, 5, 10**400]]}, "annotations[0].segmentation[0]"),
    ({"segmentation": [[1000, 0, 1010, 0, 1010, 9]]}, "no pixel in the picture (annotations[0])"),
    ({"segmentation": {"size": [1, 1], "counts": [5]}}, "annotations[0].segmentation.counts"),
    ({"segmentation": {"size": [1, 0], "counts": [0]}}, "annotations[0].segmentation.size"),
    ({"segmentation": {"size": [10**9, 10**9], "counts": [1]}}, "annotations[0].segmentation.size"),
    ({"segmentation": {"size": [HEIGHT, WIDTH], "counts": "x"}}, "annotations[0].segmentation.counts"),
    ({"segmentation": {"size": [HEIGHT, WIDTH], "counts": ""}}, "annotations[0].segmentation.counts"),
    ({"segmentation": {"size": [WIDTH, HEIGHT], "counts": [HEIGHT * WIDTH]}}, "turned since"),
]


@pytest.mark.parametrize(("values", "told"), BAD)
def test_a_bad_annotation_costs_itself_and_is_told(tmp_path: Path, values: dict[str, Any], told: str) -> None:
    description = describe(tmp_path, changed(0, **values))
    assert [d.name for d in description.objects] == ["dog", "dog"]
    assert "1 annotation is left out: " in warnings(description) and told in warnings(description)


@pytest.mark.parametrize(
    "outline",
    [
        [[1, 2, 3, 4, 5]],
        [[1, 2, 3, 4, 5, None]],
        [[{"x": 1, "y": 2}]],
        3,
        "poly",
        {"counts": [1]},
        {"size": [HEIGHT, WIDTH], "counts": [1]},
        {"size": [HEIGHT, WIDTH], "counts": "b'abc'"},
    ],
)
def test_where_the_outline_is_bad_the_box_is_taken_and_told(tmp_path: Path, outline: object) -> None:
    description = describe(tmp_path, changed(0, segmentation=outline, bbox=[10, 10, 20, 20]))
    assert Box(10, 10, 30, 30) in [d.box for d in description.objects] and len(description.objects) == 3
    assert "annotations[0]: the box is taken, as of its outline " in warnings(description)


def test_run_lengths_in_a_list_and_as_floats(tmp_path: Path) -> None:
    rest = HEIGHT * WIDTH - 2 * HEIGHT
    runs = {"size": [float(HEIGHT), HEIGHT * 0.0 + WIDTH], "counts": [float(HEIGHT), HEIGHT, rest]}
    for outline in (runs, [runs]):
        description = describe(tmp_path, changed(0, segmentation=outline))
        assert Box(1, 0, 2, HEIGHT) in [d.box for d in description.objects]


def test_many_bad_ones_are_told_by_their_number(tmp_path: Path) -> None:
    content = coco()
    content["annotations"] += [{"image_id": 7, "category_id": 99, "segmentation": [SQUARE]}] * 5 + ["x", 3]
    description = describe(tmp_path, content)
    assert len(description.objects) == 3
    assert "5 annotations are left out: there is no such category (annotations[4], ...)" in warnings(description)


@pytest.mark.parametrize(
    "entry", [{"id": 18, "name": ""}, {"id": [], "name": "dog"}, "dog", {"id": 18, "name": "\ud800"}]
)
def test_a_bad_category_costs_its_objects(tmp_path: Path, entry: object) -> None:
    description = describe(tmp_path, coco(categories=[{"id": 17, "name": "cat"}, entry]))
    assert [d.name for d in description.objects] == ["cat"]
    assert "2 annotations are left out: there is no such category" in warnings(description)
