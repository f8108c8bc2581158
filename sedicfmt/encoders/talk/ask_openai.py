"""One question to a server that speaks OpenAI's chat completions, by the official client: sent, sent again, told.

A request has `timeout` seconds in all (time_limit.py) and so many bytes of answer (bounded_reply.py). Where it fails,
failed_request.py knows whether it is sent again, and request_form.py whether it is put more simply.

Everything that ends here is a BackendFailed with what to do about it. What a server says is quoted, so that the key and the
address's secrets are struck out of it (`hide`), and an error of the client that holds one is not kept as the cause.
"""

from __future__ import annotations

import time
import traceback
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sedicfmt.encoders.talk.bounded_reply import MOST_BYTES
from sedicfmt.encoders.talk.chat_completion import Completion, read_body, read_completion, read_usage
from sedicfmt.encoders.talk.describe_by_talk import Question
from sedicfmt.encoders.talk.failed_request import Refused, as_refused, concerns_all, explanation, seconds_to_wait
from sedicfmt.encoders.talk.openai_client import open_client
from sedicfmt.encoders.talk.openai_settings import OPENAI_URL, OpenAiSettings, public_url, read_key, secrets_of
from sedicfmt.encoders.talk.request_form import Form
from sedicfmt.encoders.talk.time_limit import within
from sedicfmt.errors import BackendFailed, BackendUnavailable, MissingDependency


@dataclass
class Ledger:
    """What a picture took: requests that were answered, those sent again, answers from the cache, tokens."""

    requests: int = 0
    retries: int = 0
    cached: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cut: str = ""  # the warning of an answer that was cut off
    warnings: list[str] = field(default_factory=list)

    def warn(self, text: str) -> None:
        """Note `text`, once."""
        if text not in self.warnings:
            self.warnings.append(text)


@dataclass
class OpenAiServer:
    """The server and model of `settings`. The key is in no field that is shown. `form` is how it takes questions."""

    settings: OpenAiSettings
    key: str = field(default_factory=read_key, repr=False)

    def __post_init__(self) -> None:
        self.form = Form(self.settings.max_tokens)

    def answer(self, question: Question, ledger: Ledger) -> str:
        """The model's text, whatever it says. Raises BackendFailed, MissingDependency without the client."""
        form, told = self.form, list[str]()
        for attempt in range(self.settings.retries + 1):
            try:
                return self._once(question, ledger, form, told)
            except MissingDependency:
                raise
            except Exception as error:  # the client's, the network library's, ours
                wait = seconds_to_wait(error, attempt, self.settings)
                failure = self._failure(error)
                last = attempt == self.settings.retries - 1
                step = form.without_schema() if last and getattr(error, "status", None) == 500 else None
            if wait is None:
                break
            if step:  # a server may break at the schema, and not say so
                form, told = step[0], [step[1]]
            ledger.retries += 1
            time.sleep(wait)
        raise failure  # outside of the handler: a context would keep what is struck out

    def hide(self, text: str) -> str:
        """`text` without the key and the address's secrets."""
        for secret in secrets_of(self.settings.base_url, self.key):
            text = text.replace(secret, "***")
        return text

    def _once(self, question: Question, ledger: Ledger, form: Form, told: list[str]) -> str:
        """One answer, in a form that the server takes: ever simpler ones are tried, of which `told` warns."""
        try:
            completion = self._asked(form.body(question, self.settings.model), ledger)
        except Refused as refused:
            step = form.simpler(refused)
            if step is None:
                raise
            return self._once(question, ledger, step[0], [*told, step[1]])
        self.form = form
        for warning in told:
            ledger.warn(warning)
        if completion.cut:
            ledger.cut = f"an answer was cut off at {form.tokens} tokens; --llm-max-tokens allows more"
            ledger.warn(ledger.cut)
        return self.hide(completion.text)

    def _asked(self, told: dict[str, Any], ledger: Ledger) -> Completion:
        """One request that is answered, and what it took."""
        data = self._request(told)
        ledger.requests += 1
        body = read_body(data)
        tokens_in, tokens_out = read_usage(body)
        ledger.tokens_in += tokens_in or 0
        ledger.tokens_out += tokens_out or 0
        completion = read_completion(body)
        if tokens_in is None or tokens_out is None:
            ledger.warn("the server does not count its tokens; the report has too few")
        return completion

    def _request(self, told: dict[str, Any]) -> bytes:
        """The server's answer, as it comes. Raises Refused, TimeoutError, and whatever else the client does."""
        client = self._client

        def work() -> bytes:
            with client.chat.completions.with_streaming_response.create(**told) as response:
                return b"".join(response.iter_bytes())

        try:
            data = within(self.settings.timeout, work)
        except Exception as error:
            refused = as_refused(error)
            if refused is None:
                raise
            raise refused from error
        if len(data) > MOST_BYTES:
            raise BackendFailed(f"the server's answer is over {MOST_BYTES} bytes; it is no description")
        return data

    def _failure(self, error: Exception) -> BackendFailed:
        """`error` as ours, with what to do, and with `error` as its cause unless there is a secret in it."""
        told = explanation(error, self.settings)
        kind = BackendUnavailable if concerns_all(error) else BackendFailed
        failure = kind(self.hide(f"{public_url(self.settings.base_url)}: {told}"))
        whole = "".join(traceback.format_exception(error))
        failure.__cause__ = error if self.hide(whole) == whole else None
        return failure

    @cached_property
    def _client(self) -> Any:
        if not self.key and public_url(self.settings.base_url) == OPENAI_URL:
            raise BackendUnavailable("OPENAI_API_KEY is not set; set it, or name another server by its base URL")
        return open_client(self.settings, self.key)
