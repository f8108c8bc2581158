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
from typing import Any

QUOTED = 300  # characters of what a server says
READ = 4000  # characters of a page


def said_in(text: str) -> str:
    """The server's words in `text`, the body of a reply; the empty string where it says nothing."""
    try:
        found = list(dict.fromkeys(_words(json.loads(text), DEEPEST)))
    except (ValueError, RecursionError):
        found = [_MARKUP.sub(" ", text[:READ])]
    return " ".join(": ".join(found).split())[:QUOTED]


def says_nothing(text: str) -> bool:
    """Whether `text`, the body of a reply, gives no reason: none at all, or one that fits everything."""
    return bool(_EMPTY.fullmatch(said_in(text).casefold()))


def _words(value: Any, depth: int) -> Iterator[str]:
    """The strings that stand under the keys that servers tell reasons by, those in JSON within JSON too."""
    if isinstance(value, str):
        inner = _within(value) if depth and value[:1] in "{[" else None
        yield from _words(inner, depth - 1) if isinstance(inner, dict | list) else [value]
    elif isinstance(value, list) and depth:
        for part in value[:9]:
            yield from _words(part, depth - 1)
    elif isinstance(value, dict) and depth:
        for key in KEYS:
            yield from _words(value.get(key), depth - 1)


def _within(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


DEEPEST = 8
KEYS = ("error", "message", "detail", "msg", "loc", "metadata", "raw", "errors", "title", "reason")
_MARKUP = re.compile(r"<[^<>]*>")
_EMPTY = re.compile(
    r"\W*(?:(?:error|status)(?: code)?:? ?\d*|bad request"
    r"|(?:an? )?(?:invalid|unprocessable) (?:request|entity|argument|content)"
    r"|(?:the )?request contains an invalid argument|(?:request )?validation error|provider returned error"
    r"|internal (?:server )?error|unknown error|none|null)?\W*"
)
