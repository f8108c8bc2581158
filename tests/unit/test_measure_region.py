"""Drawn regions whose colours, place, size, shape and texture are known are described as such."""

from __future__ import annotations

import numpy as np
import pytest

from sedicfmt.encoders.offline.measure_region import COLOURS, main_colours, measure, region_text, texture_word, to_lab
from sedicfmt.encoders.words import count_words
from sedicfmt.picture import Picture, Pixels


def plain(colour: tuple[int, int, int], height: int = 90, width: int = 120) -> Picture:
    return np.full((height, width, 3), colour, np.uint8)


def region(top: int, bottom: int, left: int, right: int, height: int = 90, width: int = 120) -> Pixels:
    pixels = np.zeros((height, width), np.uint8)
    pixels[top:bottom, left:right] = 1
    return pixels


def test_lab_of_white_black_and_red() -> None:
    lab = to_lab(np.array([[255, 255, 255], [0, 0, 0], [255, 0, 0]], np.uint8))
    assert lab == pytest.approx(np.array([[100, 0, 0], [0, 0, 0], [53.24, 80.09, 67.20]]), abs=0.05)


@pytest.mark.parametrize("name", COLOURS)
def test_each_colour_of_the_table_has_its_own_name(name: str) -> None:
    assert main_colours(to_lab(np.array([COLOURS[name]], np.uint8))) == (name,)


def test_two_colours_the_larger_first_and_no_two_shades_of_one() -> None:
    picture = plain(COLOURS["blue"])
    picture[:30] = COLOURS["yellow"]
    assert set(measure(picture, region(0, 90, 0, 120)).colours) == {"blue", "yellow"}
    picture[:30] = COLOURS["dark blue"]
    assert measure(picture, region(0, 90, 0, 120)).colours == ("blue",)


@pytest.mark.parametrize(
    ("pixels", "place"),
    [
        (region(0, 20, 0, 20), "at the top left"),
        (region(0, 20, 50, 70), "at the top"),
        (region(35, 55, 50, 70), "in the center"),
        (region(35, 55, 100, 120), "on the right"),
        (region(70, 90, 100, 120), "at the bottom right"),
    ],
)
def test_place(pixels: Pixels, place: str) -> None:
    assert measure(plain((90, 90, 90)), pixels).place == place


@pytest.mark.parametrize(
    ("pixels", "size", "shape"),
    [
        (region(0, 10, 0, 10), "small", ""),
        (region(0, 90, 0, 15), "", "tall"),
        (region(20, 60, 0, 120), "large", "wide"),
        (region(0, 90, 0, 100), "filling most of the picture", ""),
    ],
)
def test_size_and_shape(pixels: Pixels, size: str, shape: str) -> None:
    words = measure(plain((90, 90, 90)), pixels)
    assert (words.size, words.shape) == (size, shape)


def test_texture_from_smooth_to_strong() -> None:
    whole, rng = region(0, 90, 0, 120), np.random.default_rng(0)
    levels = [texture_word(rng.integers(128 - a, 129 + a, (90, 120, 3), dtype=np.uint8), whole) for a in (0, 30, 120)]
    assert levels == ["smooth", "finely textured", "strongly textured"]


def test_texture_outside_the_region_does_not_count() -> None:
    picture = np.random.default_rng(0).integers(0, 255, (90, 120, 3), dtype=np.uint8)
    picture[20:60, 20:60] = 99
    assert measure(picture, region(30, 50, 30, 50)).texture == "smooth"


def test_text_begins_with_the_name_and_keeps_its_limit() -> None:
    picture = plain(COLOURS["red"])
    picture[45:] = COLOURS["dark blue"]
    words = measure(picture, region(5, 85, 50, 70))
    text = region_text("person", words, 30)
    assert text == "Person in red above and dark blue below, tall, in the center, dark, smooth"
    for most in range(1, 30):
        assert count_words(region_text("person", words, most)) <= most
        assert region_text("person", words, most).startswith("Person")


@pytest.mark.parametrize("shape", [(16, 16), (1, 1), (1, 40), (2500, 1500)])
def test_any_size(shape: tuple[int, int]) -> None:
    pixels = np.zeros(shape, np.uint8)
    pixels[shape[0] // 2, shape[1] // 2] = 1
    assert measure(plain((200, 30, 30), *shape), pixels).colours == ("red",)
