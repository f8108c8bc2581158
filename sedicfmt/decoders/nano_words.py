"""The bundled restorer's words: a text -> numbers of a small vocabulary, and where in the text each came from.

The vocabulary is what the training texts say often enough to be learned (colours, textures, names of things); it comes
with the weights. Number 0 fills up to PLACES, 1 stands for any other word.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from sedicfmt.decoders.interfaces import TokenSpan

FILL, UNKNOWN, FIRST_WORD = 0, 1, 2
PLACES = 64  # words of a text that the network reads; .sedic's own texts have at most 50
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")


def build_vocabulary(texts: Iterable[str], least: int = 5) -> tuple[str, ...]:
    """Lower-case words that occur at least `least` times, the most frequent first, equals in alphabetical order."""
    counts = Counter(match.group().lower() for text in texts for match in _WORD.finditer(text))
    return tuple(sorted((w for w, n in counts.items() if n >= least), key=lambda w: (-counts[w], w)))


class NanoWords:
    """A vocabulary in use."""

    def __init__(self, vocabulary: Sequence[str]):
        self.vocabulary = tuple(vocabulary)
        self.number = {word: i + FIRST_WORD for i, word in enumerate(self.vocabulary)}

    def __len__(self) -> int:
        return len(self.vocabulary) + FIRST_WORD

    def encode(self, text: str) -> tuple[NDArray[np.int64], tuple[TokenSpan, ...]]:
        """int64 (PLACES,) and the spans of the words that have a place; words beyond PLACES are left out."""
        numbers = np.full(PLACES, FILL, np.int64)
        spans = []
        for place, match in enumerate(_WORD.finditer(text)):
            if place < PLACES:
                numbers[place] = self.number.get(match.group().lower(), UNKNOWN)
                spans.append(TokenSpan(place, match.start(), match.end()))
        return numbers, tuple(spans)


def count_words(text: str) -> int:
    """How many words a text has."""
    return sum(1 for _ in _WORD.finditer(text))
