"""The describer `openai` against a real server on this machine that is made to misbehave."""

from __future__ import annotations

import json
import time

import pytest

from sedicfmt.encoders.interfaces import DescribeRequest
from sedicfmt.encoders.talk.describe_openai import OpenAiDescriber
from sedicfmt.errors import BackendFailed, BackendUnavailable
from tests.backends.loopback_server import LoopbackServer, Reply, as_json, completion, refused, said
from tests.backends.openai_talk import IMAGE, KEY, OBJECTS, OVERALL, TALK, described, failure, settings

pytestmark = pytest.mark.usefixtures("openai_environment")

REFUSALS = [
    as_json(completion(None, message={"role": "assistant", "content": None, "refusal": "I do not look at people"})),
    as_json(completion("", finish_reason="content_filter")),
]


@pytest.mark.parametrize("reply", REFUSALS)
def test_a_refusal_is_told_and_not_asked_again(reply):
    assert "refuses" in failure([reply]).message


def test_too_many_requests_then_not(monkeypatch):
    waits = []
    monkeypatch.setattr("sedicfmt.encoders.talk.ask_openai.time.sleep", waits.append)
    told, _ = described([refused(429, "slow down", Retry_After="7"), refused(503, "busy"), *TALK])
    assert told.report["retries"] == 2 and told.report["requests"] == 2 and waits == [7.0, 0.0]


@pytest.mark.parametrize("header", ["nan", "-5", "soon", "Wed, 21 Oct 2015 07:28:00 GMT", "Wed, 99 Oct 99999 07:28:00"])
def test_a_retry_after_that_is_no_number_of_seconds(header):
    told, _ = described([refused(429, "slow down", Retry_After=header), *TALK])
    assert told.report["retries"] == 1


def test_a_server_that_wants_us_to_wait_for_an_hour_is_not_waited_for():
    assert "429" in failure([refused(429, "slow down", Retry_After="3600")]).message


def test_no_credit_is_not_asked_again():
    assert "credit" in failure([refused(429, "pay", "insufficient_quota")]).message


@pytest.mark.parametrize(
    ("reply", "all_pictures"),
    [
        (refused(401, "no"), True),
        (refused(404, "no such model"), True),
        (refused(429, "pay", "insufficient_quota"), True),
        (refused(413, "too large"), False),
        (refused(429, "slow down"), False),
        (refused(503, "busy"), False),
        (REFUSALS[0], False),
    ],
)
def test_whether_other_pictures_would_fare_better(reply, all_pictures):
    assert isinstance(failure([reply], retries=0), BackendUnavailable) is all_pictures


def test_a_broken_server_until_the_retries_end():
    error = failure([Reply(500, b"<html>oops</html>", {"Content-Type": "text/html"})] * 3, retries=2)
    assert "status 500" in error.message and "try again later" in error.message


@pytest.mark.parametrize(("status", "advice"), [(401, "OPENAI_API_KEY"), (404, "/v1"), (403, "model"), (413, "large")])
def test_what_no_retry_mends_says_what_does(status, advice):
    assert advice in failure([refused(status, f"you sent {KEY}")]).message


def test_no_answer_in_time():
    began = time.monotonic()
    assert "no answer within 0.3 s" in failure([Reply(wait=20.0)], timeout=0.3).message
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("status", [200, 500])
def test_an_answer_that_drips_past_the_limit(status):
    reply = Reply(status, json.dumps(completion("x" * 1000)).encode(), drip=0.05)
    began = time.monotonic()
    assert "no answer within 0.4 s" in failure([reply], timeout=0.4).message
    assert time.monotonic() - began < 5


def test_an_answer_without_end():
    assert "bytes" in failure([Reply(body=b" " * (5 << 20))]).message


def test_a_connection_that_breaks_off_is_asked_again():
    told, _ = described([Reply(body=b'{"choices', headers={"Content-Length": "5000", "Connection": "close"}), *TALK])
    assert told.report["retries"] == 1


def test_nobody_there():
    with LoopbackServer([]) as server:
        pass
    with pytest.raises(BackendFailed, match="is the server running"):
        OpenAiDescriber(settings(server, retries=1)).describe(IMAGE, DescribeRequest())


def test_a_server_without_structured_output_is_asked_in_words():
    unknown = refused(400, "Unrecognized request argument: response_format")
    told, server = described([unknown, *TALK])
    assert [("response_format" in request.body) for request in server.requests] == [True, False, False]
    assert "structured output" in told.report["warnings"][0] and told.report["retries"] == 0


def test_another_bad_request_is_not_sent_again():
    assert "status 400" in failure([refused(400, "the picture is not to my taste")]).message


WRONG = [
    as_json({"error": {"message": "model not loaded"}}),
    as_json({"error": "model not loaded"}),
    as_json([1]),
    as_json({}),
    as_json({"choices": []}),
    as_json({"choices": [None]}),
    as_json({"choices": [{"message": "hello"}]}),
    as_json(None),
    Reply(body=b"<html>welcome</html>"),
    Reply(body=b"[" * 100_000),
    Reply(body=b"\xff\xfe"),
    Reply(),
]


@pytest.mark.parametrize("reply", WRONG)
def test_an_error_with_status_200_or_something_else(reply):
    error = failure([reply])
    assert "base URL" in error.message
    assert ("model not loaded" in error.message) == (b"not loaded" in reply.body)


@pytest.mark.parametrize("usage", [None, {}, {"prompt_tokens": -1}, {"prompt_tokens": "many"}, 7])
def test_no_usage(usage):
    replies = [as_json({**completion(json.dumps(content)), "usage": usage}) for content in (OBJECTS, OVERALL)]
    told, _ = described(replies)
    assert told.report["tokens_in"] == 0 and "count its tokens" in told.report["warnings"][0]


def test_content_that_is_no_text_counts_as_an_empty_answer():
    told, _ = described([as_json(completion([1])), as_json(completion(None)), *TALK])
    assert told.report["requests"] == 4


def test_half_a_surrogate_pair_is_quoted_back_as_a_question_mark():
    told, server = described([said("{\ud800"), *TALK])
    assert told.report["requests"] == 3 and "{?" in server.requests[1].words
