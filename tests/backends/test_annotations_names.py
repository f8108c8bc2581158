"""COCO files: which of the listed pictures is ours, and whose captions are used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sedicfmt.encoders.interfaces import DescribeRequest
from sedicfmt.errors import EncodeError
from tests.backends.coco_files import HEIGHT, SQUARE, WIDTH, coco, describe, warnings


@pytest.mark.parametrize(
    ("names", "picture", "chosen"),
    [
        (["cam1/a.jpg", "cam2/a.jpg"], "in/cam2/a.jpg", 1),
        (["cam1\\a.jpg", "cam2\\a.jpg"], "in/cam2/a.jpg", 1),
        (["..\\a.jpg", "b.jpg"], "/x/a.jpg", 0),
        (["C:\\photos\\b.jpg", "C:\\photos\\a.jpg"], "/x/a.jpg", 1),
        (["a.jpg", "cam2/a.jpg"], "cam2/a.jpg", 1),
        (["x/cam/a.jpg", "y/cam/a.jpg"], "/y/cam/a.jpg", 1),
        (["../in/./a.jpg", 3], "/x/in/a.jpg", 0),
        (["e\u0301.jpg", "e.jpg"], "\u00e9.jpg", 0),
    ],
)
def test_the_longest_common_end_of_a_path_decides(tmp_path: Path, names: list[Any], picture: str, chosen: int) -> None:
    content = coco(images=[{"id": 7 + i, "file_name": name} for i, name in enumerate(names)])
    content["annotations"][3]["segmentation"] = [SQUARE]
    assert len(describe(tmp_path, content, name=picture).objects) == (3, 1)[chosen]


@pytest.mark.parametrize(
    ("names", "picture", "told"),
    [
        (["cam1/a.jpg", "cam2/a.jpg"], "cam3/a.jpg", "several pictures are called 'a.jpg'"),
        (["OURS.jpg", "ours.JPG"], "ours.jpg", "several pictures"),
        (["ours.jpg"], "theirs.jpg", "no picture"),
        (["ours.jpg"], None, "file name"),
        ([], "ours.jpg", "no picture"),
    ],
)
def test_what_is_not_told_apart_is_refused(tmp_path: Path, names: list[str], picture: str | None, told: str) -> None:
    content = coco(images=[{"id": 7 + i, "file_name": name} for i, name in enumerate(names)])
    with pytest.raises(EncodeError, match=told):
        describe(tmp_path, content, name=picture)


def test_a_path_that_fits_in_part_is_told(tmp_path: Path) -> None:
    content = coco(images=[{"id": 7, "file_name": "cam1/a.jpg"}])
    assert "another: cam1/a.jpg" in warnings(describe(tmp_path, content, name="cam2/a.jpg"))


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (coco(images={}), "images"),
        (coco(images={"x": 1}), "images"),
        (coco(images=[{"file_name": "ours.jpg"}, {"id": 8, "file_name": "b.jpg"}]), "images[0]"),
        (coco(annotations=3), "annotations"),
    ],
)
def test_what_concerns_the_whole_picture_is_refused_with_its_place(tmp_path: Path, content: object, place: str) -> None:
    with pytest.raises(EncodeError) as caught:
        describe(tmp_path, content)
    assert caught.value.path == place


@pytest.mark.parametrize("size", [0, -1, 10**400, True, float("inf"), "big", [], None, 2.5])
def test_a_size_that_is_none_is_told_and_costs_nothing(tmp_path: Path, size: object) -> None:
    content = coco(images=[{"id": 7, "file_name": "ours.jpg", "width": size, "height": 3}])
    description = describe(tmp_path, content)
    assert len(description.objects) == 3 and "images[0]: width and height are" in warnings(description)


@pytest.mark.parametrize("size", [(WIDTH, HEIGHT), (float(WIDTH), float(HEIGHT)), (str(WIDTH), str(HEIGHT))])
def test_a_size_is_numbers_or_texts(tmp_path: Path, size: tuple[object, object]) -> None:
    content = coco(images=[{"id": 7, "file_name": "ours.jpg", "width": size[0], "height": size[1]}])
    assert "width" not in warnings(describe(tmp_path, content))


@pytest.mark.parametrize(
    ("entry", "picture"),
    [
        ({"file_name": "OURS.JPG"}, "ours.jpg"),
        ({"file_name": "my%20photo.jpg"}, "in/my photo.jpg"),
        ({"file_name": "http://host/in/ours.jpg?x=1#y"}, "ours.jpg"),
        ({"file_name": " ours.jpg "}, "ours.jpg"),
        ({"path": "/ds/ours.jpg"}, "ours.jpg"),
        ({"filename": "ours.jpg"}, "ours.jpg"),
        ({"file_name": "", "path": "ours.jpg"}, "ours.jpg"),
    ],
)
def test_names_as_other_systems_write_them(tmp_path: Path, entry: dict[str, Any], picture: str) -> None:
    content = coco(images=[{"id": 7, **entry}, {"id": 8, "file_name": "other.jpg"}])
    assert len(describe(tmp_path, content, name=picture).objects) == 3


def test_a_name_to_the_letter_goes_before_one_in_other_letters(tmp_path: Path) -> None:
    content = coco(images=[{"id": 8, "file_name": "OURS.jpg"}, {"id": 7, "file_name": "ours.jpg"}])
    assert len(describe(tmp_path, content).objects) == 3


def test_a_picture_listed_twice_is_one(tmp_path: Path) -> None:
    twice = [{"id": 7, "file_name": "ours.jpg"}, {"id": "7", "file_name": "ours.jpg", "date": "x"}]
    assert len(describe(tmp_path, coco(images=twice)).objects) == 3


@pytest.mark.parametrize("number", [None, "ours.jpg", "0007", " 7", 7.0])
def test_annotations_find_the_only_picture(tmp_path: Path, number: object) -> None:
    content = coco(images=[{"id": 7, "file_name": "ours.jpg"}])
    for entry in content["annotations"]:
        entry["image_id"] = number if entry.get("image_id") == 7 else 9
    assert len(describe(tmp_path, content).objects) == 3


def test_annotations_of_no_picture_are_told(tmp_path: Path) -> None:
    content = coco(images=[{"id": 7, "file_name": "ours.jpg"}, {"id": 8, "file_name": "b.jpg"}])
    one = content["annotations"][0]
    content["annotations"] = [*content["annotations"][:3], one | {"image_id": None}, one | {"image_id": 99}, 3, [one]]
    description = describe(tmp_path, content, DescribeRequest(objects=9))
    assert "it names no picture (annotations[3])" in warnings(description) and len(description.objects) == 4
    assert "the file has no picture of its image_id (annotations[4])" in warnings(description)
    assert "it is no object (annotations[5])" in warnings(description)


def test_a_caption_with_an_empty_category_is_one(tmp_path: Path) -> None:
    content = coco()
    content["annotations"].append({"image_id": 7, "caption": "Two animals", "category_id": None})
    description = describe(tmp_path, content)
    assert description.overall == "Two animals" and "category" not in warnings(description)


def test_captions_beside_or_in_the_same_file(tmp_path: Path) -> None:
    told = ("A cat.", "A cat and a dog\n", "A " + "very " * 60 + "long one.")
    captions = [{"image_id": 3, "caption": text} for text in told]
    beside = {"images": [{"id": 3, "file_name": "ours.jpg"}], "annotations": captions}
    (tmp_path / "captions.json").write_text(json.dumps(beside))
    assert describe(tmp_path, coco()).overall == "A cat and a dog"
    same = coco()
    same["annotations"].append({"image_id": 7, "caption": "Two animals at home"})
    assert describe(tmp_path, same).overall == "Two animals at home"
    cut = describe(tmp_path, same, DescribeRequest(words_overall=2))
    assert cut.overall == "Two animals" and "annotations[4].caption" in warnings(cut)
    for bad in (5, "\ud800"):
        same["annotations"][4]["caption"] = bad
        assert "annotations[4].caption" in warnings(describe(tmp_path, same))


@pytest.mark.parametrize(
    "beside",
    [
        {"images": [{"id": 7, "file_name": "theirs.jpg"}], "annotations": [{"image_id": 7, "caption": "A train"}]},
        {
            "images": [{"id": 7, "file_name": "ours.jpg", "width": 1}],
            "annotations": [{"image_id": 7, "caption": "A train"}],
        },
        {"annotations": [{"image_id": 7, "caption": "A train"}]},
        {"images": 3},
        [],
        "{",
    ],
)
def test_foreign_or_broken_captions_are_not_used(tmp_path: Path, beside: object) -> None:
    (tmp_path / "captions.json").write_text(beside if isinstance(beside, str) else json.dumps(beside))
    description = describe(tmp_path, coco())
    assert description.overall == "" and "captions.json is not used" in warnings(description)
    assert len(description.objects) == 3
