"""Does a text speak of a thing? Names compared word by word, in singular or plural, with care for names that share a noun.

A text mentions "red balloon" where these words stand together, or where its noun alone does ("the balloon"). The noun
alone says nothing while another object, which is there, has the same noun: "the dog" may be the brown one that was
found, not the black one that was not. Nor does a name count within a longer one of an object that is there ("car" in "car
park"). Synonyms ("man" for "person") are not known here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_WORD = re.compile(r"[^\W_]+")
Forms = frozenset[str]  # of a word: as it stands, and what its singular may be


@dataclass(frozen=True)
class Mentions:
    """Looks for the things called `gone`, minding the things called `kept`, which are there."""

    gone: Sequence[str]
    kept: Sequence[str] = ()

    def __call__(self, text: str) -> bool:
        """Whether `text` mentions one of the things that are gone."""
        words = forms(text)
        covered = {i for name in self.kept for start, end in _places(forms(name), words) for i in range(start, end)}
        for name in self.gone:
            for sought in self._sought(name):
                if any(not covered.issuperset(range(*place)) for place in _places(sought, words)):
                    return True
        return any(_unspaced(name) and name in text for name in self.gone if name not in self.kept)

    def _sought(self, name: str) -> list[list[Forms]]:
        """The sequences of words that stand for `name`."""
        whole, noun = forms(name), forms(head(name))
        shared = any(_same(noun, forms(head(other))) for other in self.kept)
        return [words for words in (whole, noun) if words and not (shared and _same(words, noun))]


def head(name: str) -> str:
    """The noun of a name: the last word before the first preposition; "a pair of shoes" is about shoes. May be empty."""
    words = [word.casefold() for word in _WORD.findall(name)]
    while len(words) > 2 and words[0] in ARTICLES:
        words = words[1:]
    if len(words) > 2 and words[0] in MEASURES and words[1] == "of":
        words = words[2:]
    end = next((i for i, word in enumerate(words) if i and word in PREPOSITIONS), len(words))
    return words[end - 1] if words else ""


def forms(text: str) -> list[Forms]:
    """The words of `text` without articles at the beginning, each with what its singular may be."""
    words = [word.casefold() for word in _WORD.findall(text)]
    while len(words) > 1 and words[0] in ARTICLES:
        words = words[1:]
    return [_forms(word) for word in words]


def _forms(word: str) -> Forms:
    found = {word, IRREGULAR.get(word, word)}
    if len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        found |= {word[:-1]} | ({word[:-2]} if word.endswith("es") else set())
        found |= {word[:-3] + "y"} if word.endswith("ies") else set()
    return frozenset(found)


def _places(sought: list[Forms], words: list[Forms]) -> list[tuple[int, int]]:
    """Where the words `sought` stand one after the other: (first, one past the last)."""
    length = len(sought)
    starts = range(len(words) - length + 1) if length else range(0)
    return [(i, i + length) for i in starts if _same(sought, words[i : i + length])]


def _same(a: list[Forms], b: list[Forms]) -> bool:
    return len(a) == len(b) and all(x & y for x, y in zip(a, b, strict=True))


def _unspaced(name: str) -> bool:
    """In a script that puts no spaces between words (Chinese, Japanese): such a name is looked for as it stands."""
    return any(ord(c) >= 0x2E80 for c in name)


ARTICLES = frozenset({"a", "an", "the"})
MEASURES = frozenset({"group", "pair", "piece", "bunch", "set", "row", "pile", "couple", "lot", "flock", "herd"})
PREPOSITIONS = frozenset({
    "of", "with", "without", "in", "on", "at", "by", "for", "from", "to", "near", "under", "over", "behind", "beside", "and",
    "holding", "wearing", "carrying",
})  # fmt: skip
IRREGULAR = {
    "men": "man", "women": "woman", "children": "child", "people": "person", "persons": "person", "feet": "foot",
    "teeth": "tooth", "mice": "mouse", "geese": "goose", "leaves": "leaf", "knives": "knife", "wolves": "wolf",
    "shelves": "shelf", "loaves": "loaf", "calves": "calf", "halves": "half", "oxen": "ox",
}  # fmt: skip
