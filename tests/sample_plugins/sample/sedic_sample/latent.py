"""A latent codec of thumbnails: a picture of few pixels, compressed by zlib. `--model thumbnail`, `--model thumbnail:9`"""

import hashlib
import zlib

import numpy as np
from PIL import Image

from sedicfmt.errors import EncodeError, Malformed
from sedicfmt.latents.interfaces import CodedLatent

LEVELS = 8  # of each colour: what is finer costs more than it shows


class ThumbnailCodec:
    """The reference picture as so many sixty-fourths of the coded picture's sides."""

    name, model_id, licence = "thumbnail", 230, "Apache-2.0"  # 224 to 255 are for private use

    def __init__(self, level):
        self.level = level

    def encoder(self, picture, refine=False):
        """picture: uint8 RGB (height, width, 3) -> the encoder of it."""
        return ThumbnailEncoder(picture, self.level)

    def decode(self, file):
        """file.z and file.y are what the encoder gave; file.coded_size is what is to be painted."""
        return Thumbnail(file)


class ThumbnailEncoder:
    """Of one picture: more pixels cost more bytes."""

    least_scale = 1

    def __init__(self, picture, level):
        self.photo, self.level = Image.fromarray(picture), level

    def at(self, side):
        """The latent with that many pixels a side; z holds the number."""
        small = np.asarray(self.photo.resize((side, side)), np.uint8) // (256 // LEVELS)
        return CodedLatent(16, bytes([side]), zlib.compress(small.tobytes(), self.level), {"side": side})

    def usual(self):
        return self.at(16)

    def smallest(self):
        return self.at(1)

    def best(self, size, most_bytes, least_scale):
        """`size` says how many bytes the whole file would have."""
        fitting = (latent for side in range(64, 0, -1) if size(latent := self.at(side)) <= most_bytes)
        return next(fitting, None)


class Thumbnail:
    """What a file says."""

    def __init__(self, file):
        self.file = file
        try:
            side = file.z[0]
            if not 1 <= side <= 64:
                raise ValueError(f"a side of {side}")
            small = np.frombuffer(zlib.decompressobj().decompress(file.y, 64 * 64 * 3), np.uint8)
            self.small = small.reshape(side, side, 3)
        except (zlib.error, ValueError, IndexError) as error:
            raise Malformed(f"no thumbnail: {error}", "y") from None

    def digests(self):
        return {name: hashlib.sha256(part).hexdigest() for name, part in (("z", self.file.z), ("y", self.file.y))}

    def paint(self):
        shades = self.small % LEVELS * (255 // (LEVELS - 1))
        return np.asarray(
            Image.fromarray(shades.astype(np.uint8)).resize(self.file.coded_size, Image.Resampling.BICUBIC)
        )


def open_thumbnail(argument):
    """The factory; `argument`: zlib's level, 1 to 9."""
    if argument is not None and argument not in tuple("123456789"):
        raise EncodeError(f"thumbnail takes a level from 1 to 9, not {argument}")
    return ThumbnailCodec(int(argument or 9))
