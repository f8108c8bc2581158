"""The describer `openai`, by the official client, with a server on this machine: what is sent, kept, and kept secret."""

from __future__ import annotations

import traceback
from dataclasses import replace

import pytest

from sedicfmt.encoders.interfaces import DescribeRequest
from sedicfmt.encoders.talk.describe_openai import OpenAiDescriber, open_openai
from sedicfmt.encoders.talk.openai_settings import OPENAI_URL, OpenAiSettings, public_url, sent_openly
from sedicfmt.errors import BackendFailed, EncodeError
from tests.backends.loopback_server import LoopbackServer, refused, said
from tests.backends.openai_talk import IMAGE, KEY, OBJECTS, OVERALL, TALK, described, failure, settings

pytestmark = pytest.mark.usefixtures("openai_environment")


def test_two_stages_give_objects_and_the_whole():
    told, _ = described(TALK, price_in=2.0, price_out=10.0)
    assert [(part.name, part.text) for part in told.objects] == [("brown dog", "brown dog with short fur")]
    assert told.overall == OVERALL["overall"]
    assert told.objects[0].box is None and told.objects[0].pixels is None
    expected = {"model": "toy", "prompt_version": "1", "requests": 2, "retries": 0, "cached": 0, "tokens_in": 200}
    assert expected.items() <= told.report.items()
    assert (told.report["tokens_out"], told.report["cost"], told.report["warnings"]) == (40, 0.0008, [])


def test_what_is_sent():
    _, server = described(TALK, DescribeRequest(2, 17, 23))
    first, second = server.requests
    assert first.path == "/v1/chat/completions" and first.headers["Authorization"] == f"Bearer {KEY}"
    assert first.body["model"] == "toy" and first.body["response_format"]["json_schema"]["strict"] is True
    assert "at most 2" in first.words and "17 words" in first.words
    assert "23 words" in second.words and "- brown dog with short fur" in second.words
    assert first.body["messages"][0]["role"] == "system"


def test_the_picture_is_scaled_before_it_is_sent():
    _, server = described(TALK, longest_side=45)
    assert server.requests[0].picture.size == (45, 30)
    _, server = described(TALK)
    assert server.requests[0].picture.size == (90, 60)


def test_no_objects_and_no_words():
    told, server = described([said(OVERALL)], DescribeRequest(objects=0))
    assert told.objects == () and "- none" in server.requests[0].words
    told, _ = described([said(OBJECTS)], DescribeRequest(words_overall=0))
    assert told.overall == "" and len(told.objects) == 1
    told, _ = described([], DescribeRequest(0, 30, 0))
    assert told.objects == () and told.report["requests"] == 0


@pytest.mark.parametrize("bad", ['{"objects": [', "Here you are.", "", '{"objects": 1}', '{"objects": [{"name": ""}]}'])
def test_an_answer_of_no_use_is_asked_for_again_with_what_is_wrong(bad):
    told, server = described([said(bad), *TALK])
    assert len(told.objects) == 1 and told.report["requests"] == 3
    assert "cannot be used" in server.requests[1].words and bad in server.requests[1].words


def test_a_model_that_never_answers_in_the_form_fails_and_is_forgotten(tmp_path):
    error = failure([said("no")] * 3)
    assert "3 attempts" in error.message and "'no'" in error.message
    assert not list((tmp_path / "cache").rglob("*.json"))


def test_too_long_is_asked_for_again_then_cut_at_a_clause():
    long = {"objects": [{"name": "dog", "details": "dog with short fur, a collar and a very long tail"}]}
    told, server = described([said(long)] * 3 + [said(OVERALL)], DescribeRequest(3, 6, 50))
    assert told.objects[0].text == "dog with short fur"
    assert told.report["warnings"] == ["objects[0].details: cut from 11 to 4 words"]
    assert "has 11 words, at most 6" in server.requests[1].words


def test_more_objects_than_asked_for():
    many = {"objects": [{"name": f"thing {i}", "details": ""} for i in range(5)]}
    told, _ = described([said(many), said(OVERALL)], DescribeRequest(2))
    assert [part.text for part in told.objects] == ["thing 0", "thing 1"]
    assert told.report["warnings"] == ["objects: the first 2 of 5 are kept"]


def test_the_second_time_asks_nobody():
    with LoopbackServer([said("no"), *TALK]) as server:
        first = OpenAiDescriber(settings(server)).describe(IMAGE, DescribeRequest())
        again = OpenAiDescriber(settings(server)).describe(IMAGE, DescribeRequest())
        assert len(server.requests) == 3
    assert again.overall == first.overall and again.objects[0].text == first.objects[0].text
    assert (again.report["cached"], again.report["requests"], again.report["tokens_in"]) == (3, 0, 0)


@pytest.mark.parametrize("change", ["picture", "request", "model", "server", "no cache"])
def test_anything_else_is_asked(change):
    with LoopbackServer(TALK * 2) as server:
        how = settings(server)
        OpenAiDescriber(how).describe(IMAGE, DescribeRequest())
        image = IMAGE.copy()
        image[0, 0, 0] ^= change == "picture"
        how = replace(how, model="other") if change == "model" else how
        how = replace(how, base_url=server.url + "/../v1") if change == "server" else how
        how = replace(how, cache=None) if change == "no cache" else how
        request = DescribeRequest(words_object=29 if change == "request" else 30)
        cached = OpenAiDescriber(how).describe(image, request).report["cached"]
    assert cached == (change == "request")  # whose second question is the same, as the first was answered the same


def test_a_cache_that_cannot_be_written_is_no_failure(tmp_path):
    (tmp_path / "file").write_text("")
    told, _ = described(TALK, cache=tmp_path / "file")
    assert "cannot be kept" in told.report["warnings"][0] and len(told.report["warnings"]) == 1


def test_the_key_is_nowhere(tmp_path, monkeypatch):
    leaky = {"objects": [{"name": "brown dog", "details": f"brown dog called {KEY} {KEY}"}]}
    with LoopbackServer([said(leaky), said(f"password {KEY}"), said(OVERALL)]) as server:
        url = server.url.replace("://", f"://user:{KEY}-too@") + f"?token={KEY}"
        describer = OpenAiDescriber(OpenAiSettings("toy", url))
        told = describer.describe(IMAGE, DescribeRequest())
    kept = "".join(path.read_text() for path in (tmp_path / "cache").rglob("*") if path.is_file())
    assert kept and "***" in kept and told.objects[0].text == "brown dog called *** ***"
    shown = [repr(describer), repr(describer.server), repr(describer.settings), str(told), kept]
    assert not any(KEY in text for text in shown)


def test_secrets_of_the_address_are_in_no_error():
    with LoopbackServer([refused(401, "no p%40ssword1 or p@ssword1 or hunter2hunter2 here")]) as server:
        url = server.url.replace("://", "://user:p%40ssword1@") + "?key=hunter2hunter2"
        with pytest.raises(BackendFailed) as caught:
            OpenAiDescriber(OpenAiSettings("toy", url)).describe(IMAGE, DescribeRequest())
    told = "".join(traceback.format_exception(caught.value))
    assert "no *** or *** or *** here" in told
    assert not any(secret in told for secret in ("p%40ssword1", "p@ssword1", "hunter2hunter2"))


def test_a_local_server_needs_no_key(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY")
    told, _ = described(TALK)
    assert told.overall
    with pytest.raises(BackendFailed, match="OPENAI_API_KEY is not set"):
        open_openai("toy").describe(IMAGE, DescribeRequest())


def test_plain_http_to_another_machine_is_warned_of(monkeypatch):
    assert [sent_openly(url) for url in ("http://h/v1", "https://h/v1", "http://localhost:1/v1", "http://[::1]/")] == [
        True, False, False, False,
    ]  # fmt: skip
    monkeypatch.setattr("sedicfmt.encoders.talk.openai_settings.LOOPBACK", ())
    told, _ = described(TALK)
    assert len(told.report["warnings"]) == 1 and "in the open" in told.report["warnings"][0]


def test_where_model_and_server_come_from(monkeypatch):
    assert open_openai("gpt").settings == OpenAiSettings("gpt")
    monkeypatch.setenv("OPENAI_MODEL", "other")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://localhost:1/v1/")
    told = open_openai(None).settings
    assert (told.model, public_url(told.base_url)) == ("other", "http://localhost:1/v1")
    told = open_openai("gpt:latest", base_url=OPENAI_URL).settings
    assert (told.model, told.base_url) == ("gpt:latest", OPENAI_URL)


@pytest.mark.parametrize(
    "bad",
    [{"model": " "}, {"timeout": 0}, {"timeout": float("nan")}, {"retries": -1}, {"backoff": -1}, {"longest_side": 1},
     {"price_in": float("nan")}, {"base_url": "localhost:80"}, {"base_url": "ftp://h"}, {"base_url": "http://h:x"}],
)  # fmt: skip
def test_settings_out_of_range(bad):
    with pytest.raises(EncodeError):
        OpenAiSettings(**{"model": "toy", **bad})


def test_what_the_factory_refuses(monkeypatch):
    with pytest.raises(EncodeError, match="OPENAI_MODEL"):
        open_openai(None)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-\u00e9\n x")
    with pytest.raises(EncodeError) as caught:
        open_openai("toy")
    assert "sk-" not in str(caught.value)


def test_no_picture():
    with LoopbackServer([]) as server, pytest.raises(EncodeError):
        OpenAiDescriber(settings(server)).describe(IMAGE[:, :, 0], DescribeRequest())
