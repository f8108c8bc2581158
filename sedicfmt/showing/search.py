"""Files found by the words in them. Only texts are decoded, so that a thousand files take seconds."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from sedicfmt.container.content import decoded
from sedicfmt.container.parser import parse_frame
from sedicfmt.errors import EncodeError
from sedicfmt.segments import text


@dataclass(frozen=True)
class Said:
    """A text of a file and its place in it: "text" of the whole, "objects[0].text" of an object."""

    path: str
    text: str


def texts_of(data: bytes, allow_prefix: bool = False) -> list[Said]:
    """All texts of a file's bytes that say something. Raises SedicError."""
    frame = parse_frame(data, allow_prefix)
    segments = (segment for segment in frame.segments if segment.kind.startswith("text"))
    said = [Said(segment.path, decoded(segment, text.parse)) for segment in segments]
    return [one for one in said if one.text]


def patterns_of(words: str, expression: bool = False) -> list[re.Pattern[str]]:
    """What is looked for: each of the words, at the beginning of a word in the text; or one regular expression.

    Case does not count, nor how an accent is composed. Where a script has no spaces, a word is found anywhere. Raises
    EncodeError where there is no word, or for an expression that is none.
    """
    if expression:
        try:
            return [re.compile(plain(words), re.IGNORECASE)]
        except re.error as error:
            raise EncodeError(f"{words!r} is no regular expression: {error}", "words") from error
    found = plain(words).split()
    if not found:
        raise EncodeError("there is no word to look for", "words")
    return [re.compile(("" if UNSPACED.match(word) else r"(?<!\w)") + re.escape(word)) for word in found]


def matching(said: Sequence[Said], patterns: Sequence[re.Pattern[str]]) -> list[Said]:
    """The texts that one of the patterns is in, if each pattern is in one of them; else none."""
    texts = [(one, plain(one.text)) for one in said]
    if not all(any(pattern.search(text) for _, text in texts) for pattern in patterns):
        return []
    return [one for one, text in texts if any(pattern.search(text) for pattern in patterns)]


def plain(text: str) -> str:
    """As texts are compared."""
    return unicodedata.normalize("NFC", text).casefold()


# Thai, Lao, Tibetan, Burmese, Khmer, kana, Chinese characters
UNSPACED = re.compile("[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff]")
