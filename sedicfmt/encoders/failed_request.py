"""A request that failed: whether it is worth sending again, after how long, and what its user is told to do.

Sent again is what the server could not take at the moment: 408, 409, 429, 5xx, a broken connection. Not so a request that
ran out of time, as the server is still at work on it and both would be paid; an account without credit, which waiting does
not fill; nor anything of ours, such as a refusal. Errors of the client are told by what they carry (`status_code`, `code`,
`body`, `response`), so that it need not be imported here.
"""

from __future__ import annotations

import random
from typing import Any

from sedicfmt.encoders.openai_settings import OpenAiSettings
from sedicfmt.errors import BackendUnavailable, SedicError

MOST_WAIT = 60.0  # seconds that we wait because a server asks for it
QUOTED = 200  # characters of what a server says


def seconds_to_wait(error: Exception, attempt: int, settings: OpenAiSettings) -> float | None:
    """How long to wait after attempt `attempt` (from 0) before the next; None where there is none, or it is no use."""
    if attempt >= settings.retries or isinstance(error, SedicError | TimeoutError):
        return None
    asked, status = 0.0, _status(error)
    if status is not None:
        if not (status in RETRIED or status >= 500) or _no_credit(error):
            return None
        asked = _retry_after(error)
    spread = random.uniform(0.75, 1.25)  # many workers that were refused at once do not come back at once
    return None if asked > MOST_WAIT else max(asked, settings.backoff * 2**attempt * spread)


def explanation(error: Exception, settings: OpenAiSettings) -> str:
    """What happened and what helps, in one sentence; secrets that a server quotes are still in it."""
    if isinstance(error, SedicError):
        return error.message
    if isinstance(error, TimeoutError):
        return f"no answer within {settings.timeout:g} s; try again, a longer time-out or a smaller model"
    status = _status(error)
    if status is None:
        reason = str(error.__cause__ or error) or type(error).__name__
        return f"the connection failed ({reason[:QUOTED]}); is the server running, and the base URL right?"
    advice = ADVICE.get(status, "try again later" if status >= 500 else "check model and base URL")
    advice = "the account has no credit left" if _no_credit(error) else advice
    return f"status {status} for the model {settings.model!r} ({_said(error)}); {advice}"


def concerns_all(error: Exception) -> bool:
    """Whether the next picture would fare no better: the server is not there, or refuses key, model or account."""
    if isinstance(error, SedicError):
        return isinstance(error, BackendUnavailable)
    status = _status(error)
    lost = status is None and not isinstance(error, TimeoutError)
    return lost or status in (401, 403, 404) or _no_credit(error)


def about_schema(error: Exception) -> bool:
    """Whether the server complains that it does not know structured output."""
    told = f"{error} {getattr(error, 'param', '')}"
    return _status(error) in (400, 422) and any(word in told for word in ("response_format", "json_schema"))


def _status(error: Any) -> int | None:
    status = getattr(error, "status_code", None)
    return status if isinstance(status, int) else None


def _no_credit(error: Any) -> bool:
    return bool(getattr(error, "code", None) == "insufficient_quota")


def _said(error: Any) -> str:
    """What the server says, in one line."""
    body = error.body if isinstance(getattr(error, "body", None), dict) else {}
    return " ".join(str(body.get("message") or error).split())[:QUOTED]


def _retry_after(error: Any) -> float:
    """Retry-After in seconds; 0 where it is missing, a date, or no number."""
    try:
        asked = float(error.response.headers.get("retry-after") or 0)
    except ValueError:
        return 0.0
    return asked if asked > 0 else 0.0


RETRIED = (408, 409, 429)
ADVICE = {
    401: "the key is not accepted; check OPENAI_API_KEY",
    403: "the key may not use this model; check OPENAI_API_KEY and the model's name",
    404: "there is no such model, or the base URL is wrong: it usually ends in /v1",
    413: "the picture is too large for the server; let a smaller one be sent",
    429: "too many requests; wait a while and try again: answers so far are kept in the cache",
}
