"""COCO files as exporters write them: nothing is lost silently or lands in the wrong place, one fault costs one object."""

from __future__ import annotations

import json
import os
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pycocotools import mask

from sedicfmt.encoders.annotations.annotation_masks import fill, rle_mask
from sedicfmt.encoders.annotations.coco_shapes import TURNS, Frame
from sedicfmt.encoders.interfaces import Box, DescribeRequest, Description
from sedicfmt.encoders.registry import find_describer
from sedicfmt.errors import EncodeError
from sedicfmt.pipeline.picture import TURNS as PILLOWS
from sedicfmt.pipeline.picture import open_picture, orientation_of, to_rgb

OUTSIDE = Path(__file__).parents[1] / "outside" / "annotations"
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
    describer = find_describer(f"annotations:{file}", name, orientation=orientation)
    return describer.describe(IMAGE if orientation < 5 else IMAGE.transpose(1, 0, 2), request or DescribeRequest())


def described(folder: Path) -> Description:
    """What is said of a photo from outside, opened as `sedic-pack` does."""
    picture = open_picture((folder / "a.jpg").read_bytes(), "a.jpg")
    pixels = to_rgb(picture, pytest.fail)
    file = next(place for place in (folder, *folder.parents) if (place / "ann.json").exists()) / "ann.json"
    describer = find_describer(f"annotations:{file}", str(folder / "a.jpg"), orientation=orientation_of(picture))
    return describer.describe(pixels, DescribeRequest())


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


BOX, FIRST, SECOND = Box(100, 20, 150, 60), Box(60, 100, 100, 150), Box(10, 70, 60, 110)


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
    assert [d.name for d in fewer.objects] == ["dog"] and "the largest 1 of 3 are kept" in warnings(fewer)
    assert "none of 3 is kept" in warnings(describe(tmp_path, coco(), DescribeRequest(objects=0)))


# -- where --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("orientation", range(1, 9))
def test_stored_places_turn_as_the_stored_pixels_do(orientation: int) -> None:
    stored = np.zeros((30, 50), np.uint8)
    stored[4:11, 20:45] = 1
    way = PILLOWS.get(orientation)
    image = Image.fromarray(stored)
    shown = np.asarray(image if way is None else image.transpose(way))
    frame = Frame(stored.shape, shown.shape, orientation)
    np.testing.assert_array_equal(frame.pixels(stored), shown)
    corners = np.array([[20, 4], [45, 4], [45, 11], [20, 11]], float)
    np.testing.assert_array_equal(fill(frame.corners(corners), shown.shape), shown)
    assert set(TURNS) == {1, *PILLOWS}


@pytest.mark.parametrize("orientation", range(5, 9))
@pytest.mark.parametrize("scale", [1, 2])
def test_of_a_lying_photo_its_size_tells_how_it_was_annotated(tmp_path: Path, orientation: int, scale: int) -> None:
    """IMAGE lies stored at 60x40; shown it stands."""
    runs = mask.encode(np.asfortranarray(fill(np.reshape(SQUARE, (4, 2)) * scale, (HEIGHT * scale, WIDTH * scale))))
    run_lengths = {"size": runs["size"], "counts": runs["counts"].decode()}
    for segmentation in ([[n * scale for n in SQUARE]], run_lengths):
        content = changed(0, segmentation=segmentation)
        content["images"][0].update(width=WIDTH * scale, height=HEIGHT * scale)
        stored = describe(tmp_path, content, orientation=orientation).objects[1].box
        across, down = orientation in (6, 7), orientation in (7, 8)
        left, top = (HEIGHT - 9) * across, (WIDTH - 9) * down
        assert stored == Box(left, top, left + 9, top + 9)
    content = changed(0, segmentation=[[n * scale for n in SQUARE]])
    content["images"][0].update(width=HEIGHT * scale, height=WIDTH * scale)
    shown = describe(tmp_path, content, orientation=orientation)
    assert Box(0, 0, 9, 9) in [d.box for d in shown.objects]


@pytest.mark.parametrize("orientation", [2, 3, 4])
def test_where_the_size_does_not_tell_it_is_as_shown_with_a_warning(tmp_path: Path, orientation: int) -> None:
    description = describe(tmp_path, coco(), orientation=orientation)
    assert description.objects[1].box == Box(0, 0, 9, 9) and "taken as it is shown" in warnings(description)
    content = coco()
    del content["images"][0]["width"], content["images"][0]["height"]
    assert "taken as it is shown" in warnings(describe(tmp_path, content, orientation=orientation + 4))


def test_a_picture_that_was_turned_since_gets_no_wrong_objects(tmp_path: Path) -> None:
    content = coco()
    content["images"][0].update(width=HEIGHT, height=WIDTH)
    description = describe(tmp_path, content)
    assert description.objects == () and "3 annotations are left out: annotated at 40x60" in warnings(description)


def test_of_another_size_places_are_scaled_and_it_says_so(tmp_path: Path) -> None:
    content = coco()
    content["images"][0].update(width=2 * WIDTH, height=2 * HEIGHT)
    description = describe(tmp_path, content)
    assert description.objects[0].box == Box(10, 0, 25, 15) and "images[0]: annotated at 120x80" in warnings(
        description
    )


def test_a_tiff_that_pillow_turns_while_loading_is_known_to_be_turned(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    for name in ("a.tif", "a.jpg", "a.png", "a.webp"):
        Image.fromarray(IMAGE).save(tmp_path / name, exif=exif)
        picture = open_picture((tmp_path / name).read_bytes(), name)
        assert orientation_of(picture) == 6 and to_rgb(picture, pytest.fail).shape == (WIDTH, HEIGHT, 3)


sides = st.integers(1, 60)


@settings(max_examples=150, deadline=None)
@given(data=st.data(), height=sides, width=sides)
def test_polygons_cover_what_pycocotools_covers(data: st.DataObject, height: int, width: int) -> None:
    """It rounds corners to fifths of a pixel: only pixels about the outline may differ, and as many too many as too few."""
    numbers = st.floats(-20, 80, allow_subnormal=False)
    corners = np.array(data.draw(st.lists(st.tuples(numbers, numbers), min_size=3, max_size=8)))
    ours = fill(corners, (height, width))
    theirs = mask.decode(mask.merge(mask.frPyObjects([corners.ravel().tolist()], height, width)))
    ends = np.roll(corners, -1, axis=0)
    far = np.ones((height, width), bool)
    y, x = np.mgrid[:height, :width] + 0.5
    for (x0, y0), (x1, y1) in zip(corners, ends, strict=True):
        length = max((x1 - x0) ** 2 + (y1 - y0) ** 2, 1e-12)
        along = np.clip(((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / length, 0, 1)
        far &= np.hypot(x0 + along * (x1 - x0) - x, y0 + along * (y1 - y0) - y) > 0.75
    assert not ((ours != theirs) & far).any()


def test_areas_are_pycocotools_areas() -> None:
    random, ratios = np.random.default_rng(1), []
    for _ in range(200):
        angles, radii = np.sort(random.uniform(0, 2 * np.pi, 8)), random.uniform(8, 30, 8)
        corners = 35 + np.stack([radii * np.cos(angles), radii * np.sin(angles)], 1)
        theirs = mask.decode(mask.merge(mask.frPyObjects([corners.ravel().tolist()], 70, 70)))
        ratios.append(fill(corners, (70, 70)).sum() / theirs.sum())
    assert abs(np.mean(ratios) - 1) < 0.002


@settings(deadline=None)
@given(data=st.data(), height=st.integers(1, 30), width=st.integers(1, 30))
def test_compressed_run_lengths_are_read_as_pycocotools_reads_them(
    data: st.DataObject, height: int, width: int
) -> None:
    bits = data.draw(st.binary(min_size=height * width, max_size=height * width))
    pixels = np.frombuffer(bits, np.uint8).reshape(height, width) >> 7
    told = mask.encode(np.asfortranarray(pixels))
    read = rle_mask({"size": [height, width], "counts": told["counts"].decode()}, (height, width), "")
    np.testing.assert_array_equal(read, pixels)


@given(st.text(st.characters(max_codepoint=130)))
def test_any_string_is_run_lengths_or_refused(counts: str) -> None:
    try:
        assert rle_mask({"size": [3, 4], "counts": counts}, (3, 4), "").shape == (3, 4)
    except EncodeError as error:
        assert error.path == ".counts"


# -- what is left out ---------------------------------------------------------------------------------------------------

BAD: list[tuple[dict[str, Any], str]] = [
    ({"category_id": 99}, "there is no such category (annotations[0])"),
    ({"category_id": []}, "there is no such category"),
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


# -- which picture, which caption ---------------------------------------------------------------------------------------


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


def test_a_real_coco_folder(data_folder: Path) -> None:
    folder = data_folder / "train" / "coco"
    file = sorted(folder.glob("val2017_*.jpg"))[0]
    image = np.asarray(Image.open(file).convert("RGB"))
    listed = {entry["file_name"] for entry in json.loads((folder / "instances.json").read_bytes())["images"]}
    if file.name not in listed:
        pytest.skip(f"{file.name} has no annotations")
    description = find_describer(f"annotations:{folder / 'instances.json'}", str(file)).describe(
        image, DescribeRequest()
    )
    assert description.overall and len(description.objects) >= 1
