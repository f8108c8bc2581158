"""Annotation files: what a good one gives, and the place that each fault is reported at."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sedicfmt.encoders.describe_annotations import AnnotationsDescriber
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
    return AnnotationsDescriber(file, name).describe(IMAGE, request or DescribeRequest())


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
        {"polygon": [[5, 10], [24, 10], [24, 19], [5, 19]]},
        {"rle": {"size": [HEIGHT, WIDTH], "counts": counts}},
    ]
    for mask in masks:
        (described,) = describe(tmp_path, one_mask(mask)).objects
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


def test_a_missing_file_is_the_callers_fault(tmp_path: Path) -> None:
    with pytest.raises(EncodeError, match="cannot read"):
        find_describer(f"annotations:{tmp_path / 'none.json'}").describe(IMAGE, DescribeRequest())


def coco(**changes: Any) -> dict[str, Any]:
    """A COCO file with two pictures; ours has a small cat, a large dog in two parts, and a crowd."""
    square = [0, 0, 9, 0, 9, 9, 0, 9]
    counts = [0, HEIGHT * 5, HEIGHT * (WIDTH - 5)]
    annotations = [
        {"image_id": 7, "category_id": 17, "iscrowd": 0, "segmentation": [square]},
        {
            "image_id": 7,
            "category_id": 18,
            "iscrowd": 0,
            "segmentation": [[20, 0, 50, 0, 50, 9, 20, 9], [20, 20, 50, 20, 50, 30]],
        },
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


def test_coco_objects_largest_first_with_measured_texts(tmp_path: Path) -> None:
    description = describe(tmp_path, coco(), name="some/folder/ours.jpg")
    assert [d.name for d in description.objects] == ["dog", "cat"]
    assert description.objects[1].text == "Cat in red, at the top left, smooth"
    dog = description.objects[0].pixels
    assert dog is not None and dog[5, 30] == 1 and dog[22, 45] == 1 and dog[15, 30] == 0
    assert description.overall == "" and description.report["warnings"] == ["overall: no caption found"]
    assert len(describe(tmp_path, coco(), DescribeRequest(objects=1), "ours.jpg").objects) == 1


def test_coco_uncompressed_run_lengths(tmp_path: Path) -> None:
    content = coco()
    content["annotations"][2]["iscrowd"] = 0
    stripe = describe(tmp_path, content, name="ours.jpg").objects
    assert any(d.pixels is not None and d.pixels[:, :5].all() and d.pixels.sum() == 5 * HEIGHT for d in stripe)


def test_coco_captions_beside_or_in_the_same_file(tmp_path: Path) -> None:
    captions = [
        {"image_id": 7, "caption": text} for text in ("A cat.", "A cat and a dog\n", "A " + "very " * 60 + "long one.")
    ]
    (tmp_path / "captions.json").write_text(json.dumps({"annotations": captions}))
    assert describe(tmp_path, coco(), name="ours.jpg").overall == "A cat and a dog"
    same = coco()
    same["annotations"].append({"image_id": 7, "caption": "Two animals at home"})
    assert describe(tmp_path, same, name="ours.jpg").overall == "Two animals at home"
    cut = describe(tmp_path, same, DescribeRequest(words_overall=2), name="ours.jpg")
    assert cut.overall == "Two animals" and "annotations[4].caption" in str(cut.report["warnings"])


def test_coco_of_another_size_is_scaled_and_says_so(tmp_path: Path) -> None:
    content = coco()
    content["images"][0].update(width=2 * WIDTH, height=2 * HEIGHT)
    description = describe(tmp_path, content, name="ours.jpg")
    assert description.objects[0].box == Box(10, 0, 26, 16)
    assert "images[0]" in str(description.report["warnings"])


def changed(place: int, **values: Any) -> dict[str, Any]:
    content = coco()
    content["annotations"][place].update(values)
    return content


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (coco(images=[]), "images"),
        (coco(images={}), "images"),
        (coco(images=[3]), "images[0]"),
        (coco(images=coco()["images"][:1] * 2), "images"),
        (coco(images=[{"id": 7, "file_name": "ours.jpg", "width": 0}]), "images[0]"),
        (coco(annotations=3), "annotations"),
        (coco(annotations=["x"]), "annotations[0]"),
        (coco(categories=[{"id": "x", "name": "cat"}]), "categories[0]"),
        (coco(categories=[{"id": 17, "name": ""}]), "categories[0]"),
        (changed(1, category_id=99), "annotations[1].category_id"),
        (changed(1, category_id=[]), "annotations[1].category_id"),
        (changed(1, segmentation=3), "annotations[1].segmentation"),
        (changed(1, segmentation=[]), "annotations[1].segmentation"),
        (changed(1, segmentation=[[1, 2, 3]]), "annotations[1].segmentation[0]"),
        (changed(1, segmentation=[[1, 2, 3, 4, 5, "6"]]), "annotations[1].segmentation[0]"),
        (changed(1, segmentation={"size": [1, 1], "counts": [1]}), "annotations[1].segmentation.size"),
        (changed(1, segmentation={"size": [HEIGHT, WIDTH], "counts": "x"}), "annotations[1].segmentation.counts"),
        (changed(1, caption=5), "annotations[1].caption"),
    ],
)
def test_coco_faults_name_their_place(tmp_path: Path, content: object, place: str) -> None:
    with pytest.raises(EncodeError) as caught:
        describe(tmp_path, content, name="ours.jpg")
    assert caught.value.path == place


def test_coco_needs_the_pictures_name_and_good_captions(tmp_path: Path) -> None:
    for name in (None, "", "elsewhere.jpg"):
        with pytest.raises(EncodeError, match="images"):
            describe(tmp_path, coco(), name=name)
    (tmp_path / "captions.json").write_text("{")
    with pytest.raises(EncodeError, match=r"captions\.json"):
        describe(tmp_path, coco(), name="ours.jpg")


def test_a_real_coco_folder(data_folder: Path) -> None:
    folder = data_folder / "train" / "coco"
    file = sorted(folder.glob("val2017_*.jpg"))[0]
    image = np.asarray(Image.open(file).convert("RGB"))
    listed = {entry["file_name"] for entry in json.loads((folder / "instances.json").read_bytes())["images"]}
    if file.name not in listed:
        pytest.skip(f"{file.name} has no annotations")
    description = AnnotationsDescriber(folder / "instances.json", file.name).describe(image, DescribeRequest())
    assert description.overall and len(description.objects) >= 1
