"""COCO files: which of the listed pictures is ours, and whose captions are used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sedicfmt.encoders.interfaces import DescribeRequest
from sedicfmt.errors import EncodeError
from tests.backends.coco_files import SQUARE, coco, describe, warnings


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
        (["ours.jpg", "ours.jpg"], "ours.jpg", "several pictures"),
        (["ours.jpg"], "theirs.jpg", "no picture"),
        (["ours.jpg"], None, "file name"),
        ([], "ours.jpg", "no picture"),
    ],
)
def test_what_is_not_told_apart_is_refused(tmp_path: Path, names: list[str], picture: str | None, told: str) -> None:
    content = coco(images=[{"id": 7, "file_name": name} for name in names])
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
        (coco(images=[{"id": 7, "file_name": "ours.jpg", "width": 0, "height": 3}]), "images[0]"),
        (coco(images=[{"id": 7, "file_name": "ours.jpg", "width": 10**400, "height": 3}]), "images[0]"),
        (coco(images=[{"id": 7, "file_name": "ours.jpg", "width": True, "height": 3}]), "images[0]"),
        (coco(images=[{"id": 7, "file_name": "ours.jpg", "width": float("inf"), "height": 3}]), "images[0]"),
        (coco(images=[{"file_name": "ours.jpg"}]), "images[0]"),
        (coco(annotations=3), "annotations"),
    ],
)
def test_what_concerns_the_whole_picture_is_refused_with_its_place(tmp_path: Path, content: object, place: str) -> None:
    with pytest.raises(EncodeError) as caught:
        describe(tmp_path, content)
    assert caught.value.path == place


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
