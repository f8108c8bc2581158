"""A sentence without the things that are gone: what stands before them, where that is a sentence, else nothing.

    A cat sits on a red sofa in front of a window.     without "sofa":    A cat sits.
    A child (holding a balloon) plays near a tree.     without "balloon": A child plays near a tree.
    A woman, wearing a hat, walks her dog.             without "hat":     A woman walks her dog.
    A woman in a red hat walks her dog.                without "hat":     nothing, as the verb stands behind it

What a sentence says further on may lean on what went ("in front of a window"), so it goes, too: what is left was true before.
It is left only where it surely comes apart: cut before a word that begins what can be missing ("with", "beside", "wearing",
"which", "and a"); with its verb, or no verb at all; with nothing that waits for what went ("looks", "covered", "a cup, a
plate"). Of another language nothing is known, and its sentences go whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from sedicfmt.encoders.objects.caption_words import (
    ADVERBS,
    AFTER_NOUNS,
    AUXILIARIES,
    BEGINNING,
    DETERMINERS,
    ENGLISH,
    FOREIGN,
    NEEDY,
    NOUNS,
    PLACES,
    PLURALS,
    RELATIVE,
    RESTING,
    UNCUT,
    VERBS,
    WAITING,
)  # fmt: skip
from sedicfmt.encoders.words import CLAUSE_ENDS, CLOSERS, SENTENCE_ENDS

Words = list[str]  # as they stand, with their marks


def shortened(sentence: str, goes: Callable[[str], bool]) -> tuple[str, list[str]]:
    """What is left of `sentence` without the things that `goes` finds, and what went; "" where no sentence is left."""
    whole = sentence.strip()
    words = whole.split()
    if _is_plain(words):
        for kept, went in (*_without_brackets(whole, goes), *_without_aside(words, goes), *_before(words, goes)):
            if not goes(kept):
                return ended(kept, whole), [went]
    return "", [whole]


def ended(text: str, sentence: str) -> str:
    """`text` with the end of `sentence`: its full stop, and not a comma."""
    bare = sentence.rstrip().rstrip(CLOSERS)
    end = bare[-1] if bare.endswith(SENTENCE_ENDS) else ""
    return text.rstrip().rstrip("".join((*CLAUSE_ENDS, *SENTENCE_ENDS))).rstrip() + end


def bare_words(text: str) -> Words:
    """In small letters, without marks."""
    return [_bare(word) for word in text.split()]


def _is_plain(words: Words) -> bool:
    """English, and without what makes each part depend on the others: "both", "not", "between"."""
    said = {_bare(word) for word in words}
    return not ENGLISH.isdisjoint(said) and FOREIGN.isdisjoint(said) and UNCUT.isdisjoint(said)


def _without_brackets(whole: str, goes: Callable[[str], bool]) -> list[tuple[str, str]]:
    return [
        (whole[: found.start()] + whole[found.end() :], found.group().strip())
        for found in re.finditer(r"\s*\([^()]*\)", whole)
        if goes(found.group()) and found.start()
    ]


def _without_aside(words: Words, goes: Callable[[str], bool]) -> list[tuple[str, str]]:
    """What stands between two commas, before the verb: "A woman, wearing a hat, walks"."""
    commas = [i + 1 for i, word in enumerate(words) if word.endswith(",")]
    if len(commas) < 2 or commas[1] >= len(words):
        return []
    begin, end = commas[:2]
    head, aside, verb = words[:begin], words[begin:end], _bare(words[end])
    begins = _bare(aside[0]) in PLACES | RELATIVE or _is_participle(aside[0])
    if begins and goes(" ".join(aside)) and (verb in AUXILIARIES or verb in VERBS) and not _is_finite(head):
        return [(" ".join([*head[:-1], head[-1].rstrip(","), *words[end:]]), " ".join(aside))]
    return []


def _before(words: Words, goes: Callable[[str], bool]) -> list[tuple[str, str]]:
    """The longest beginning that does not speak of it and is a sentence, and the rest."""
    for cut in range(len(words) - 1, 0, -1):
        head, tail = words[:cut], words[cut:]
        if not _may_begin(words, cut) or goes(" ".join(head)) or not goes(" ".join(tail)):  # a name is not cut in two
            continue
        if _is_whole(head) and _is_missable(head, tail, goes):
            return [(" ".join(head), " ".join(tail))]
    return []


def _may_begin(words: Words, at: int) -> bool:
    """Whether what can be missing begins at a word."""
    word, before, after = _bare(words[at]), _bare(words[at - 1]), _bare("".join(words[at + 1 : at + 2]))
    if words[at - 1].endswith(",") and word in DETERMINERS:
        return True
    if word in ("and", "but"):
        return after in DETERMINERS | {"there"}
    if word == "as":
        return after in DETERMINERS and sum(_bare(w) == "as" for w in words) == 1
    if _is_participle(word):
        free = words[at - 1].endswith(",") or before not in AUXILIARIES | DETERMINERS | PLACES | {
            "and",
            "or",
            "of",
            "to",
        }
        return free and bool(after) and (word.endswith("ing") or after in PLACES | {"to", "of", "for"})
    return word in BEGINNING


def _is_whole(head: Words) -> bool:
    """Whether a beginning is a sentence, or a name of what is seen, that waits for nothing."""
    text, said = " ".join(head), [_bare(word) for word in head]
    last = said[-1]
    if any(mark in text for mark in ':()–—"“”') or (text.count(",") > 0 and _is_open_list(head)):
        return False
    if last in WAITING or not last or not NEEDY.isdisjoint(said) or (said[0] in PLACES and not _is_finite(head)):
        return False
    moved = _is_verb(said, len(said) - 1) or _is_participle(last) or _stands_for_a_verb(said)
    return last in RESTING or not moved


def _is_open_list(head: Words) -> bool:
    """Whether behind the last comma stands one more of several things, and not "and" the last."""
    commas = [i + 1 for i, word in enumerate(head[:-1]) if word.endswith(",")]
    if not commas:
        return False
    first = _bare(head[commas[-1]])
    return not (first in PLACES | RELATIVE | {"and", "or", "but", "while", "as"} or _is_participle(first))


def _is_missable(head: Words, tail: Words, goes: Callable[[str], bool]) -> bool:
    """Whether no verb that the beginning needs stands in the rest: it has its own, or the rest surely has none."""
    if _is_finite(head):
        return True
    said = [_bare(word) for word in tail]
    verbs = -1 if said[0] in RELATIVE else 0  # which is red
    ends = [i for i in range(1, len(tail) + 1) if goes(" ".join(tail[:i]))]
    for i, word in enumerate(said):
        loose = i and tail[i - 1].rstrip().endswith(",")
        follows = word in AFTER_NOUNS or _is_participle(word) or loose
        verbs += word in AUXILIARIES or _is_verb(said, i) or (word in VERBS and i > 0 and said[i - 1] in ADVERBS)
        if i and not follows and (i == ends[0] or _is_plural(said[i - 1])):
            return False
        if (
            i
            and word in DETERMINERS
            and not loose
            and said[i - 1] not in AFTER_NOUNS
            and not _is_participle(said[i - 1])
        ):
            return False
    return verbs <= 0 and not any(_stands_for_a_verb(said[: i + 1]) for i in range(len(said)))


def _is_finite(head: Words) -> bool:
    """Whether there is a verb of the sentence's own in it."""
    said = [_bare(word) for word in head]
    for i, word in enumerate(said):
        if word in RELATIVE:
            return False
        if word in AUXILIARIES or _is_verb(said, i):
            return True
    return False


def _is_verb(said: Words, i: int) -> bool:
    """Whether a word that may be a verb is one where it stands: "a man walks", "men walk", not "the walk", "on walks"."""
    word, before = said[i], said[i - 1] if i else ""
    if not i or word not in VERBS or before in DETERMINERS or before in PLACES | {"of", "and", "or", "for", "to"}:
        return before == "there" and word in VERBS
    return (word.endswith("s") and not word.endswith("ss")) or _is_plural(before)


def _stands_for_a_verb(said: Words) -> bool:
    """Whether the last word is like a verb behind one thing: "a knight vanquishes"."""
    last = said[-1]
    if not _is_plural(last) or last in PLURALS or last in NOUNS:
        return False
    for word in reversed(said[:-1]):
        if word in ("a", "an", "another", "one"):
            return said[-2] != word
        if word in AFTER_NOUNS or word in DETERMINERS or _is_participle(word):
            return False
    return False


def _is_plural(word: str) -> bool:
    return word in PLURALS or (len(word) > 2 and word.endswith("s") and not word.endswith(("ss", "us", "is")))


def _is_participle(word: str) -> bool:
    word = _bare(word)
    return len(word) > 4 and word.endswith(("ing", "ed")) and word not in NOUNS


def _bare(word: str) -> str:
    """In small letters, without the marks at its ends."""
    return word.strip(",.;:!?()[]\"'“”‘’…").casefold()
