"""The encoder of a picture by a network of CompressAI: without a budget at the picture's own size, as the paper has it.

A network has one quality, so a budget is met by the scale (L-1): the largest at which the file fits.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from PIL import Image

from sedicfmt.latents.compressai.networks import MOST_PIXELS, Network, check_pixels
from sedicfmt.latents.compressai.payload import Maker, join
from sedicfmt.latents.compressai.strings import write
from sedicfmt.latents.interfaces import CodedLatent, FileSize
from sedicfmt.model import coded_size
from sedicfmt.picture import Picture

LEAST_SCALE, LARGEST_SCALE = 4, 16  # sixteenths


class CompressaiEncoder:
    """The encoder of one uint8 RGB picture (height, width, 3); `checkpoint`: the digest of the network's (K-3)."""

    least_scale = LEAST_SCALE

    def __init__(self, picture: Picture, network: Network, architecture: str, checkpoint: bytes):
        self.photo, self.network = Image.fromarray(picture), network
        self.architecture, self.checkpoint = architecture, checkpoint
        self.at = cache(self._at)

    def usual(self) -> CodedLatent:
        return self.at(LARGEST_SCALE)

    def smallest(self) -> CodedLatent:
        return self.at(1)

    def best(self, size: FileSize, most_bytes: int, least_scale: int) -> CodedLatent | None:
        def fits(scale: int) -> bool:
            return bool(size(self.at(scale)) <= most_bytes)

        scale = max(self._likely_scale(size, most_bytes), least_scale)
        while scale >= least_scale and not fits(scale):
            scale -= 1
        while least_scale <= scale < self._most_scale() and fits(scale + 1):
            scale += 1
        return self.at(scale) if scale >= least_scale else None

    def _likely_scale(self, size: FileSize, most_bytes: int) -> int:
        """Where it would lie if the bytes grew with the area: a large scale takes long to try."""
        bare = size(CodedLatent(LEAST_SCALE, b"", b""))
        grown = max(0, most_bytes - bare) / max(1, size(self.at(LEAST_SCALE)) - bare)
        return min(int(LEAST_SCALE * math.sqrt(grown)), self._most_scale())

    def _most_scale(self) -> int:
        """The largest that memory allows."""
        scales = range(LARGEST_SCALE, 1, -1)
        return next((scale for scale in scales if math.prod(coded_size(*self.photo.size, scale)) <= MOST_PIXELS), 1)

    def _at(self, scale: int) -> CodedLatent:
        width, height = coded_size(*self.photo.size, scale)
        check_pixels(width, height)
        small = self.photo.resize((width, height), Image.Resampling.LANCZOS) if scale < 16 else self.photo
        strings = write(self.network, self.network.analyse(np.asarray(small)))
        maker = Maker(self.architecture, self.checkpoint, strings.symbols)
        return CodedLatent(scale, join(maker, strings.z), strings.y)
