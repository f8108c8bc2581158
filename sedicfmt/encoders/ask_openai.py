"""One question to a server that speaks OpenAI's chat completions, by the official client: sent, limited, sent again, told.

A request has `timeout` seconds in all (time_limit.py) and MOST_BYTES of answer. Where it fails, failed_request.py knows
whether it is sent again; the client's own retries are off, for they are not counted. Where a server does not know
structured output the schema is left out, with a warning; the answer is checked in either case.

Everything that ends here is a BackendFailed with what to do about it. What a server says is quoted, so that the key and the
address's secrets are struck out of it (`hide`), and an error of the client that holds one is not kept as the cause.
"""

from __future__ import annotations

import time
import traceback
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sedicfmt.encoders.chat_completion import read_completion
from sedicfmt.encoders.describe_by_talk import Question
from sedicfmt.encoders.failed_request import about_schema, concerns_all, explanation, seconds_to_wait
from sedicfmt.encoders.openai_settings import OPENAI_URL, OpenAiSettings, public_url, read_key, secrets_of
from sedicfmt.encoders.scale_picture import data_url
from sedicfmt.encoders.time_limit import within
from sedicfmt.errors import BackendFailed, BackendUnavailable, MissingDependency

MOST_BYTES = 4 << 20  # of a server's answer; ours have some hundred
MOST_TOKENS = 4096  # of an answer, with what a reasoning model thinks before it


@dataclass
class Ledger:
    """What a picture took: requests that were answered, those sent again, answers from the cache, tokens."""

    requests: int = 0
    retries: int = 0
    cached: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    warnings: list[str] = field(default_factory=list)

    def warn(self, text: str) -> None:
        """Note `text`, once."""
        if text not in self.warnings:
            self.warnings.append(text)


@dataclass
class OpenAiServer:
    """The server and model of `settings`. The key is in none of its fields that are shown."""

    settings: OpenAiSettings
    key: str = field(default_factory=read_key, repr=False)
    structured: bool = True

    def answer(self, question: Question, ledger: Ledger) -> str:
        """The model's text, whatever it says. Raises BackendFailed, MissingDependency without the client."""
        for attempt in range(self.settings.retries + 1):
            try:
                return self._once(question, ledger)
            except MissingDependency:
                raise
            except Exception as error:  # the client's, the network library's, ours
                wait = seconds_to_wait(error, attempt, self.settings)
                failure = self._failure(error)
            if wait is None:
                break
            ledger.retries += 1
            time.sleep(wait)
        raise failure  # outside of the handler: a context would keep what is struck out

    def hide(self, text: str) -> str:
        """`text` without the key and the address's secrets."""
        for secret in secrets_of(self.settings.base_url, self.key):
            text = text.replace(secret, "***")
        return text

    def _once(self, question: Question, ledger: Ledger) -> str:
        """One request that is answered, and what it took."""
        data = self._sent(question, ledger)
        ledger.requests += 1
        completion = read_completion(data)
        if completion.tokens_in is None or completion.tokens_out is None:
            ledger.warn("the server does not count its tokens; the report has too few")
        ledger.tokens_in += completion.tokens_in or 0
        ledger.tokens_out += completion.tokens_out or 0
        return self.hide(completion.text)

    def _sent(self, question: Question, ledger: Ledger) -> bytes:
        """The server's answer; without the schema from now on where the server knows none."""
        try:
            return self._request(question)
        except Exception as error:
            if not (self.structured and about_schema(error)):
                raise
        ledger.warn("the server does not know structured output; the form is only asked for in words")
        self.structured = False
        return self._request(question)

    def _request(self, question: Question) -> bytes:
        """The server's answer, as it comes. Raises TimeoutError, and whatever the client does."""
        client, told, seconds = self._client, self._body(question), self.settings.timeout

        def work() -> bytes:
            data, end = bytearray(), time.monotonic() + seconds
            with client.chat.completions.with_streaming_response.create(**told) as response:
                for chunk in response.iter_bytes():
                    data += chunk
                    if len(data) > MOST_BYTES:
                        raise BackendFailed(f"the server's answer is over {MOST_BYTES} bytes; it is no description")
                    if time.monotonic() > end:  # whoever waited has given up
                        raise TimeoutError
            return bytes(data)

        return within(seconds, work)

    def _body(self, question: Question) -> dict[str, Any]:
        """The request's content: system and user, the picture before the words, and the schema where it is known."""
        picture = {"type": "image_url", "image_url": {"url": data_url(question.picture)}}
        user = [picture, {"type": "text", "text": question.user}]
        messages = [{"role": "system", "content": question.system}, {"role": "user", "content": user}]
        body = {"model": self.settings.model, "messages": messages, "max_completion_tokens": MOST_TOKENS}
        if self.structured:
            form = {"name": question.name, "schema": question.schema, "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": form}
        return body

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
        try:
            import openai
        except ImportError as error:
            raise MissingDependency("the describer 'openai' needs the package openai: pip install openai") from error
        url = self.settings.base_url.strip()
        if not self.key and public_url(url) == OPENAI_URL:
            raise BackendUnavailable("OPENAI_API_KEY is not set; set it, or name another server by its base URL")
        seconds = self.settings.timeout + 1  # ours comes first, and says so
        return openai.OpenAI(api_key=self.key or "none", base_url=url, timeout=seconds, max_retries=0)
