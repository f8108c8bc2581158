"""The bundled restorer's words: a text -> numbers of a vocabulary, and where in the text each came from.

The vocabulary is that of the specification's word contexts (`context_words.txt`), 13,000 words that descriptions of
pictures use; each has a vector (`word_vectors.py`), so that a word of which the training had no picture is near to
words of which it had. Number 0 fills up to PLACES, 1 stands for any other word.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from sedicfmt.bitcoding.spec_tables import read_lines
from sedicfmt.decoders.interfaces import EncodedTexts, TokenSpan

FILL, UNKNOWN, FIRST_WORD = 0, 1, 2
PLACES = 64  # words of a text that the network reads; .sedic's own texts have at most 50
WORD = re.compile(r"[^\W_]+")


@cache
def vocabulary() -> tuple[str, ...]:
    """The words of the table, without its marks, in its order: lower case, the most frequent first."""
    return tuple(word for word in read_lines("context_words.txt") if WORD.fullmatch(word))


@cache
def numbers_of_words() -> dict[str, int]:
    """A word's number."""
    return {word: number for number, word in enumerate(vocabulary(), FIRST_WORD)}


def encode(text: str) -> tuple[NDArray[np.int64], tuple[TokenSpan, ...]]:
    """int64 (PLACES,) and the spans of the words that have a place; words beyond PLACES are left out."""
    numbers = np.full(PLACES, FILL, np.int64)
    spans = []
    for place, match in enumerate(WORD.finditer(text)):
        if place < PLACES:
            numbers[place] = numbers_of_words().get(match.group().lower(), UNKNOWN)
            spans.append(TokenSpan(place, match.start(), match.end()))
    return numbers, tuple(spans)


def encode_all(texts: Sequence[str]) -> EncodedTexts:
    """The numbers of several texts in the place of an embedding, (texts, PLACES); a warning for each that was cut."""
    encoded = [encode(text) for text in texts]
    long = [text for text in texts if words_in(text) > PLACES]
    warnings = [f"only the first {PLACES} words of a text were read: {text[:40]}..." for text in long]
    return EncodedTexts(np.stack([numbers for numbers, _ in encoded]), tuple(s for _, s in encoded), tuple(warnings))


def words_in(text: str) -> int:
    """How many words a text has."""
    return sum(1 for _ in WORD.finditer(text))
