"""What a general image format reaches under a budget of bytes: the peers that `.sedic` is shown beside.

Around a kilobyte no format codes 768x512 pixels well: the best use of it is to scale the photo down, to code that and
to scale the decoded picture up again. So each codec gets the whole choice, as its best user would make it:

- for each scale of a ladder the highest quality setting whose file fits the budget, found by halving;
- the file's own bytes decoded (never the encoder's reconstruction) and scaled up to the photo's size;
- the scale whose picture scores best wins.

The scale itself costs nothing here, although a receiver must know the size to scale to: 4 bytes in favour of the peers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import numpy as np
from PIL import Image

from sedicfmt.picture import Picture, psnr

from .codecs import Codec, decode, encode


@dataclass(frozen=True)
class Coded:
    """One file: its bytes, how it was made, and what a receiver sees, uint8, shape (height, width, 3) of the photo."""

    codec: str
    scale: Fraction
    quality: float
    data: bytes
    picture: Picture


class Encoder:
    """The files of one photo by one codec, each made but once: the searches of several budgets share them."""

    def __init__(self, photo: Picture, codec: Codec):
        self.photo, self.codec = photo, codec
        self.made: dict[Fraction, dict[int, bytes]] = {}
        self._scaled = cache(lambda scale: scale_down(photo, scale, codec.step))

    def file(self, scale: Fraction, setting: int) -> bytes:
        """The file at a scale with one of the codec's qualities, counted from the worst."""
        made = self.made.setdefault(scale, {})
        if setting not in made:
            made[setting] = encode(self._scaled(scale), self.codec, self.codec.qualities[setting])
        return made[setting]

    def bracket(self, scale: Fraction, budget: int, highest: int) -> tuple[int, int]:
        """The highest setting of which it is known that it fits, -1 where none is, and the lowest above that does not."""
        sizes = {setting: len(data) for setting, data in self.made.get(scale, {}).items() if setting <= highest}
        low = max((setting for setting, size in sizes.items() if size <= budget), default=-1)
        return low, min((setting for setting in sizes if setting > low), default=highest + 1)


def best_under(
    photo: Picture,
    budget: int,
    codec: Codec,
    scales: Sequence[Fraction] | None = None,
    score: Callable[[Picture, Picture], float] = psnr,
    encoder: Encoder | None = None,
) -> Coded | None:
    """The file of at most `budget` bytes whose decoded picture scores highest against `photo` (uint8, (h, w, 3)).

    `score(photo, decoded)` is higher for better. None where no scale's worst quality fits the budget.
    Over the scales the score rises and then falls: after two falls in a row the larger scales, which take nearly all the
    time, are left out. An `encoder` of this photo and codec may be shared with other budgets.
    Raises MissingDependency where this installation cannot write the format.
    """
    best, highest, falls, before = None, -np.inf, 0, -np.inf
    for coded in fit_scales(encoder or Encoder(photo, codec), budget, scales or SCALES):
        scored = score(photo, coded.picture)
        if scored > highest:
            best, highest = coded, scored
        falls, before = (0 if scored > before else falls + 1), scored
        if falls == 2:
            break
    return best


def fit_scales(encoder: Encoder, budget: int, scales: Sequence[Fraction]) -> Iterator[Coded]:
    """The file at each scale that fits, from the smallest scale up.

    A larger picture affords no higher quality, and none fits where a smaller one did not: the large scales need few
    encodings.
    """
    highest = len(encoder.codec.qualities) - 1
    for scale in sorted(scales):
        coded = fit_quality(encoder, budget, scale, highest)
        if coded is None:
            return
        highest = encoder.codec.qualities.index(coded.quality)
        yield coded


def fit_quality(encoder: Encoder, budget: int, scale: Fraction, highest: int) -> Coded | None:
    """The file at one scale with the best of the settings 0 … `highest` that halving finds within `budget` bytes.

    None where setting 0 does not fit. Encoders are not strictly monotonic, JPEG XL's least: settings above the one found
    may fit as well, which costs it up to 0.1 dB on a photo. The file returned always fits.
    """
    # The worst setting first: where it does not fit, which is the rule at large scales, one encoding settles it.
    if len(encoder.file(scale, 0)) > budget:
        return None
    low, high = encoder.bracket(scale, budget, highest)
    while high - low > 1:
        middle = (low + high) // 2
        if len(encoder.file(scale, middle)) <= budget:
            low = middle
        else:
            high = middle
    codec, data = encoder.codec, encoder.file(scale, low)
    picture = decode(data, codec, encoder.photo.shape[:2])
    return Coded(codec.name, scale, codec.qualities[low], data, picture)


def code_once(photo: Picture, codec: Codec, scale: Fraction, quality: float) -> Coded:
    """The file that these settings make, for showing again what `best_under` had found."""
    data = encode(scale_down(photo, scale, codec.step), codec, quality)
    return Coded(codec.name, scale, quality, data, decode(data, codec, photo.shape[:2]))


def scale_down(photo: Picture, scale: Fraction, step: int = 1) -> Image.Image:
    """The photo at `scale` (0 < scale <= 1) of its size, Lanczos, sides rounded to `step` pixels and at least that."""
    image = Image.fromarray(photo)  # from bare pixels: no ICC profile, Exif or resolution can come along
    width, height = (max(step, step * round(side * scale / step)) for side in image.size)
    return image if (width, height) == image.size else image.resize((width, height), Image.Resampling.LANCZOS)


LADDER = "1 3/4 2/3 1/2 3/8 1/3 1/4 1/5 1/6 1/8 1/10 1/12"
SCALES = tuple(map(Fraction, LADDER.split()))
