"""The AV1 still picture that a budget is best spent on: how large it is, and at which quality it is coded.

At each scale the highest quality is taken that fits; the scale is the one whose picture, decoded and resampled to the
photo's size, is nearest to the photo. A neighbour of the best scale is hardly worse, and there is one peak: so the search goes
uphill from where it usually lies, at a fast setting of the encoder. What is written is made at a slow one; what is only
compared with another codec's picture is made quickly.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import numpy as np
from PIL import Image

from sedicfmt.latents.av1 import still_picture as av1
from sedicfmt.latents.interfaces import CodedLatent, FileSize
from sedicfmt.latents.largest_that_fits import largest_that_fits
from sedicfmt.model import coded_size
from sedicfmt.picture import Picture
from sedicfmt.scale_picture import scaled

LEAST_SCALE, LARGEST_SCALE = 3, 16  # sixteenths
USUAL_SCALE, USUAL_STEP = 7, 9  # without a budget: about a kilobyte for a photo of 768x512; the step is one of quality
BITS_A_PIXEL = 0.11  # of the coded picture, where the best scale usually lies
JUDGED = 1024  # pixels a side at most at which scales are compared
LARGE = 1 << 19  # pixels of a coded picture from which on the encoder is set faster
GROWTH = 0.09  # of a frame's bytes from one step to the next, as a logarithm
ENOUGH = 0.97  # of the budget: no higher quality is tried
FAST, SLOW = (6, 8), (4, 6)  # its speeds for searching and for writing, below and from LARGE on


class Av1Encoder:
    """The encoder of one uint8 RGB picture (height, width, 3) by model `av1`; `quick`: what the search found is enough."""

    least_scale = LEAST_SCALE

    def __init__(self, picture: Picture, quick: bool = False):
        height, width, _ = picture.shape
        self.quick = quick
        self.pixels = width * height
        self.photo, self.judged = Image.fromarray(picture), scaled(picture, JUDGED).astype(np.int16)
        self.small, self.at = cache(self._small), cache(self._at)

    def usual(self) -> CodedLatent:
        return self.at(USUAL_SCALE, USUAL_STEP)

    def smallest(self) -> CodedLatent:
        return self.at(1, 0)

    def best(self, size: FileSize, most_bytes: int, least_scale: int) -> CodedLatent | None:
        step = USUAL_STEP  # where the next search begins: where the last ended
        room = most_bytes - size(CodedLatent(1, b"", b""))

        def law(tried: int, found: int) -> float:
            """At which step the frame would fill the room."""
            return tried + math.log(max(1, room) / max(1, found - most_bytes + room)) / GROWTH

        @cache
        def finest(scale: int, speeds: tuple[int, int]) -> CodedLatent | None:
            """The highest quality that fits at a scale, or one that nearly fills the budget."""
            nonlocal step
            size_at = cache(lambda q: size(self.at(scale, q, speeds)))
            found = largest_that_fits(size_at, most_bytes, (-1, av1.STEPS), step, law, ENOUGH)
            step = max(found, 0)
            return self.at(scale, found, speeds) if found >= 0 else None

        score = cache(lambda scale: self.nearness(finest(scale, FAST)))
        scale = uphill(score, self._likely_scale(size, most_bytes), least_scale)
        if (fast := finest(scale, FAST)) is not None:
            step = int(fast.settings["quality"])
        # Where hardly anything fits, only one of the two may.
        return fast if self.quick else max(finest(scale, SLOW), fast, key=self.nearness)

    def nearness(self, latent: CodedLatent | None) -> float:
        """How near the decoded and resampled picture is to the photo: the squared error, negative; None is farthest."""
        if latent is None:
            return -math.inf
        picture = Image.fromarray(av1.decode(latent.y, *self.small(latent.scale).size))
        height, width, _ = self.judged.shape
        painted = np.asarray(picture.resize((width, height), Image.Resampling.BICUBIC))
        return -float(np.square(self.judged - painted, dtype=np.int32).mean())

    def _likely_scale(self, size: FileSize, most_bytes: int) -> int:
        """Where the best scale usually lies for what the rest of the file leaves."""
        room = max(1, most_bytes - size(CodedLatent(1, b"", b"")))
        return round(16 * math.sqrt(room * 8 / BITS_A_PIXEL / self.pixels))

    def _small(self, scale: int) -> Image.Image:
        return self.photo.resize(coded_size(*self.photo.size, scale), Image.Resampling.LANCZOS)

    def _at(self, scale: int, step: int, speeds: tuple[int, int] = SLOW) -> CodedLatent:
        """The latent at a scale and a step of quality."""
        small = self.small(scale)
        speed = speeds[small.width * small.height >= LARGE]
        return CodedLatent(scale, b"", av1.encode(small, step, speed), {"quality": step})


def uphill(score: Callable[[int], float], start: int, least: int) -> int:
    """The scale from `least` on that scores best, if scores have one peak; where `start` has none, it lies below."""
    best = min(max(start, least), LARGEST_SCALE)
    while best > least and score(best) == -math.inf:
        best -= 1
    for step in (1, -1):
        while least <= best + step <= LARGEST_SCALE and score(best + step) > score(best):
            best += step
    return best
