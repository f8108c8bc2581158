"""What a describer named but nobody found leaves the description: tagged "Hallucination" (paper 3.1 and its Appendix I).

The object itself goes, and so does what is said with it in the other texts: a sentence is cut before it where what
stands there is a sentence that was true before (sentence_clauses.py), else it goes whole, and so does the next one if
that begins with "It" or the like. Nothing is ever added or reordered; a sentence that now comes first begins with a
capital letter:

    A boy runs on the beach with a red kite, which has a long tail. The kite flies high. It is windy.
    without "red kite":   A boy runs on the beach.

Pure functions over text; a text that does not mention the thing comes back as it was, to the letter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from sedicfmt.encoders.interfaces import DescribedObject, Description, Detection
from sedicfmt.encoders.objects.name_mentions import Mentions
from sedicfmt.encoders.objects.sentence_clauses import bare_words, ended, shortened
from sedicfmt.encoders.words import CLOSERS, SENTENCE_ENDS

TAG = "Hallucination"


def without_hallucinations(description: Description, answers: Mapping[int, Detection | None]) -> Description:
    """The description without the objects that were not found, the found ones with their box and score.

    `answers`: a grounder's answer for each object that it was asked for, by the object's place in the description. The
    report gains "hallucinations" (names), "removed" (what left the texts) and a warning for each.
    """
    gone = [part.name for i, part in enumerate(description.objects) if i in answers and answers[i] is None]
    parts = [
        _placed(part, answers.get(i)) for i, part in enumerate(description.objects) if answers.get(i, part) is not None
    ]
    if not gone:
        return replace(description, objects=tuple(parts))
    mentions, removed = Mentions(gone, [part.name for part in parts]), list[str]()
    overall = remove_mentions(description.overall, mentions, removed)
    texts = [remove_mentions(part.text, mentions, removed) or part.name for part in parts]
    objects = tuple(replace(part, text=text) for part, text in zip(parts, texts, strict=True))
    return Description(overall, objects, _report(description, gone, removed))


def remove_mentions(text: str, mentions: Callable[[str], bool], removed: list[str] | None = None) -> str:
    """`text` without the sentences and clauses that need what `mentions` finds; `removed` gains them."""
    sentences = [part for part in _SENTENCE.split(text) if part.strip()]
    if not any(mentions(sentence) for sentence in sentences):
        return text
    kept, lost, removed = list[str](), False, [] if removed is None else removed
    for sentence in sentences:
        left, went = (sentence.strip(), list[str]()) if not mentions(sentence) else shortened(sentence, mentions)
        if not went and (not _said(left) or (lost and _leans(left))):
            left, went = "", [left]
        removed += went
        kept += [_begun(left, kept, text)] if left else []
        lost = bool(went)
    whole = re.sub("(?<=[。！？；]) ", "", " ".join(kept))
    return ended(whole, text) if whole.endswith((";", "；")) else whole  # what came after the semicolon is gone


def _leans(sentence: str) -> bool:
    """Whether it may speak of what the sentence before it said."""
    words = bare_words(sentence)
    return not PRONOUNS.isdisjoint(words) or not POINTING.isdisjoint(words[:LOOKED_AT])


def _said(text: str) -> bool:
    return any(c.isalnum() for c in text)


def _begun(sentence: str, before: list[str], text: str) -> str:
    """`sentence` with a capital letter where what stood before its semicolon went; not in a text that begins without."""
    opens = not before or before[-1].rstrip(CLOSERS).endswith(SENTENCE_ENDS)
    return sentence[0].upper() + sentence[1:] if opens and text.lstrip()[:1].isupper() else sentence


def _placed(part: DescribedObject, answer: Detection | None) -> DescribedObject:
    return replace(part, box=answer.box, score=answer.score) if answer else part


def _report(description: Description, gone: list[str], removed: list[str]) -> dict[str, object]:
    before = description.report.get("warnings", [])
    warnings = before if isinstance(before, list) else [before]
    told = [f"{name}: {TAG}: it is not in the picture and leaves the texts" for name in gone]
    return {**description.report, "warnings": [*warnings, *told], "hallucinations": gone, "removed": removed}


# A full stop before a small letter or a digit ends no sentence: "approx. 3 m"; nor does one behind an initial or these
_SHORT = (
    "Mr Mrs Ms Dr St Mt Ft Jr Sr No Nr Prof Rev Capt Col Gen Lt Sgt Hon Ave Blvd Rd Inc Ltd Co Corp vs cf ca approx etc"
)
_NOT_SHORT = "".join(rf"(?<!\b{word}\.)" for word in (*_SHORT.split(), "[A-Z]", r"e\.g", r"i\.e", r"a\.m", r"p\.m"))
_SENTENCE = re.compile(
    rf"(?<=[.!?]){_NOT_SHORT}(?=\s+[^\sa-z\d])|(?<=[.!?][\"')\]}}”’»])(?=\s+[^\sa-z\d])|(?<=;)(?=\s)|(?<=[。！？；])"
)
LOOKED_AT = 4  # words at a sentence's beginning: "Beside its wheel", "On one of these"
PRONOUNS = frozenset({"it", "it's", "it’s", "they", "them", "he", "him", "she"})
_POINTING = "its their his her this these those both each neither either another others one"
POINTING = frozenset(_POINTING.split())
