"""A completion that comes as server-sent events, as some servers send it although it was not asked for: put together again.

: a comment, sent to keep the line open
data: {"choices": [{"delta": {"content": "A photo"}, "finish_reason": null}]}
data: [DONE]
"""

from __future__ import annotations

import json
from typing import Any

from sedicfmt.encoders.talk.error_in_answer import error_in


def is_event_stream(text: str) -> bool:
    """Whether `text` begins as a stream of events and not as JSON."""
    return text.startswith(("data:", "event:", "id:", "retry:", ":"))


def from_events(text: str) -> dict[str, Any]:
    """The completion that the events of `text` make, as a server would have sent it whole. Raises ValueError without any.

    An event that is whole already, or an error, stands for all.
    """
    chunks = _chunks(text)
    for chunk in chunks:
        if "message" in _first(chunk) or error_in(chunk):
            return chunk
    message: dict[str, Any] = {key: _joined(chunks, key) for key in PIECES}
    if arguments := _arguments(chunks):
        message["tool_calls"] = [{"function": {"arguments": arguments}}]
    finish = [_first(chunk)["finish_reason"] for chunk in chunks if _first(chunk).get("finish_reason")]
    usage = [chunk["usage"] for chunk in chunks if chunk.get("usage")]
    choice = {"message": message, "finish_reason": finish[-1] if finish else None}
    return {"choices": [choice], "usage": usage[-1] if usage else None}


def _chunks(text: str) -> list[dict[str, Any]]:
    """The objects of the events; an event's data may stand in several lines."""
    events, lines = list[str](), list[str]()
    for line in [*text.splitlines(), ""]:
        if line.startswith("data:"):
            lines.append(line[5:].strip())
        elif not line.strip() and lines:
            events.append("\n".join(lines))
            lines = []
    told = [json.loads(part) for event in events for part in _parts(event)]
    found = [chunk for chunk in told if isinstance(chunk, dict)]
    if not found:
        raise ValueError("events without an object")
    return found


def _parts(event: str) -> list[str]:
    """An event is one object, in one line or in many; some servers leave out the empty lines between events."""
    lines = [line for line in event.split("\n") if line and line != "[DONE]"]
    return lines if all(line.startswith("{") and line.endswith("}") for line in lines) else ["\n".join(lines)]


def _first(chunk: dict[str, Any]) -> dict[str, Any]:
    choices = chunk.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    return choice if isinstance(choice, dict) else {}


def _arguments(chunks: list[dict[str, Any]]) -> str:
    """What a model calls its first function with."""
    pieces = list[str]()
    for chunk in chunks:
        delta = _first(chunk).get("delta")
        calls = delta.get("tool_calls") if isinstance(delta, dict) else None
        call = calls[0] if isinstance(calls, list) and calls else None
        function = call.get("function") if isinstance(call, dict) and call.get("index", 0) == 0 else None
        piece = function.get("arguments") if isinstance(function, dict) else None
        pieces += [piece] if isinstance(piece, str) else []
    return "".join(pieces)


def _joined(chunks: list[dict[str, Any]], key: str) -> str:
    """What the pieces under `key` say together."""
    pieces = [delta.get(key) for chunk in chunks if isinstance(delta := _first(chunk).get("delta"), dict)]
    return "".join(piece for piece in pieces if isinstance(piece, str))


PIECES = ("content", "reasoning_content", "reasoning", "thinking", "refusal")
