"""What can be measured of a region and said in plain words: colours, light, texture, place, size and shape.

Nothing here guesses what a thing is. Colours: every pixel takes the name of the nearest colour of a table in CIE Lab
(D65, distances close to what people see); a name counts where it covers a good part of the region. Light and contrast
are the mean and the spread of L. Texture is the mean length of the luma gradient from pixel to pixel; it depends on the
picture's scale, so pictures of about the same size compare best. Large ones are thinned out before they are measured.
The words are frequent ones of picture descriptions, which the text coder writes in few bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sedicfmt.encoders.words import limit_words
from sedicfmt.picture import Picture, Pixels

MOST_SAMPLES = 6_000  # pixels of a region that are looked at for colour; more change no word
LARGE_SIDE = 1024  # pixels; of a larger picture every second, third ... row and column is measured
LEAST_SHARE = 0.18  # of the region, for a colour to be named
VIVID = 30.0  # Lab units of chroma that let a pixel count twice: people name a coat's red before the gray of its folds
AXES = (0.6, 1.0, 1.0)  # weights of the squared differences in L, a and b: shade changes within a thing, hue less


@dataclass(frozen=True)
class RegionWords:
    """Each field is a word or a short phrase; `texture`, `light`, `size` and `shape` may be empty: nothing remarkable."""

    colours: tuple[str, ...]  # the most frequent first, one or two
    upper: str  # the main colour of the region's upper half, and of its lower half
    lower: str
    light: str
    texture: str
    place: str
    size: str
    shape: str


def measure(image: Picture, pixels: Pixels) -> RegionWords:
    """The words for the region `pixels` (uint8 0/1, (height, width), at least one 1) of `image`."""
    image, pixels = _thinned_out(image, pixels)
    rows, columns = np.nonzero(pixels)
    middle = (int(rows.min()) + int(rows.max()) + 1) / 2
    tall, wide = int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1
    lab = _sample_lab(image[rows, columns])
    in_upper = rows[:: _step(rows)] < middle
    upper, lower = lab[in_upper], lab[~in_upper]
    return RegionWords(
        colours=main_colours(lab),
        upper=main_colours(upper)[0] if len(upper) else "",
        lower=main_colours(lower)[0] if len(lower) else "",
        light=light_word(lab),
        texture=texture_word(image, pixels),
        place=_place(float(rows.mean()) / pixels.shape[0], float(columns.mean()) / pixels.shape[1]),
        size=_size(len(rows) / pixels.size),
        shape="tall" if tall > 1.6 * wide else "wide" if wide > 1.6 * tall else "",
    )


def region_text(name: str, region: RegionWords, most_words: int) -> str:
    """Text_d: the name, then what was measured, the most telling first, in at most `most_words` words.

    It begins with a capital, which the text coder expects there: a small letter would cost nine bits.
    """
    stacked = region.shape == "tall" and region.upper.split()[-1] != region.lower.split()[-1]
    colours = f"{region.upper} above and {region.lower} below" if stacked else " and ".join(region.colours)
    looks = [region.shape, region.size, region.place, region.light, region.texture]
    return limit_words(", ".join([f"{name[:1].upper()}{name[1:]} in {colours}", *filter(None, looks)]), most_words)


def main_colours(lab: NDArray[np.float64]) -> tuple[str, ...]:
    """The names of the one or two colours that mark Lab values (n, 3) most, not two shades of the same."""
    nearest = np.argmin(((lab[:, None, :] - _TABLE_LAB[None]) ** 2 * AXES).sum(-1), axis=1)
    vivid = 1 + np.hypot(lab[:, 1], lab[:, 2]) / VIVID
    shares = np.bincount(nearest, weights=vivid, minlength=len(_NAMES)) / vivid.sum()
    ranked = [(_NAMES[i], shares[i]) for i in np.argsort(-shares, kind="stable")]
    first = ranked[0][0]
    others = [name for name, share in ranked[1:] if share >= LEAST_SHARE and name.split()[-1] != first.split()[-1]]
    return (first, *others[:1])


def light_word(lab: NDArray[np.float64]) -> str:
    """How light Lab values (n, 3) are on the whole; empty in the middle, where there is nothing to say."""
    light = float(lab[:, 0].mean())
    return "very dark" if light < 18 else "dark" if light < 34 else "bright" if light > 72 else ""


def contrast_word(lab: NDArray[np.float64]) -> str:
    """How far the lightness of Lab values (n, 3) spreads."""
    spread = float(lab[:, 0].std())
    return (
        "low contrast" if spread < 11 else "soft contrast" if spread < 17 else "strong contrast" if spread > 26 else ""
    )


def texture_word(image: Picture, pixels: Pixels) -> str:
    """Smooth or textured, from the mean gradient of luma (0-255 a pixel) inside the region; empty in between."""
    top, bottom, left, right = _bounds(pixels)
    luma = image[top:bottom, left:right].astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    if min(luma.shape) < 2:
        return ""
    down, across = np.gradient(luma)
    energy = float(np.hypot(down, across)[pixels[top:bottom, left:right] != 0].mean())
    return "smooth" if energy < 4 else "" if energy < 8 else "finely textured" if energy < 16 else "strongly textured"


def picture_lab(image: Picture) -> NDArray[np.float64]:
    """Lab values (n, 3) of an even sample of a picture's pixels."""
    return _sample_lab(image.reshape(-1, 3))


def to_lab(rgb: NDArray[np.uint8]) -> NDArray[np.float64]:
    """sRGB bytes (..., 3) -> CIE Lab under D65."""
    value = rgb.astype(np.float64) / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    xyz = linear @ _RGB_TO_XYZ.T
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), xyz * (841 / 108) + 4 / 29)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def _step(values: NDArray[Any]) -> int:
    """Every how many values are looked at along the first axis, so that there are at most MOST_SAMPLES."""
    return max(1, -(-len(values) // MOST_SAMPLES))


def _sample_lab(rgb: NDArray[np.uint8]) -> NDArray[np.float64]:
    return to_lab(rgb[:: _step(rgb)])


def _thinned_out(image: Picture, pixels: Pixels) -> tuple[Picture, Pixels]:
    """Every k-th row and column, unless the region would vanish."""
    step = -(-max(pixels.shape) // LARGE_SIDE)
    thin = pixels[::step, ::step]
    return (image[::step, ::step], thin) if thin.any() else (image, pixels)


def _bounds(pixels: Pixels) -> tuple[int, int, int, int]:
    """Top, bottom, left and right of the ones, the ends just outside."""
    rows, columns = np.flatnonzero(pixels.any(axis=1)), np.flatnonzero(pixels.any(axis=0))
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1


def _place(down: float, across: float) -> str:
    """Where a centre of gravity (fractions of the picture's height and width) lies on a grid of three by three."""
    return PLACES[min(2, int(down * 3))][min(2, int(across * 3))]


def _size(share: float) -> str:
    """How much of the picture a region covers, in words."""
    return "filling most of the picture" if share > 0.5 else "large" if share > 0.2 else "" if share > 0.03 else "small"


PLACES = (
    ("at the top left", "at the top", "at the top right"),
    ("on the left", "in the center", "on the right"),
    ("at the bottom left", "at the bottom", "at the bottom right"),
)
_RGB_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_RGB_TO_XYZ /= _RGB_TO_XYZ.sum(axis=1, keepdims=True)  # so that white is (1, 1, 1)
COLOURS: dict[str, tuple[int, int, int]] = {
    "black": (16, 16, 16), "dark gray": (68, 68, 70), "gray": (128, 128, 128), "light gray": (190, 190, 192),
    "white": (245, 245, 245), "red": (196, 30, 34), "dark red": (112, 22, 26), "bright red": (245, 40, 40),
    "orange": (238, 125, 35), "yellow": (240, 210, 50), "light yellow": (246, 236, 160), "gold": (190, 150, 50),
    "green": (66, 130, 60), "dark green": (46, 66, 38), "light green": (150, 200, 120), "olive green": (108, 112, 56),
    "teal": (30, 122, 124), "turquoise": (84, 200, 200), "blue": (48, 92, 176), "dark blue": (28, 40, 92),
    "light blue": (150, 190, 228), "gray blue": (98, 118, 142), "purple": (112, 56, 138), "light purple": (180, 156, 206),
    "pink": (236, 150, 172), "bright pink": (226, 60, 130), "brown": (122, 82, 52), "dark brown": (66, 44, 32),
    "light brown": (176, 140, 104), "beige": (220, 204, 176), "tan": (206, 164, 130),
}  # fmt: skip
_NAMES = tuple(COLOURS)
_TABLE_LAB = to_lab(np.array(list(COLOURS.values()), np.uint8))
