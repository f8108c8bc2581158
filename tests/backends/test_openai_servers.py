"""What real servers do otherwise than OpenAI's: what they refuse and in which words, and where they put an answer."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from sedicfmt.encoders.interfaces import DescribeRequest
from sedicfmt.encoders.talk.describe_openai import OpenAiDescriber
from sedicfmt.encoders.talk.openai_settings import OpenAiSettings
from sedicfmt.errors import BackendUnavailable
from tests.backends.loopback_server import LoopbackServer, Reply, as_json, completion, refused, said
from tests.backends.openai_talk import IMAGE, OBJECTS, OVERALL, TALK, described, failure

pytestmark = pytest.mark.usefixtures("openai_environment")
ALONE = DescribeRequest(objects=0)
EXTRA = {"type": "extra_forbidden", "loc": ["body", "max_completion_tokens"], "msg": "Extra inputs are not permitted"}
RAW = json.dumps({"error": {"message": "json_schema is not supported by this model"}})
TOO_LARGE = (
    "'max_tokens' or 'max_completion_tokens' is too large: 4096. This model's maximum context length is 4096 tokens "
    "and your request has 955 input tokens (4096 > 4096 - 955)."
)
OF_THE_CONTEXT = (
    "This model's maximum context length is 4096 tokens. However, you requested 5096 tokens (1000 in the messages, 4096 "
    "in the completion). Please reduce the length of the messages or completion."
)

REFUSALS = [  # a server's no, and what the next request is without or has instead
    (as_json({"error": "'response_format.type' must be 'json_schema' or 'text'"}, 400), "schema"),  # LM Studio
    (Reply(422, b"Failed to deserialize: response_format: unknown variant json_schema", {}), "schema"),
    (as_json([{"error": {"code": 400, "message": "Unknown name response_format", "status": "X"}}], 400), "schema"),
    (as_json([{"error": {"code": 400, "message": "Request contains an invalid argument."}}], 400), "schema"),  # Gemini
    (refused(400, "failed to parse grammar"), "schema"),  # llama.cpp
    (refused(500, "JSON schema conversion failed: unrecognised type"), "schema"),
    (as_json({**completion(""), "choices": None}), "schema"),
    (as_json({"error": {"message": "Provider returned error", "code": 400, "metadata": {"raw": RAW}}}, 400), "schema"),
    (refused(404, "No endpoints found that can handle the requested parameters."), "schema"),  # OpenRouter
    (as_json({"error": {"message": "guided decoding is not available"}}), "schema"),  # with status 200
    (Reply(400, b"<html><h1>Bad Request</h1></html>", {"Content-Type": "text/html"}), "schema"),
    (as_json({"detail": [EXTRA]}, 422), "limit"),  # FastAPI
    (refused(400, "Unsupported parameter: 'max_completion_tokens'. Use 'max_tokens' instead."), "limit"),
    (refused(400, TOO_LARGE), "tokens"),  # vLLM
    (refused(400, "This model supports at most 2048 completion tokens"), "tokens"),
    (as_json({"object": "error", "message": OF_THE_CONTEXT, "type": "BadRequestError", "code": 400}, 400), "tokens"),
    (as_json({"object": "error", "message": OF_THE_CONTEXT, "type": "BadRequestError", "code": 400}), "tokens"),
    (refused(400, "System role not supported"), "system"),
    (refused(500, "Conversation roles must alternate user/assistant/user/assistant/..."), "system"),
    (refused(400, "Developer instruction is not enabled for models/gemma-3-27b-it"), "system"),
]


def form(body):
    """What of a request's form a server may not take."""
    return {
        "schema": "response_format" in body,
        "limit": [key for key in body if key.startswith("max_")],
        "tokens": body.get("max_completion_tokens", body.get("max_tokens")),
        "system": body["messages"][0]["role"] == "system",
    }


@pytest.mark.parametrize(("reply", "changed"), REFUSALS)
def test_a_form_that_a_server_does_not_take_is_put_more_simply(reply, changed):
    told, server = described([reply, *TALK])
    assert told.overall == OVERALL["overall"] and told.report["retries"] == 0
    first, second, third = (form(request.body) for request in server.requests)
    assert {key for key in first if first[key] != second[key]} == {changed}
    assert third == second and len(told.report["warnings"]) == 1  # it is remembered, and told
    assert "You describe pictures" in server.requests[1].words or changed != "system"


def test_a_server_that_takes_nothing_but_the_plainest():
    def strict(request):
        seen = form(request.body)
        for key, said_no in (
            ("schema", "no json_schema"),
            ("limit", "max_completion_tokens is unknown"),
            ("system", "no system role"),
        ):
            if seen[key] and seen[key] != ["max_tokens"]:
                return refused(400, said_no)
        return refused(400, "the context has at most 300 tokens") if seen["tokens"] > 300 else said(OVERALL)

    with LoopbackServer(strict) as server:
        told = OpenAiDescriber(OpenAiSettings("toy", server.url, retries=0)).describe(IMAGE, ALONE)
    assert told.overall == OVERALL["overall"] and len(server.requests) == 6


def test_a_form_that_did_not_help_is_forgotten():
    empty = Reply(400, b"")
    with LoopbackServer([empty] * 5 + [said(OVERALL)]) as server:
        describer = OpenAiDescriber(OpenAiSettings("toy", server.url))
        with pytest.raises(Exception, match="status 400"):
            describer.describe(IMAGE, ALONE)
        assert describer.describe(IMAGE, ALONE).report["warnings"] == []
    assert form(server.requests[-1].body) == form(server.requests[0].body)


def test_a_server_that_breaks_at_the_schema_and_cannot_say_so():
    told, server = described([Reply(500, b"oops")] * 2 + [said(OVERALL)], ALONE, retries=2)
    assert [form(request.body)["schema"] for request in server.requests] == [True, True, False]
    assert "structured output" in told.report["warnings"][0]


BLIND = [
    refused(500, "image input is not supported - hint: if this is unexpected, you may need to provide the mmproj"),
    refused(400, "toy is not a multimodal model"),
    refused(404, "No endpoints found that support image input"),
    as_json({"error": "Model does not support images. Please use a model that does."}, 400),
    Reply(422, b"Failed to deserialize the JSON body: messages[1]: unknown variant `image_url`, expected `text`"),
    refused(400, "Invalid content type. image_url is only supported by certain models."),
]


@pytest.mark.parametrize("reply", BLIND)
def test_a_model_that_sees_nothing_is_told_of_at_once(reply):
    error = failure([reply])
    assert isinstance(error, BackendUnavailable) and "takes no pictures" in error.message


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (as_json({"error": "the picture is odd"}, 400), "the picture is odd"),
        (Reply(422, b"the picture is odd"), "the picture is odd"),
        (as_json({"detail": [{"loc": ["body", "x"], "msg": "Field required"}]}, 422), "Field required: body: x"),
        (as_json([{"error": {"message": "the picture is odd"}}], 400), "the picture is odd"),
        (as_json({"error": {"message": "no", "metadata": {"raw": '{"error": "odd inside"}'}}}, 400), "odd inside"),
        (as_json({"object": "error", "message": "the picture is odd", "code": 400}, 400), "the picture is odd"),
        (Reply(400, b"<html><body><h1>Odd</h1>indeed</body></html>"), "Odd indeed"),
    ],
)
def test_the_servers_words_are_shown(reply, words):
    assert f"({words}); " in failure([reply]).message.replace("(no: ", "(")


@pytest.mark.parametrize("error", [{"code": 402, "message": "no"}, {"message": "x", "code": "insufficient_quota"}])
@pytest.mark.parametrize("place", ["body", "choice"])
def test_no_credit_told_with_status_200_ends_it(error, place):
    whole = {"error": error} if place == "body" else completion("", error=error)
    told = failure([as_json(whole)])
    assert isinstance(told, BackendUnavailable) and "credit" in told.message


def test_a_passing_error_told_with_status_200_is_asked_again():
    told, _ = described([as_json({"error": {"code": 429, "message": "upstream"}}), *TALK])
    assert told.report["retries"] == 1


def test_a_filter_concerns_one_picture():
    error = failure([refused(403, "Your input was flagged by moderation")])
    assert "filter refuses this picture" in error.message and not isinstance(error, BackendUnavailable)


def test_a_date_to_wait_for(monkeypatch):
    waits = []
    monkeypatch.setattr("sedicfmt.encoders.talk.ask_openai.time.sleep", waits.append)
    when = format_datetime(datetime.now(UTC) + timedelta(seconds=40), usegmt=True)
    described([refused(429, "slow", Retry_After=when), refused(429, "slow", Retry_After_Ms="1500"), *TALK])
    assert 35 < waits[0] <= 40 and waits[1] == 1.5
    later = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    assert "429" in failure([refused(429, "slow", Retry_After=later)]).message


WORDS = json.dumps(OVERALL)
PARTS = [
    {"type": "thinking", "thinking": "{}"},
    {"type": "text", "text": WORDS[:9]},
    {"type": "text", "text": WORDS[9:]},
]
PIECES = [{"choices": [{"delta": {"content": WORDS[i : i + 5]}}]} for i in range(0, len(WORDS), 5)]
CALLS = [
    {"choices": [{"delta": {"tool_calls": [{"index": 0, "function": {"arguments": WORDS[i : i + 5]}}]}}]}
    for i in range(0, len(WORDS), 5)
]
CALLED = "".join(f"data: {json.dumps(piece)}\n\n" for piece in CALLS)
EVENTS = ": wait\n\n" + "".join(f"data: {json.dumps(piece)}\n\n" for piece in PIECES)
USAGE = 'data: {"choices": [], "usage": {"prompt_tokens": 100, "completion_tokens": 20}}\n\ndata: [DONE]\n\n'
WHOLE = json.dumps(completion(WORDS))


def only(**message):
    return as_json(completion(None, message={"role": "assistant", **message})).body


ANSWERS = [
    only(content=PARTS),
    only(content=OVERALL),
    only(content=None, reasoning_content=f"I think {WORDS}"),
    only(content="", reasoning=WORDS),
    only(content=None, tool_calls=[{"function": {"name": "overall", "arguments": WORDS}}]),
    only(content="", thinking=WORDS),
    (CALLED + USAGE).encode(),
    (EVENTS + USAGE).encode(),
    (EVENTS + USAGE).replace("\n", "\r\n").encode(),
    (EVENTS + USAGE).replace("\n\n", "\n").encode(),
    f"data: {WHOLE}\n\ndata: [DONE]\n\n".encode(),
    f"{WHOLE}\n\ndata: [DONE]\n\n".encode(),
    b"\xef\xbb\xbf\n\n  " + WHOLE.encode(),
]


@pytest.mark.parametrize("body", ANSWERS)
def test_where_servers_put_an_answer(body):
    told, _ = described([Reply(body=body)], ALONE)
    assert told.overall == OVERALL["overall"] and told.report["tokens_in"] == 100 and told.report["warnings"] == []


@pytest.mark.parametrize("body", [b"data: [DONE]\n\n", b"data: {\n\n", b"event: x\n\n", b"data: 7\n\n", b": hi"])
def test_events_that_are_no_answer(body):
    assert "base URL" in failure([Reply(body=body)]).message


def test_an_error_among_events():
    events = EVENTS.encode() + b'data: {"error": {"message": "%s"}}\n\n'
    assert "the picture is odd" in failure([Reply(body=events % b"the picture is odd")]).message
    told, _ = described([Reply(body=events % b"overloaded"), *TALK])
    assert told.report["retries"] == 1


def test_an_answer_at_the_limit_of_its_tokens():
    thought = completion("", finish_reason="length", message={"role": "assistant", "content": "", "reasoning": "Hm"})
    error = failure([as_json(thought)])
    assert "--llm-max-tokens" in error.message and error.report["tokens_out"] == 20
    cut = as_json(completion('{"objects": [{"name": "d', finish_reason="length"))
    assert "--llm-max-tokens" in failure([cut] * 3).message
    told, _ = described([as_json(completion(json.dumps(OBJECTS), finish_reason="length")), said(OVERALL)])
    assert len(told.objects) == 1 and "cut off at 4096 tokens" in told.report["warnings"][0]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_picture_goes_nowhere_else(status):
    with LoopbackServer([]) as other:
        error = failure([Reply(status, b"", {"Location": f"{other.url}/chat/completions?key=sk-secret-0123456789"})])
    assert other.requests == [] and isinstance(error, BackendUnavailable) and other.url in error.message


@pytest.mark.parametrize("query", ["api-version=2024-10-21", "a=1&a=2&b=%2Fx+y&c="])
@pytest.mark.parametrize("slash", ["", "/"])
def test_a_query_in_the_address_is_kept(query, slash):
    with LoopbackServer([said(OVERALL)]) as server:
        OpenAiDescriber(OpenAiSettings("toy", f"{server.url}{slash}?{query}")).describe(IMAGE, ALONE)
    assert server.requests[0].path == f"/v1/chat/completions?{query}"
