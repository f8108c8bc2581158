"""What a text's look implies: spaces, capitals, word boundaries. ASCII rules, so every Unicode version agrees.

The word coder sends entries such as `dog` or `in the background` and leaves out what a reader would guess: the space
between two words, the capital after a full stop. Each rule below looks only at the text so far and the next character,
so encoder and decoder, which share the text so far, always guess alike; a wrong guess costs one symbol that flips it.

Spec: clauses T-6 (boundary), T-7 (space) and T-8 (capital).
"""

from __future__ import annotations

import re

NO_SPACE_BEFORE = frozenset(".,;:!?)]}'%-/\u2013\u2014\u2019\u201d\u2026 \t\n")
NO_SPACE_AFTER = frozenset("([{'#$-/\u2013\u2014\u2018\u2019\u201c \t\n")
SENTENCE_ENDS = ".!?"
BETWEEN_SENTENCES = " \t\n\"'()[]\u2018\u2019\u201c\u201d"  # may stand between a full stop and the next sentence
DIGITS = frozenset("0123456789")
_UPPER = {lower: lower - 32 for lower in range(ord("a"), ord("z") + 1)}
_LOWER = {upper: lower for lower, upper in _UPPER.items()}
_NO_BOUNDARY = re.compile("(?<=[A-Za-z])(?=[a-z])|(?<=[A-Z])(?=[A-Z])")


def upper(text: str) -> str:
    """a-z to A-Z, nothing else."""
    return text.translate(_UPPER)


def lower(text: str) -> str:
    """A-Z to a-z, nothing else."""
    return text.translate(_LOWER)


def upper_first(text: str) -> str:
    """The first character to A-Z if it is one of a-z."""
    return upper(text[:1]) + text[1:]


def lower_first(text: str) -> str:
    """The first character to a-z if it is one of A-Z."""
    return lower(text[:1]) + text[1:]


def boundaries(text: str) -> list[int]:
    """[T-6] Every position of `text` but those inside a word: before a-z after a letter, between two of A-Z."""
    inside = {match.start() for match in _NO_BOUNDARY.finditer(text)}
    return [position for position in range(len(text) + 1) if position not in inside]


def implies_space(before: str, first: str) -> bool:
    """[T-7] Whether a space is expected between the text so far and an item that begins with `first`."""
    if not before or before[-1] in NO_SPACE_AFTER or first in NO_SPACE_BEFORE:
        return False
    if before[-1] == '"' or first == '"':
        quote_is_open = before.count('"') % 2 == 1
        return not quote_is_open
    return not (before[-1] in DIGITS and first in DIGITS)


def implies_capital(before: str) -> bool:
    """[T-8] Whether a new sentence is expected after the text so far."""
    rest = before.rstrip(BETWEEN_SENTENCES)
    return not rest or rest[-1] in SENTENCE_ENDS
