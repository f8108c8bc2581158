"""A sentence as a row of clauses, and what is left of it when some of them go: a sentence, or nothing.

A clause begins behind a mark, at such words as "with a" and "while", and behind a comma only where one of these words, an
article, "and", "which" or a participle follows: "an old, red car" is one clause, and so is "cups, plates". A clause that goes
takes with it what leans on it:

    what is said of it               which is red / its tail / floating above
    the list that it began           a desk [with a lamp, a book and a cup]
    where it is                      a cat [and a ball on a rug]          not: a cat sits [on a sofa] in front of a window

What stays has its main clause, and no clause that waits for what went ("has", "between a tree", "covered").
"""

from __future__ import annotations

import re
from collections.abc import Callable

from sedicfmt.encoders.words import CLAUSE_ENDS, CLOSERS, DANGLING, SENTENCE_ENDS


def shortened(sentence: str, goes: Callable[[str], bool]) -> tuple[str, list[str]]:
    """What is left of `sentence` without the clauses that `goes` picks, and what went; "" where no sentence is left."""
    clauses = _CLAUSE.split(sentence)
    dropped = _dropped(clauses, goes)
    kept = "".join(clause for clause, gone in zip(clauses, dropped, strict=True) if not gone).strip()
    main = next((i for i, clause in enumerate(clauses) if _kind(clause) not in (PLACE, SAID)), 0)
    if dropped[0] or dropped[main] or not any(dropped) or goes(kept) or _waits(clauses, dropped):
        return "", [sentence.strip()]
    went = [clause.strip() for clause, gone in zip(clauses, dropped, strict=True) if gone]
    return (ended(kept, sentence) if dropped[-1] else kept), went


def ended(text: str, sentence: str) -> str:
    """`text` with the end of `sentence`: its full stop, and not a comma."""
    bare = sentence.rstrip().rstrip(CLOSERS)
    return text.rstrip().rstrip("".join(CLAUSE_ENDS)).rstrip() + (bare[-1] if bare.endswith(SENTENCE_ENDS) else "")


def first_word(text: str) -> str:
    """In small letters; may be empty."""
    found = _WORD.search(text)
    return found.group().casefold() if found else ""


def _dropped(clauses: list[str], goes: Callable[[str], bool]) -> list[bool]:
    found, group = list[bool](), ""
    for i, clause in enumerate(clauses):
        if goes(clause):
            group = _kind(clause)
            found.append(True)
            continue
        found.append(bool(group) and _leans(group, clause, clauses[i - 1].rstrip().endswith(",")))
        group = group if found[-1] else ""
    for i in range(len(clauses) - 1, 0, -1):
        found[i - 1] |= found[i] and _is_left_alone(clauses[i - 1])
    return found


def _is_left_alone(clause: str) -> bool:
    """Whether a clause says nothing without the one behind it: "followed", "which is"."""
    words = [word.casefold() for word in _WORD.findall(clause)]
    return _kind(clause) == SAID and (len(words) == 1 or words[-1] in WAITING)


def _leans(group: str, clause: str, after_comma: bool) -> bool:
    """Whether a clause speaks of what went before it; `group` is the kind of the clause that went first."""
    kind = _kind(clause)
    if kind == SAID or not _WORD.search(clause):
        return True
    return kind == LISTED if group == PLACE else kind == PLACE and not after_comma


def _kind(clause: str) -> str:
    word = first_word(clause)
    if word in SAID_OF or (len(word) > 4 and word.endswith(("ing", "ed")) and word not in PLACING):
        return SAID
    if word in PLACING:
        return PLACE
    return LISTED if word in LISTING else PLAIN


def _waits(clauses: list[str], dropped: list[bool]) -> bool:
    """Whether a clause that stays waits for what went after it."""
    for i, clause in enumerate(clauses):
        words = [word.casefold() for word in _WORD.findall(clause)]
        if dropped[i] or not words or not any(dropped[i + 1 :]):
            continue
        next_to_it = dropped[i + 1] and (words[-1].endswith("ed") or not PAIRED.isdisjoint(words))
        if words[-1] in WAITING or next_to_it:
            return True
    return False


PLACE, SAID, LISTED, PLAIN = "where", "said of it", "listed", "plain"
_PLACING = (
    "with while beside behind near holding wearing carrying next in on at by under over above below around from as when "
    "against between among along across inside outside through toward towards without beyond beneath amid"
)
_DETERMINERS = "a an the one two three four five some several many another his her its their"
_SAID_OF = "which that who whose whom where it its they their them he his she her this these those"
PLACING, SAID_OF = frozenset(_PLACING.split()), frozenset(_SAID_OF.split())
LISTING = frozenset(_DETERMINERS.split()) | {"and", "or", "but"}
PAIRED = frozenset({"both", "between", "either", "neither"})
_VERBS = (
    "had has contains contain shows show features feature includes include including holds hold wears wear carries carry "
    "displays display depicts depict offers reveals there like into onto near behind beside between under over"
)
WAITING = DANGLING | set(_VERBS.split())

_DETERMINER = rf"(?:{_DETERMINERS.replace(' ', '|')})\b"
_STARTS = rf"(?:{'|'.join(sorted(PLACING | SAID_OF | LISTING))})\b|\w{{2,}}(?:ing|ed)\b"
_CLAUSE = re.compile(
    rf"(?<=,)(?=\s+(?:{_STARTS}))|(?<=[:–—])(?=\s)|(?<=[，：、])"  # marks
    r"|(?=\s+(?:with|while|beside|behind|near|holding|wearing|carrying|next to|in front of|on top of)\b)(?<!\s)"
    rf"|(?=\s+(?:and|or|but|in|on|at|by|under|over|above|below|around|from)\s+{_DETERMINER})(?<!\s)",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W_]+")
