"""A describer that looks at colours only: `--describe colours`, or `--describe colours:2` for the brightest half."""

import numpy as np

from sedicfmt.encoders.interfaces import DescribedObject, Description
from sedicfmt.encoders.words import limit_words
from sedicfmt.errors import EncodeError

NAMES = ("red", "green", "blue")


class ColourDescriber:
    """Says which colour a picture has most of, and calls its brightest part a light."""

    def __init__(self, parts):
        self.parts = parts  # the brightest of so many equal parts is the object

    def describe(self, image, request):
        """image: uint8 RGB (height, width, 3) -> texts, and one mask of the picture's height and width."""
        colour = NAMES[int(image.mean(axis=(0, 1)).argmax())]
        grey = image.mean(axis=2)
        light = (grey > np.quantile(grey, 1 - 1 / self.parts)).astype(np.uint8)
        text = limit_words(f"light, the brightest part of the {colour} picture", request.words_object)
        overall = limit_words(f"A picture with much {colour}.", request.words_overall)
        return Description(overall, (DescribedObject("light", text, light),)[: request.objects])


def open_colours(argument):
    """The factory; `argument` is what stands behind the colon, None without one."""
    if argument is not None and argument not in ("2", "4", "8"):
        raise EncodeError(f"colours takes 2, 4 or 8 parts, not {argument}")
    return ColourDescriber(int(argument or 4))
