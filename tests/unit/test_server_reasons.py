"""What real servers say when they refuse, by what is to be done about it. Each is put in three forms of a reply."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sedicfmt.encoders.talk.chat_completion import read_completion
from sedicfmt.encoders.talk.failed_request import Refused, concerns_all, explanation, flagged, hopeless, seconds_to_wait
from sedicfmt.encoders.talk.openai_settings import OpenAiSettings
from sedicfmt.encoders.talk.request_form import Form

SETTINGS = OpenAiSettings("toy")


def messages() -> dict[str, list[str]]:
    """The file's sections."""
    found: dict[str, list[str]] = {}
    for line in (Path(__file__).parents[1] / "outside/server_messages.txt").read_text().splitlines():
        if line.startswith("[") and line.endswith("]"):
            section = found.setdefault(line[1:-1], [])
        elif line and not line.startswith("#"):
            section.append(line)
    return found


MESSAGES = messages()
SAID = [(line, outcome) for outcome, lines in MESSAGES.items() if outcome != "passing" for line in lines]


def what_follows(refused: Refused) -> str:
    """What is done about a refusal, in a word."""
    if hopeless(refused):
        return "blind" if "takes no pictures" in explanation(refused, SETTINGS) else "credit"
    if flagged(refused):
        return "flagged"
    form = Form(4096)
    step = form.simpler(refused)
    if step:
        return next(
            name for name in ("tokens", "limit", "system", "schema") if getattr(form, name) != getattr(step[0], name)
        )
    if not concerns_all(refused):
        return "nothing"
    return "key" if "key is not accepted" in explanation(refused, SETTINGS) else "model"


@pytest.mark.parametrize(("words", "outcome"), SAID)
def test_what_servers_say(words: str, outcome: str) -> None:
    bodies = [
        {"error": {"message": words, "type": "invalid_request_error", "code": 400}},
        {"object": "error", "message": words},
    ]
    for text in (*map(json.dumps, bodies), words):
        assert what_follows(Refused(400, text)) == outcome, text


@pytest.mark.parametrize("words", [*MESSAGES["blind"], *MESSAGES["credit"]])
@pytest.mark.parametrize("status", [429, 500])
def test_what_waiting_does_not_mend_is_not_asked_again(words: str, status: int) -> None:
    assert seconds_to_wait(Refused(status, json.dumps({"error": {"message": words}})), 0, SETTINGS) is None


@pytest.mark.parametrize("words", MESSAGES["passing"])
def test_what_passes_is_asked_again(words: str) -> None:
    refused = Refused(429, json.dumps({"error": {"message": words}}))
    assert seconds_to_wait(refused, 0, SETTINGS) is not None and not concerns_all(refused)


WITHIN = [  # bodies with status 200, the status that each stands for
    ({"error": {"message": "Rate limit reached", "type": "rate_limit_error", "code": "rate_limit_exceeded"}}, 429),
    ({"error": {"message": "Overloaded", "type": "overloaded_error"}}, 503),
    ({"error": {"message": "Incorrect API key", "code": "invalid_api_key"}}, 401),
    ({"error": "model overloaded", "status": 503}, 503),
    ({"error": {"status": 429, "message": "slow"}}, 429),
    ({"error": {"code": "429", "message": "slow"}}, 429),
    ({"error": {"type": "server_error", "message": "CUDA out of memory"}}, 503),
    ({"error": {"message": "No more", "code": "insufficient_quota"}}, 402),
    ({"error": {"message": "no such thing", "code": "model_not_found"}}, 404),
    ({"object": "error", "message": "the picture is odd", "code": 400}, 400),
    ({"code": 401, "msg": "令牌无效"}, 401),
    ({"msg": "invalid api key"}, 401),
    ({"detail": "Not authenticated"}, 401),
    ({"detail": [{"loc": ["body"], "msg": "odd"}]}, 200),
    ({"success": False, "errors": [{"code": 7003, "message": "No route"}]}, 200),
    ({"success": False, "errors": [{"code": 429, "message": "slow"}]}, 429),
    ({"status": "error", "message": "model loading"}, 503),
    ({"message": "You are being rate limited", "statusCode": 429}, 429),
    ({"message": "throttled"}, 429),
    ({"error_code": 336003, "error_msg": "odd"}, 200),
    ({"choices": [{"error": {"code": 502, "message": "upstream"}}]}, 502),
    ({"choices": [], "error": {"message": "busy"}}, 503),
]


@pytest.mark.parametrize(("body", "status"), WITHIN)
def test_an_error_within_an_answer_has_the_status_that_it_means(body: dict[str, object], status: int) -> None:
    with pytest.raises(Refused) as caught:
        read_completion(body)
    assert caught.value.status == status and caught.value.text
    told = explanation(caught.value, SETTINGS)
    assert f"status {status} " in told and "()" not in told and "(" in told


CALL = {"function": {"name": "overall", "arguments": '{"overall": "A boat."}'}}
PLACES = [
    {"message": {"content": None, "tool_calls": [CALL]}, "finish_reason": "tool_calls"},
    {"message": {"content": "", "tool_calls": [{"function": {"arguments": {"overall": "A boat."}}}]}},
    {"message": {"content": None, "function_call": CALL["function"]}},
    {"message": {"content": "", "thinking": '{"overall": "A boat."}'}},
    {"message": {"content": None, "reasoning_details": [{"type": "reasoning.text", "text": '{"overall": "A boat."}'}]}},
    {"message": {"content": [{"type": "output_text", "text": '{"overall": "A boat."}'}]}},
    {"text": '{"overall": "A boat."}'},
    {"delta": {"content": '{"overall": "A boat."}'}},
]


@pytest.mark.parametrize("choice", PLACES)
def test_where_an_answer_stands(choice: dict[str, object]) -> None:
    assert read_completion({"choices": [choice]}).text.removeprefix("<think>") == '{"overall": "A boat."}'
