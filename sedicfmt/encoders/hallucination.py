"""What a describer named but nobody found leaves the description: tagged "Hallucination" (paper 3.1 and its Appendix I).

The object itself goes, and so do the words in the other texts that need it. A sentence is a row of clauses, parted by
marks and by such words as "with a", "and the", "while". A clause that mentions the thing goes; what follows it goes as well
where it leans on it ("which is red", "floating above"), and where the first clause mentions it, the whole sentence goes
with all that it carries, and the next one too if that begins with "It" or the like. Nothing is ever added or reordered:

    A boy runs on the beach with a red kite, which has a long tail. The kite flies high. It is windy.
    without "red kite":   A boy runs on the beach.

Pure functions over text; a text that does not mention the thing comes back as it was, to the letter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from sedicfmt.encoders.interfaces import DescribedObject, Description, Detection
from sedicfmt.encoders.name_mentions import Mentions
from sedicfmt.encoders.words import CLAUSE_ENDS, CLOSERS, SENTENCE_ENDS

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
    kept, lost = list[str](), False
    removed = [] if removed is None else removed
    sentences = [part for part in _SENTENCE.split(text) if part.strip()]
    for sentence in sentences:
        shorter = _shortened(sentence, mentions, removed)
        if shorter == sentence and lost and _first_word(sentence) in PRONOUNS:
            removed.append(sentence.strip())
            continue
        lost = not shorter
        kept += [shorter] if shorter else []
    if kept == sentences:
        return text
    left = " ".join(part.strip() for part in kept)
    return _ended(left, text) if left.endswith((";", "；")) else left  # what came after the semicolon is gone


def _shortened(sentence: str, mentions: Callable[[str], bool], removed: list[str]) -> str:
    """The sentence itself, what is left of it, or the empty string."""
    if not mentions(sentence):
        return sentence
    clauses = _CLAUSE.split(sentence)
    kept, dropped, dropping = list[str](), list[str](), mentions(clauses[0])
    for clause in [] if dropping else clauses:
        dropping = mentions(clause) or (dropping and _leans(clause))
        (dropped if dropping else kept).append(clause)
    if not kept or not dropped or mentions(" ".join(kept)):  # the last two: a name across clauses
        removed.append(sentence.strip())
        return ""
    removed.extend(clause.strip() for clause in dropped)
    return _ended(" ".join(kept), sentence) if dropping else " ".join(kept)


def _leans(clause: str) -> bool:
    """Whether a clause speaks of what stands before it: a relative clause, a pronoun, a participle."""
    word = _first_word(clause)
    return word in RELATIVE or word in PRONOUNS or (len(word) > 4 and word.endswith(("ing", "ed")))


def _ended(text: str, sentence: str) -> str:
    """`text` with the end of `sentence`: its full stop, and not a comma."""
    bare = sentence.rstrip().rstrip(CLOSERS)
    return text.rstrip().rstrip("".join(CLAUSE_ENDS)).rstrip() + (bare[-1] if bare.endswith(SENTENCE_ENDS) else "")


def _first_word(text: str) -> str:
    found = re.search(r"[^\W_]+", text)
    return found.group().casefold() if found else ""


def _placed(part: DescribedObject, answer: Detection | None) -> DescribedObject:
    return replace(part, box=answer.box, score=answer.score) if answer else part


def _report(description: Description, gone: list[str], removed: list[str]) -> dict[str, object]:
    before = description.report.get("warnings", [])
    warnings = before if isinstance(before, list) else [before]
    told = [f"{name}: {TAG}: it is not in the picture and leaves the texts" for name in gone]
    return {**description.report, "warnings": [*warnings, *told], "hallucinations": gone, "removed": removed}


_DETERMINER = r"(?:an?|the|two|three|four|some|several|many|another|his|her|its|their)\b"
_SENTENCE = re.compile(r"(?<=[.!?;])(?=\s)|(?<=[.!?][\"')\]}”’»])(?=\s)|(?<=[。！？；])")
_CLAUSE = re.compile(
    r"(?<=[,:–—])\s+|(?<=[，：、])"  # marks
    r"|\s+(?=(?:with|while|beside|behind|near|holding|wearing|carrying|next to|in front of|on top of)\b"
    rf"|(?:and|or|but|in|on|at|by|under|over|above|below|around|from)\s+{_DETERMINER})",
    re.IGNORECASE,
)
RELATIVE = frozenset({"which", "that", "who", "whose", "whom", "where"})
PRONOUNS = frozenset({"it", "its", "they", "their", "them", "he", "his", "she", "her", "this", "these", "those"})
