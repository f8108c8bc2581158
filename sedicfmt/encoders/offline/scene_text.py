"""Text_all without a language model: what was found, how light and how textured the picture is, and its colours by bands."""

from __future__ import annotations

from collections import Counter

import numpy as np

from sedicfmt.encoders.offline.measure_region import contrast_word, light_word, main_colours, picture_lab, texture_word
from sedicfmt.encoders.words import limit_words
from sedicfmt.picture import Picture

MOST_NAMES = 5  # kinds of things that the first sentence lists


def scene_text(image: Picture, names: Counter[str], most_words: int, scene: str | None = None) -> str:
    """One sentence for what is there (`scene`, then `names` in their own order), one for the colours from top to bottom."""
    whole = np.ones(image.shape[:2], np.uint8)
    lab = picture_lab(image)
    adjectives = list(filter(None, [light_word(lab), contrast_word(lab), texture_word(image, whole)]))
    listed = [*([(scene, 1)] if scene else []), *names.items()][:MOST_NAMES]
    things = join_words([counted(name, count) for name, count in listed])
    sentence = f"A photo of {things}" if things else "A photo"
    sentence += f", {', '.join(adjectives)}." if adjectives else "."
    return limit_words(f"{sentence} {_bands(image)}", most_words)


def counted(name: str, count: int) -> str:
    """ "a cat", "an umbrella", "two cats", "several people"."""
    if count == 1:
        return name if name in UNCOUNTED else f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
    number = NUMBERS[count] if count < len(NUMBERS) else "several"
    return f"{number} {PLURALS.get(name, name if name in UNCOUNTED else name + 's')}"


def join_words(words: list[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def _bands(image: Picture) -> str:
    """The colours of the upper, middle and lower third; once where they are all the same."""
    thirds = np.array_split(image, 3, axis=0) if image.shape[0] >= 3 else [image] * 3
    top, middle, bottom = (" and ".join(main_colours(picture_lab(np.ascontiguousarray(third)))) for third in thirds)
    if top == middle == bottom:
        return f"The colors are {top}." if " and " in top else f"The color is {top}."
    if top == middle:
        return f"The top and middle are {top}, the bottom is {bottom}."
    if middle == bottom:
        return f"The top is {top}, the middle and bottom are {bottom}."
    return f"The top is {top}, the middle is {middle}, the bottom is {bottom}."


NUMBERS = ("no", "a", "two", "three", "four", "five")
UNCOUNTED = frozenset({"skis", "scissors", "broccoli"})
PLURALS = {
    "person": "people", "sheep": "sheep", "bus": "buses", "bench": "benches", "knife": "knives", "sandwich": "sandwiches",
    "wine glass": "wine glasses", "couch": "couches", "toothbrush": "toothbrushes", "mouse": "mice",
}  # fmt: skip
