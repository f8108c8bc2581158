"""Errors of the client, of both shapes, become one: a status, the server's words, how long to wait."""

from __future__ import annotations

from typing import Any

import pytest

from sedicfmt.encoders.talk.failed_request import Refused, as_refused, concerns_all, explanation, seconds_to_wait
from sedicfmt.encoders.talk.openai_settings import OpenAiSettings
from sedicfmt.encoders.talk.retry_after import retry_after
from sedicfmt.encoders.talk.server_words import said_in, says_nothing

SETTINGS = OpenAiSettings("toy")


class Response:
    def __init__(self, text: str, **headers: str):
        self.text, self.headers = text, headers


class Unread(Response):
    """As the network library's, of which nobody has read the body."""

    def __init__(self) -> None:
        self.headers = {}

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)


class ClientError(Exception):
    def __init__(self, told: str, status: int, response: object, body: object):
        super().__init__(told)
        self.status_code, self.response, self.body = status, response, body


SAID = '{"error": "response_format is not known"}'


@pytest.mark.parametrize(
    "error",
    [
        ClientError("Error code: 400", 400, Response(SAID), "response_format is not known"),  # 3.x
        ClientError(f"Error code: 400 - {SAID}", 400, Response(SAID), "response_format is not known"),  # 2.x
        ClientError("Error code: 400", 400, Unread(), "response_format is not known"),
        ClientError("Error code: 400", 400, None, {"message": "response_format is not known"}),
        ClientError("Error code: 400", 400, Unread(), [{"error": {"message": "response_format is not known"}}]),
    ],
)
def test_errors_of_old_and_new_clients_are_read_alike(error: ClientError) -> None:
    refused = as_refused(error)
    assert refused is not None and refused.status == 400
    assert "(response_format is not known)" in explanation(refused, SETTINGS)


def test_what_has_no_status_is_no_refusal() -> None:
    assert as_refused(OSError("gone")) is None and concerns_all(OSError("gone"))


@pytest.mark.parametrize(
    "text", ["", "{}", "null", "Bad Request", '{"error": {"message": "Error code: 400"}}', "<p></p>"]
)
def test_what_says_nothing(text: str) -> None:
    assert says_nothing(text)


def test_words_are_one_short_line_however_deep_they_are() -> None:
    assert said_in('{"error": ' * 5000 + "1" + "}" * 5000)[:9] == '{"error":'
    assert len(said_in("x " * 9999)) <= 300 and "\n" not in said_in("a\nb")


@pytest.mark.parametrize(
    ("status", "text", "again"),
    [(503, "busy", True), (402, "", False), (429, "insufficient_quota", False), (500, "images are not supported", False),
     (500, "grammar: images are not supported", True), (400, "no", False), (307, "", False)],
)  # fmt: skip
def test_what_is_sent_again(status: int, text: str, again: bool) -> None:
    assert (seconds_to_wait(Refused(status, text), 0, SETTINGS) is not None) == again


def test_a_date_counts_from_the_servers_clock() -> None:
    headers = {"date": "Wed, 21 Oct 2015 07:28:00 GMT", "retry-after": "Wed, 21 Oct 2015 07:28:30 GMT"}
    assert retry_after(headers) == 30.0
    assert retry_after({}) == 0.0 and retry_after({"retry-after-ms": "250"}) == 0.25
