"""An error that comes with status 200 -> the refusal that it is, with the status that it should have had.

    {"error": {"message": "...", "code": 429}}    {"error": "overloaded", "status": 503}    {"choices": [{"error": ...}]}
    {"object": "error", "message": "...", "code": 400}    {"code": 401, "msg": "..."}    {"detail": "..."}    {"errors": [...]}

The status is a number of three digits where there is one, else what the words and codes say; 200 where they say nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sedicfmt.encoders.talk.failed_request import Refused
from sedicfmt.encoders.talk.server_reasons import BUSY, DOWN, NO_CREDIT, NO_KEY, NO_MODEL
from sedicfmt.encoders.talk.server_words import says_something


def error_in(body: dict[str, Any]) -> Refused | None:
    """The error that `body` is, or that its first choice has; None where there is none."""
    choices = body.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    inner = first.get("error") if isinstance(first, dict) else None
    rest = {key: value for key, value in body.items() if key not in ("choices", "usage")}
    told = {**rest, "error": inner} if inner else rest
    if not told.get("error") and ("choices" in body or not says_something(json.dumps(told))):
        return None
    text = json.dumps(told)
    return Refused(next(_numbers(told), 0) or _by_words(text), text)


def _numbers(told: Any, depth: int = 3) -> Iterator[int]:
    """Three-digit statuses of failures under the keys that servers tell them by, the outermost first."""
    for entry in told[:1] if isinstance(told, list) else [told] if isinstance(told, dict) else []:
        for key in STATUS:
            code = str(entry.get(key))
            if code.isascii() and code.isdecimal() and len(code) == 3 and code[0] in "45":
                yield int(code)
        for key in ("error", "errors", "detail") if depth else ():
            yield from _numbers(entry.get(key), depth - 1)


def _by_words(text: str) -> int:
    return next((status for status, reason in WORDS if reason.told_in(text)), 200)


STATUS = (
    "code",
    "status",
    "status_code",
    "statusCode",
    "error_code",
    "errorCode",
    "http_status",
    "httpStatus",
    "http_code",
)
WORDS = ((402, NO_CREDIT), (401, NO_KEY), (404, NO_MODEL), (429, BUSY), (503, DOWN))
