"""Counting and limiting words: where every describer's text becomes what the format sends.

A word is what white space separates, and in scripts that put none between words (Chinese, Japanese, Thai ...) each character,
with the marks that follow it. White space is normalised here and nowhere else (the text coder is lossless): every run of it
becomes one space. A text over its limit is cut where it hurts least: at the end of a sentence, else of a clause, else of a
word, in this order, as long as the cut keeps at least half of what the limit allows.
"""

from __future__ import annotations

import re

from sedicfmt.errors import EncodeError
from sedicfmt.limits import MAX_TEXT_BYTES


def normalise(text: str) -> str:
    """`text` with each run of white space as one space and none at its ends."""
    return " ".join(text.split())


def count_words(text: str) -> int:
    """How many words `text` has."""
    return len(_words(normalise(text)))


def limit_words(text: str, most: int) -> str:
    """`text`, normalised, in at most `most` words and MAX_TEXT_BYTES bytes of UTF-8; the empty string for `most` <= 0."""
    words = _words(normalise(text))
    if len(words) > most:
        words = words[: _best_cut(words, max(most, 0))]
        words = _without_dangling(words)
    return _limit_bytes("".join(words).rstrip())


def limit_with_note(text: str, most: int, place: str) -> tuple[str, list[str]]:
    """`limit_words` and a warning that names `place` where words were lost: an empty list where none were."""
    limited = limit_words(text, most)
    before, after = count_words(text), count_words(limited)
    return limited, [f"{place}: cut from {before} to {after} words"] if limited != normalise(text) else []


def require_text(value: object, place: str) -> str:
    """`value` if it is a string that UTF-8 can hold; half a surrogate pair, as JSON may escape it, cannot be held."""
    if not isinstance(value, str):
        raise EncodeError("expected a string", place)
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise EncodeError("the text has half a surrogate pair in it", place) from error
    return value


def _words(text: str) -> list[str]:
    """The words of a normalised text, each with the space behind it, so that they are the text when they are joined."""
    return _WORD.findall(text)


def _best_cut(words: list[str], most: int) -> int:
    """How many of the first `most` words to keep, so that a sentence or a clause ends there if one ends late enough."""
    for marks in (SENTENCE_ENDS, CLAUSE_ENDS):
        for kept in range(most, most // 2, -1):
            if words[kept - 1].rstrip().rstrip(CLOSERS).endswith(marks):
                return kept
    return most


def _without_dangling(words: list[str]) -> list[str]:
    """The words without a clause's mark at the end, or such words as "and the" that point at what was cut off."""
    kept = list(words)
    while kept and not kept[-1].rstrip().rstrip(CLOSERS).endswith(SENTENCE_ENDS):
        bare = kept[-1].rstrip(" ,;:-–—，、；：")
        if len(kept) == 1 or (bare and bare.lower() not in DANGLING):
            kept[-1] = bare or kept[-1]
            break
        kept.pop()
    return kept


def _limit_bytes(text: str) -> str:
    """`text` cut to the format's limit in bytes, between characters: one "word" of a script without spaces may be long."""
    data = text.encode("utf-8", "replace")
    return text if len(data) <= MAX_TEXT_BYTES else data[:MAX_TEXT_BYTES].decode("utf-8", "ignore").rstrip()


# Han, kana, Thai, Lao, Tibetan, Burmese, Khmer
_UNSPACED = (
    r"(?=\w)[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u312f\u3400-\u9fff\uf900-\ufaff\uff66-\uff9f"
    r"\U00020000-\U0003ffff]"
)
_WORD = re.compile(rf"[^\w\s]*{_UNSPACED}[^\w\s]*\s?|(?:(?!{_UNSPACED})\S)+\s?")
SENTENCE_ENDS = (".", "!", "?", "。", "！", "？")
CLAUSE_ENDS = (",", ";", ":", "–", "—", "，", "；", "：", "、")
CLOSERS = "\"')]}”’»"
DANGLING = {
    "a", "an", "the", "and", "or", "but", "nor", "with", "without", "of", "in", "on", "at", "to", "from", "by", "for", "as",
    "is", "are", "was", "were", "be", "its", "his", "her", "their", "this", "that", "which", "who", "while", "where", "has",
    "have", "very",
}  # fmt: skip
