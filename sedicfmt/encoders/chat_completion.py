"""The bytes of a chat completion -> the answer's text and what it took, or an error that says what the server did instead.

Servers that speak "OpenAI's API" differ in what they leave out: no usage, no content beside a refusal, an error with status
200. Only what is needed is looked at, and each piece is checked: no library's model is trusted to have done so.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sedicfmt.errors import BackendFailed


@dataclass(frozen=True)
class Completion:
    """An answer, and the tokens of question and answer, None where the server does not count them."""

    text: str
    tokens_in: int | None = None
    tokens_out: int | None = None


def read_completion(data: bytes) -> Completion:
    """The first choice's text. Raises BackendFailed for a refusal, an error told with status 200, and anything else."""
    body = _object(data)
    choices = body.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(choice, dict) or not isinstance(message, dict):
        raise BackendFailed(f"the server answers with something else than a chat completion: {_told(body)}; {ADVICE}")
    text, refusal = message.get("content"), message.get("refusal")
    if refusal or choice.get("finish_reason") == "content_filter":
        reason = refusal if isinstance(refusal, str) else "its content filter"
        raise BackendFailed(f"the model refuses to describe this picture ({reason}); try another model or picture")
    usage = body.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    text = text.encode("utf-8", "replace").decode() if isinstance(text, str) else ""  # half a surrogate pair: "?"
    return Completion(text, _count(usage, "prompt_tokens"), _count(usage, "completion_tokens"))


def _object(data: bytes) -> dict[str, Any]:
    try:
        body = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BackendFailed(f"the server's answer is not JSON; {ADVICE}") from error
    if not isinstance(body, dict):
        raise BackendFailed(f"the server's answer is not a JSON object; {ADVICE}")
    return body


def _told(body: dict[str, Any]) -> str:
    """What the server says went wrong, if it says so, else the keys of what it sent."""
    error = body.get("error")
    message = error.get("message") if isinstance(error, dict) else error
    return str(message) if message else f"it has {', '.join(sorted(body)) or 'nothing'}"


def _count(usage: dict[str, Any], key: str) -> int | None:
    value = usage.get(key)
    return value if isinstance(value, int) and value >= 0 else None


ADVICE = "check the base URL, which usually ends in /v1"
