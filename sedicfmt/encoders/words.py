"""Counting and limiting words: where every describer's text becomes what the format sends.

A word is what white space, a dash, a slash or an underscore separates, and of a longer run LONGEST characters: a limit
in words is one in bytes, too. In scripts that put no space between words (Chinese, Japanese, Thai ...), among emoji and
letters as wide as those, each character is a word, with the marks beside it. White space is normalised here and nowhere
else (the text coder is lossless): every run of it becomes one space. A text over its limit is cut where it hurts least:
at the end of a sentence, else of a clause, else of a word, in this order, as long as the cut keeps at least half of
what the limit allows.
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
        bare = kept[-1].rstrip(" ,;:-–—/_|，、；：")
        if len(kept) == 1 or (bare and bare.lower() not in DANGLING):
            kept[-1] = bare or kept[-1]
            break
        kept.pop()
    return kept


def _limit_bytes(text: str) -> str:
    """`text` cut to the format's limit in bytes, between characters: one "word" of a script without spaces may be long."""
    data = text.encode("utf-8", "replace")
    return text if len(data) <= MAX_TEXT_BYTES else data[:MAX_TEXT_BYTES].decode("utf-8", "ignore").rstrip()


LONGEST = 20  # characters of a word, its marks included: "internationalization"
MARKS = 4  # on either side of a character that is a word: quotes, a full stop, a sign above or below

# Letters of Thai to Burmese, Khmer, Limbu to Tai Tham, Balinese to Batak, kana and Han to Yi, Javanese to Tai Viet, half-width
# kana, those of full width; signs and emoji; all planes above the first (old scripts, emoji, rare Han). Hangul has spaces.
_ALONE = (
    r"(?:(?=\w)[\u0e00-\u109f\u1780-\u17ff\u1900-\u19df\u1a00-\u1aaf\u1b00-\u1bff\u3005-\u3007\u3021-\u312f\u3190-\u4dbf"
    r"\u4e00-\ua4cf\ua980-\uaadf\uf900-\ufaff\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\uff66-\uff9f]"
    r"|[\u2190-\u2bff\U00010000-\U0010ffff])"
)
_MARK = rf"(?:(?!{_ALONE})[^\w\s])"
_PARTED = r"[—–―/\\_|]"
_RUN = rf"(?:(?!{_ALONE}|{_PARTED})\S){{1,{LONGEST}}}"
_WORD = re.compile(
    rf"{_MARK}{{0,{MARKS}}}{_ALONE}{_MARK}{{0,{MARKS}}}\s?|(?:{_RUN}{_PARTED}{{0,{MARKS}}}|{_PARTED}{{1,{MARKS}}})\s?"
)
SENTENCE_ENDS = (".", "!", "?", "。", "！", "？")
CLAUSE_ENDS = (",", ";", ":", "–", "—", "，", "；", "：", "、")
CLOSERS = "\"')]}”’»"
DANGLING = {
    "a", "an", "the", "and", "or", "but", "nor", "with", "without", "of", "in", "on", "at", "to", "from", "by", "for", "as",
    "is", "are", "was", "were", "be", "its", "his", "her", "their", "this", "that", "which", "who", "while", "where", "has",
    "have", "very",
}  # fmt: skip
