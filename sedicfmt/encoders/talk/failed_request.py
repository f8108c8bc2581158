"""A request that failed: whether it is worth sending again, after how long, and what its user is told to do.

Sent again is what the server could not take at the moment: 408, 409, 429, 5xx, a broken connection. Not so a request that
ran out of time, as the server is still at work on it and both would be paid; an account without credit, which waiting does
not fill; a model that sees no pictures, which some servers tell with 500; nor anything of ours, such as a refusal.

What the client raises is made a `Refused` first, from what it carries (`status_code`, `response`, `body`), so that it need
not be imported here: the text of its errors, `str(error)`, has the server's words in some versions and not in others.
"""

from __future__ import annotations

import json
import random
from typing import Any

from sedicfmt.encoders.talk.openai_settings import OpenAiSettings, public_url
from sedicfmt.encoders.talk.retry_after import retry_after
from sedicfmt.encoders.talk.server_reasons import FLAGGED, NO_CREDIT, NO_PICTURES, OF_SCHEMA, TOO_MUCH
from sedicfmt.encoders.talk.server_words import said_in
from sedicfmt.errors import BackendUnavailable, EncodeError, SedicError

MOST_WAIT = 60.0  # seconds that we wait because a server asks for it
QUOTED = 200  # characters of a network library's words


class Refused(Exception):
    """A server's no: its status (that told within an answer where there is one), the body's text, seconds it wants us to
    wait, and where it sends us instead."""

    def __init__(self, status: int, text: str, wait: float = 0.0, elsewhere: str = ""):
        super().__init__(f"status {status}: {said_in(text)}")
        self.status, self.text, self.wait, self.elsewhere = status, text, wait, elsewhere


def as_refused(error: Any) -> Refused | None:
    """`error` of the client, of any version, as a Refused; None for one that has no status."""
    status = getattr(error, "status_code", None)
    if not isinstance(status, int):
        return None
    response, body = getattr(error, "response", None), getattr(error, "body", None)
    headers = getattr(response, "headers", {})
    try:
        text = str(response.text)  # type: ignore[union-attr]  # whatever is missing, the body is left
    except Exception:
        text = ""
    if not text and body is not None:
        text = body if isinstance(body, str) else json.dumps(body, default=str)
    return Refused(status, text, retry_after(headers), str(headers.get("location", "")))


def seconds_to_wait(error: Exception, attempt: int, settings: OpenAiSettings) -> float | None:
    """How long to wait after attempt `attempt` (from 0) before the next; None where there is none, or it is no use."""
    if attempt >= settings.retries or isinstance(error, SedicError | TimeoutError):
        return None
    asked = 0.0
    if isinstance(error, Refused):
        if not (error.status in RETRIED or error.status >= 500) or hopeless(error):
            return None
        asked = error.wait
    spread = random.uniform(0.75, 1.25)  # many workers that were refused at once do not come back at once
    return None if asked > MOST_WAIT else max(asked, settings.backoff * 2**attempt * spread)


def explanation(error: Exception, settings: OpenAiSettings) -> str:
    """What happened and what helps, in one sentence; secrets that a server quotes are still in it."""
    if isinstance(error, SedicError):
        return error.message
    if isinstance(error, TimeoutError):
        return f"no answer within {settings.timeout:g} s; --llm-timeout gives it longer, or try a smaller model"
    if not isinstance(error, Refused):
        reason = str(error.__cause__ or error) or type(error).__name__
        return f"the connection failed ({reason[:QUOTED]}); is the server running, and the base URL right?"
    said = f" ({words})" if (words := said_in(error.text)) else ""
    return f"status {error.status} for the model {settings.model!r}{said}; {_advice(error)}"


def concerns_all(error: Exception) -> bool:
    """Whether the next picture would fare no better: the server is not there, or refuses key, model or account."""
    if isinstance(error, SedicError):
        return isinstance(error, BackendUnavailable)
    if isinstance(error, Refused):
        return (
            hopeless(error)
            or 300 <= error.status < 400
            or (error.status in (401, 403, 404, 405) and not flagged(error))
        )
    return not isinstance(error, TimeoutError)


def hopeless(error: Refused) -> bool:
    """Whether no request will be answered: no credit, or a model that takes no pictures, whatever the status."""
    return _no_credit(error) or _blind(error)


def _no_credit(error: Refused) -> bool:
    return error.status == 402 or bool(NO_CREDIT.search(error.text))


def _blind(error: Refused) -> bool:
    return bool(NO_PICTURES.search(error.text)) and not OF_SCHEMA.search(error.text)  # which may not go with pictures


def flagged(error: Refused) -> bool:
    """Whether the server's filter minds this picture."""
    return error.status in (400, 403) and bool(FLAGGED.search(error.text))


def _advice(error: Refused) -> str:
    if _no_credit(error):
        return "the account has no credit left"
    if _blind(error):
        return "this model takes no pictures; name one that does"
    if TOO_MUCH.search(error.text) and error.status not in (401, 403):
        return "--llm-image-size sends a smaller picture, --llm-max-tokens asks for a shorter answer"
    if flagged(error):
        return "the server's filter refuses this picture; try another model or picture"
    if 300 <= error.status < 400:
        return f"it sends us to {_place(error.elsewhere)}, and a picture is only sent where you say; check the base URL"
    return ADVICE.get(error.status, "try again later" if error.status >= 500 else "check model and base URL")


def _place(url: str) -> str:
    try:
        return public_url(url)
    except EncodeError:  # a path, or nothing
        return "another address"


RETRIED = (408, 409, 429)
ADVICE = {
    200: "that is no chat completion; check the base URL, which usually ends in /v1",
    401: "the key is not accepted; check OPENAI_API_KEY",
    403: "the key may not use this model; check OPENAI_API_KEY and the model's name",
    404: "there is no such model, or the base URL is wrong: it usually ends in /v1",
    405: "the base URL is wrong: it usually ends in /v1",
    413: "the picture is too large for the server; --llm-image-size sends a smaller one",
    429: "too many requests; wait a while and try again: answers so far are kept in the cache",
}
