"""COCO files: masks land where they belong, in turned photos too, and cover the pixels that pycocotools covers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pycocotools import mask

from sedicfmt.encoders.annotations.annotation_masks import fill, rle_mask
from sedicfmt.encoders.annotations.coco_shapes import TURNS, Placement
from sedicfmt.encoders.interfaces import Box
from sedicfmt.errors import EncodeError
from sedicfmt.pipeline.picture import TURNS as PILLOWS
from sedicfmt.pipeline.picture import open_picture, orientation_of, to_rgb
from tests.backends.coco_files import HEIGHT, IMAGE, SQUARE, WIDTH, changed, coco, describe, warnings


@pytest.mark.parametrize("orientation", range(1, 9))
def test_stored_places_turn_as_the_stored_pixels_do(orientation: int) -> None:
    stored = np.zeros((30, 50), np.uint8)
    stored[4:11, 20:45] = 1
    way = PILLOWS.get(orientation)
    image = Image.fromarray(stored)
    shown = np.asarray(image if way is None else image.transpose(way))
    placement = Placement(stored.shape, shown.shape, orientation)
    np.testing.assert_array_equal(placement.pixels(stored), shown)
    corners = np.array([[20, 4], [45, 4], [45, 11], [20, 11]], float)
    np.testing.assert_array_equal(fill(placement.corners(corners), shown.shape), shown)
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


# -- which pixels -------------------------------------------------------------------------------------------------------


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
