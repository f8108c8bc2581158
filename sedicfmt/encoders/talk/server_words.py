"""What a server says went wrong, in one line, however it wraps it.

OpenAI, vLLM, llama.cpp   {"error": {"message": "...", "code": ...}}      Ollama, LM Studio   {"error": "..."}
FastAPI                   {"detail": [{"loc": ["body", "x"], "msg": "..."}]}      Gemini      [{"error": {...}}]
OpenRouter                {"error": {"message": "Provider returned error", "metadata": {"raw": "..."}}}
others                    plain text, or a page of HTML
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

QUOTED = 300  # characters of what a server says
READ = 4000  # characters of a page


def said_in(text: str) -> str:
    """The server's words in `text`, the body of a reply; the empty string where it says nothing."""
    return " ".join(": ".join(_told(text, KEYS)).split())[:QUOTED]


@lru_cache(maxsize=8)  # each reason looks through it
def said(text: str) -> list[str]:
    """The sentences of `text`, the body of a reply, and its codes, all in small letters and without the marks in words."""
    told = _told(text, KEYS)
    pieces = [": ".join(told), *(code for code in _told(text, (*KEYS, *CODES)) if code not in told)]
    plain = (_NOT.sub(r"\1 not", _HUMP.sub(" ", piece[:READ]).casefold()) for piece in pieces)
    return [" ".join(_MARKS.sub(" ", part).split()) for piece in plain for part in _END.split(piece) if part.strip()]


def says_something(text: str) -> bool:
    """Whether `text` has words under a key that servers tell reasons by."""
    return bool(said_in(text))


def says_nothing(text: str) -> bool:
    """Whether `text`, the body of a reply, gives no reason: none at all, or one that fits everything."""
    return bool(_EMPTY.fullmatch(said_in(text).casefold()))


def _told(text: str, keys: tuple[str, ...]) -> list[str]:
    """Each once; what is no JSON without its markup."""
    try:
        return list(dict.fromkeys(_words(json.loads(text), DEEPEST, keys)))
    except (ValueError, RecursionError):
        return [_MARKUP.sub(" ", text[:READ])]


def _words(value: Any, depth: int, keys: tuple[str, ...]) -> Iterator[str]:
    """The strings that stand under `keys`, those in JSON within JSON too."""
    if isinstance(value, str):
        inner = _within(value) if depth and value[:1] in "{[" else None
        yield from _words(inner, depth - 1, keys) if isinstance(inner, dict | list) else [value]
    elif isinstance(value, list) and depth:
        for part in value[:9]:
            yield from _words(part, depth - 1, keys)
    elif isinstance(value, dict) and depth:
        for key in keys:
            yield from _words(value.get(key), depth - 1, keys)


def _within(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


DEEPEST = 8
KEYS = (
    "error", "message", "detail", "details", "msg", "loc", "metadata", "raw", "errors", "title", "reason", "description",
    "error_msg", "error_message", "errorMessage", "error_description", "err", "errmsg", "cause",
)  # fmt: skip
CODES = ("code", "type", "status", "param", "error_code", "error_type", "errorCode")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NOT = re.compile(r"\b(can|\w+?)(?:(?<=can)(?:not|['’]t)|n['’]t)\b")
_MARKS = re.compile(r"[-_`'\"‘’“”*:,()\[\]{}]")
_END = re.compile(r"[.!?;]+(?=\s|$)|\n|[。；！]")
_MARKUP = re.compile(r"<[^<>]*>")
_EMPTY = re.compile(
    r"\W*(?:(?:error|status)(?: code)?:? ?\d*|bad request"
    r"|(?:an? )?(?:invalid|unprocessable) (?:request|entity|argument|content)"
    r"|(?:the )?request contains an invalid argument|(?:request )?validation error|provider returned error"
    r"|internal (?:server )?error|unknown error|none|null)?\W*"
)
