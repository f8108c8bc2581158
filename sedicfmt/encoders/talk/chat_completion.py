"""The bytes of a chat completion -> the answer's text and what it took, or an error that says what the server did instead.

Servers that speak "OpenAI's API" differ in what they leave out and in where they put things: no usage, no content beside a
refusal, content in parts, an answer among the thoughts, an error with status 200, events although none were asked for
(event_stream.py). Only what is needed is looked at, and each piece is checked: no library's model is trusted to have done so.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sedicfmt.encoders.talk.error_in_answer import error_in
from sedicfmt.encoders.talk.event_stream import from_events, is_event_stream
from sedicfmt.encoders.talk.failed_request import Refused
from sedicfmt.errors import BackendFailed

THOUGHTS = ("thinking", "reasoning", "reasoning_text", "reasoning.text", "reasoning.summary")  # types of parts


@dataclass(frozen=True)
class Completion:
    """An answer, and whether it ended because of the limit of its tokens."""

    text: str
    cut: bool = False


def read_body(data: bytes) -> dict[str, Any]:
    """The object that a server answers with; what follows it is not looked at. Raises BackendFailed where it is none."""
    text = data.decode("utf-8-sig", "replace").lstrip()
    try:
        body = from_events(text) if is_event_stream(text) else json.JSONDecoder().raw_decode(text)[0]
    except (ValueError, RecursionError) as error:
        raise BackendFailed(f"the server's answer is not JSON; {ADVICE}") from error
    if not isinstance(body, dict):
        raise BackendFailed(f"the server's answer is not a JSON object; {ADVICE}")
    return body


def read_usage(body: dict[str, Any]) -> tuple[int | None, int | None]:
    """The tokens of question and answer, None where the server does not count them."""
    usage = body.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    return _count(usage, "prompt_tokens"), _count(usage, "completion_tokens")


def read_completion(body: dict[str, Any]) -> Completion:
    """The first choice's text. Raises Refused for an error told with status 200 and for choices that are null,
    BackendFailed for a refusal, for an answer that ended before it began, and for anything else."""
    choice = _choice(body)
    message = _message(choice)
    finish = str(choice.get("finish_reason"))
    _check_refusal(message.get("refusal"), finish)
    if not message:
        raise BackendFailed(f"the server answers with something else than a chat completion: {_keys(choice)}; {ADVICE}")
    said, cut = _text(message.get("content")) or _arguments(message), finish in ("length", "max_tokens")
    if cut and not said.strip():
        raise BackendFailed(
            "the model's tokens were at their limit before it said anything; --llm-max-tokens allows more"
        )
    said = said if said.strip() else _thoughts(message)
    return Completion(said.encode("utf-8", "replace").decode(), cut)  # half a surrogate pair: "?"


def _check_refusal(refusal: Any, finish: str) -> None:
    if refusal or finish.startswith("content_filter"):
        reason = refusal if isinstance(refusal, str) else "its content filter"
        raise BackendFailed(f"the model refuses to describe this picture ({reason}); try another model or picture")


def _choice(body: dict[str, Any]) -> dict[str, Any]:
    """The first choice, unless there is an error instead of it, or in it."""
    if error := error_in(body):
        raise error
    choices = body.get("choices")
    if "choices" in body and choices is None:
        raise Refused(200, "")
    choice = choices[0] if isinstance(choices, list) and choices else body if "message" in body else None
    if not isinstance(choice, dict):
        raise BackendFailed(f"the server answers with something else than a chat completion: {_keys(body)}; {ADVICE}")
    return choice


def _message(choice: dict[str, Any]) -> dict[str, Any]:
    """Also where a piece of it, or the text of a plain completion, stands in its place; empty where nothing does."""
    for told in (choice.get("message"), choice.get("delta")):
        if isinstance(told, dict) and told:
            return told
    return {"content": choice["text"]} if isinstance(choice.get("text"), str) else {}


def _arguments(message: dict[str, Any]) -> str:
    """The answer of a model that calls a function with it."""
    calls = message.get("tool_calls")
    call = calls[0] if isinstance(calls, list) and calls else {"function": message.get("function_call")}
    function = call.get("function") if isinstance(call, dict) else None
    return _text(function.get("arguments")) if isinstance(function, dict) else ""


def _thoughts(message: dict[str, Any]) -> str:
    """The thoughts of a model that says nothing else, marked as such: drafts in them are no answer (check_answer.py)."""
    said = next(filter(str.strip, (_text(message.get(key), ()) for key in REASONING)), "")
    return f"<think>{said}" if said else ""


def _text(content: Any, without: tuple[str, ...] = THOUGHTS) -> str:
    """The words of a message's content: a string, a list of parts, of some types `without`, or the answer's object."""
    if isinstance(content, list):
        return "".join(_text(part, without) for part in content if isinstance(part, str | dict))
    if isinstance(content, dict):
        if content.get("type") in without:
            return ""
        return _text(content.get("text")) if "type" in content or "text" in content else json.dumps(content)
    return content if isinstance(content, str) else ""


def _keys(body: dict[str, Any]) -> str:
    return f"it has {', '.join(sorted(body)) or 'nothing'}"


def _count(usage: dict[str, Any], key: str) -> int | None:
    value = usage.get(key)
    return value if isinstance(value, int) and value >= 0 else None


REASONING = ("reasoning_content", "reasoning", "thinking", "reasoning_details")
ADVICE = "check the base URL, which usually ends in /v1"
