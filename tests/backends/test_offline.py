"""The offline describer on drawn pictures of every awkward kind, and on photos where the data folder is there."""

from __future__ import annotations

import re
from collections import Counter
from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from sedicfmt import back_ends
from sedicfmt.encoders import registry
from sedicfmt.encoders.interfaces import Box, DescribeRequest, Description, Detection
from sedicfmt.encoders.offline import detect_ssd
from sedicfmt.encoders.offline.describe_offline import OfflineDescriber, exclusive
from sedicfmt.encoders.offline.salient_region import salient_box
from sedicfmt.encoders.offline.scene_text import scene_text
from sedicfmt.encoders.words import count_words
from sedicfmt.errors import BackendFailed, EncodeError, MissingDependency
from sedicfmt.installing import install_extra
from sedicfmt.networks import package_files
from sedicfmt.picture import Picture


@pytest.fixture(scope="module")
def describer() -> OfflineDescriber:
    """One for all tests, since reading the weights takes a third of a second."""
    found = OfflineDescriber()
    try:
        found.describe(disc_picture(64, 64), DescribeRequest())  # without a detection, so the classifier looks as well
    except MissingDependency as error:
        pytest.skip(str(error))
    return found


def disc_picture(width: int = 192, height: int = 128) -> Picture:
    """A red disc on green, left of the middle."""
    picture = Image.new("RGB", (width, height), (60, 130, 60))
    r = min(width, height) // 4
    x, y = width // 3, height // 2
    ImageDraw.Draw(picture).ellipse((x - r, y - r, x + r, y + r), fill=(200, 30, 30))
    return np.asarray(picture)


def check(description: Description, image: Picture, request: DescribeRequest) -> None:
    """What holds for every description."""
    assert len(description.objects) <= request.objects
    assert count_words(description.overall) <= request.words_overall
    total = np.zeros(image.shape[:2], int)
    for described in description.objects:
        assert described.pixels is not None and described.pixels.dtype == np.uint8
        assert described.pixels.shape == image.shape[:2] and set(np.unique(described.pixels)) <= {0, 1}
        assert described.pixels.any()
        assert count_words(described.text) <= request.words_object
        assert described.text.lower().startswith(described.name)
        total += described.pixels
    assert total.max(initial=0) <= 1, "masks overlap"


def test_no_known_object_gives_the_main_subject(describer: OfflineDescriber) -> None:
    image = disc_picture()
    description = describer.describe(image, DescribeRequest())
    check(description, image, DescribeRequest())
    assert len(description.objects) >= 1
    truth = (image[..., 0] > 150).astype(np.uint8)
    pixels = description.objects[0].pixels
    assert pixels is not None and (pixels & truth).sum() / (pixels | truth).sum() > 0.6
    assert "red" in description.objects[0].text and "green" in description.overall


@pytest.mark.parametrize("colour", [0, 128, 255])
def test_a_flat_picture_has_no_object(describer: OfflineDescriber, colour: int) -> None:
    description = describer.describe(np.full((96, 96, 3), colour, np.uint8), DescribeRequest())
    assert description.objects == () and description.overall


@pytest.mark.parametrize("shape", [(16, 16), (17, 16), (16, 1024), (1000, 20), (64, 64)])
def test_small_and_narrow_pictures(describer: OfflineDescriber, shape: tuple[int, int]) -> None:
    for image in (disc_picture(*shape[::-1]), np.random.default_rng(1).integers(0, 255, (*shape, 3), dtype=np.uint8)):
        check(describer.describe(image, DescribeRequest()), image, DescribeRequest())


def test_gray_picture(describer: OfflineDescriber) -> None:
    image = np.repeat(disc_picture()[..., :1], 3, axis=2)
    description = describer.describe(image, DescribeRequest())
    check(description, image, DescribeRequest())
    assert len(description.objects) >= 1


def test_the_largest_picture(describer: OfflineDescriber) -> None:
    image = np.kron(disc_picture(64, 64), np.ones((128, 128, 1), np.uint8))
    assert image.shape == (8192, 8192, 3)
    description = describer.describe(image, DescribeRequest(objects=1))
    assert len(description.objects) == 1
    pixels = description.objects[0].pixels
    assert pixels is not None and pixels.shape == (8192, 8192) and pixels[4096, 2730] == 1 and pixels[0, 0] == 0


def test_the_same_picture_gives_the_same_description(describer: OfflineDescriber) -> None:
    image = np.random.default_rng(5).integers(0, 255, (12, 18, 3), dtype=np.uint8)
    image = np.asarray(Image.fromarray(image).resize((180, 120), Image.Resampling.BICUBIC))
    first, second = (OfflineDescriber(describer.detector).describe(image, DescribeRequest()) for _ in range(2))
    assert first.overall == second.overall
    assert [o.text for o in first.objects] == [o.text for o in second.objects]
    for a, b in zip(first.objects, second.objects, strict=True):
        np.testing.assert_array_equal(a.pixels, b.pixels)


def test_the_request_limits(describer: OfflineDescriber) -> None:
    image = disc_picture()
    assert describer.describe(image, DescribeRequest(objects=0)).objects == ()
    for words in (0, 1, 4, 9):
        description = describer.describe(image, DescribeRequest(1, words, words))
        assert count_words(description.overall) <= words and count_words(description.objects[0].text) <= words


def test_what_is_no_picture_is_the_callers_fault(describer: OfflineDescriber) -> None:
    for bad in (
        np.zeros((9, 9), np.uint8),
        np.zeros((9, 9, 4), np.uint8),
        np.zeros((9, 9, 3)),
        np.zeros((0, 9, 3), np.uint8),
    ):
        with pytest.raises(EncodeError):
            describer.describe(bad, DescribeRequest())


def test_people_are_found_in_a_photo(describer: OfflineDescriber, data_folder: Path) -> None:
    image = np.asarray(Image.open(data_folder / "kodak" / "kodim12.png").convert("RGB"))
    description = describer.describe(image, DescribeRequest())
    check(description, image, DescribeRequest())
    assert [described.name for described in description.objects] == ["person", "person"]
    assert description.overall.startswith("A photo of two people")
    assert all(0.01 < float(np.mean(d.pixels)) < 0.1 for d in description.objects if d.pixels is not None)


def test_earlier_masks_win_and_what_they_cover_is_left_out() -> None:
    left, all_but_corner, inside = (np.zeros((10, 10), np.uint8) for _ in range(3))
    left[:, :5], all_but_corner[:, 2:], inside[2:8, 1:4] = 1, 1, 1
    found = [Detection(name, 0.9, Box(0, 0, 1, 1)) for name in "abc"]
    kept = exclusive(found, [left, all_but_corner, inside])
    assert [d.name for d, _ in kept] == ["a", "b"]
    np.testing.assert_array_equal(kept[0][1] + kept[1][1], np.ones((10, 10)))


def test_suppression_keeps_the_most_certain_of_one_thing() -> None:
    def person(score: float, *edges: float) -> Detection:
        return Detection("person", score, Box(*edges))

    best, shifted, part, other = (
        person(0.9, 0, 0, 10, 10),
        person(0.8, 1, 1, 11, 11),
        person(0.7, 2, 2, 4, 4),
        person(0.6, 20, 0, 30, 10),
    )
    named_twice = Detection("dog", 0.5, Box(0, 0, 10, 9.5))
    assert detect_ssd.suppress([named_twice, other, part, shifted, best]) == [best, other]


def test_salient_box_frames_what_stands_out() -> None:
    box = salient_box(disc_picture())
    assert box is not None and 20 <= box.left < 50 and 80 < box.right <= 110
    assert salient_box(np.full((50, 50, 3), 77, np.uint8)) is None


def test_scene_text_counts_and_names_bands() -> None:
    image = np.zeros((90, 60, 3), np.uint8)
    image[:30], image[30:60], image[60:] = (150, 190, 228), (245, 245, 245), (66, 130, 60)
    text = scene_text(image, Counter({"person": 2, "umbrella": 1, "sheep": 9}), 50)
    assert text.startswith("A photo of two people, an umbrella and several sheep")
    assert text.endswith("The top is light blue, the middle is white, the bottom is green.")


def test_missing_weights_name_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package_files.util, "find_spec", lambda name: None)
    with pytest.raises(MissingDependency, match=re.escape(install_extra("nano"))):
        detect_ssd.SsdDetector().detect(disc_picture())


def test_the_registry_finds_and_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(registry.find_describer("offline").inner, OfflineDescriber)
    with pytest.raises(EncodeError, match=r"known are .*annotations.*offline"):
        registry.find_describer("oracle")
    for bad in ("offline:fast", "annotations", "annotations:"):
        with pytest.raises(EncodeError):
            registry.find_describer(bad)
    mine = EntryPoint("mine", "builtins:print", registry.DESCRIBERS.group)
    monkeypatch.setattr(back_ends, "entry_points", lambda group: [mine])
    assert "mine" in registry.describer_names()
    for twice in ([mine, mine], [EntryPoint("offline", "x:y", registry.DESCRIBERS.group)]):
        monkeypatch.setattr(back_ends, "entry_points", lambda group, twice=twice: twice)
        with pytest.raises(BackendFailed, match="two describers"):
            registry.find_describer("offline")
    monkeypatch.setattr(
        back_ends, "entry_points", lambda group: [EntryPoint("broken", "no_such:thing", registry.DESCRIBERS.group)]
    )
    with pytest.raises(BackendFailed, match="broken"):
        registry.find_describer("broken")
