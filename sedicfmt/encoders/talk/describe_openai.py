"""The paper's describer (3.1): GPT-4 Vision, or any model behind a server that speaks OpenAI's API.

    openai[:MODEL]     the model, else OPENAI_MODEL; the server by `base_url`, else OPENAI_BASE_URL; the key by OPENAI_API_KEY

    picture -> scaled down -> conversation (describe_by_talk.py) -> each question: kept answer (answer_cache.py), else asked
    (ask_openai.py) and kept -> words

Local servers (vLLM, llama.cpp, Ollama, LM Studio) speak the same API, and need no key. The picture leaves this machine: a
server that is not on it and is asked by plain http is warned of. No answer is asked for twice, unless it was of no use.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from sedicfmt.declared import needs
from sedicfmt.encoders.interfaces import DescribeRequest, Description, require_picture
from sedicfmt.encoders.talk.answer_cache import AnswerCache, answer_key
from sedicfmt.encoders.talk.ask_openai import Ledger, OpenAiServer
from sedicfmt.encoders.talk.describe_by_talk import Conversation, Question, Unusable
from sedicfmt.encoders.talk.openai_settings import OPENAI_URL, OpenAiSettings, public_url, sent_openly
from sedicfmt.encoders.talk.prompt_files import Prompts, load_prompts
from sedicfmt.errors import SedicError
from sedicfmt.picture import Picture
from sedicfmt.scale_picture import JPEG_QUALITY, scaled


@dataclass
class OpenAiDescriber:
    """Describer by the server and model of `settings`. Raises EncodeError for a key that cannot be sent."""

    settings: OpenAiSettings
    prompts: Prompts = field(default_factory=load_prompts, repr=False)
    names_only: ClassVar[bool] = True

    def __post_init__(self) -> None:
        self.server = OpenAiServer(self.settings)
        self.cache = AnswerCache(self.settings.cache) if self.settings.cache else None

    def describe(self, image: Picture, request: DescribeRequest) -> Description:
        """The words of `image`, no boxes or masks; `report` has what they took (table at the bottom), that of an error too.

        Raises EncodeError for what is no picture, MissingDependency without the client, BackendFailed for all that the
        server or the model does wrong.
        """
        require_picture(image)
        began, ledger = time.perf_counter(), Ledger()
        conversation = Conversation(lambda question: self._answer(question, ledger), self.prompts)
        try:
            told = conversation.describe(scaled(image, self.settings.longest_side), request)
        except SedicError as error:
            if isinstance(error, Unusable):
                self._forget(error.questions)
                error.message += f"; {ledger.cut}" if ledger.cut else ""
            error.report = self._spent(ledger)
            raise
        return replace(told, report=self._report(told, ledger, time.perf_counter() - began))

    def _answer(self, question: Question, ledger: Ledger) -> str:
        """What is kept for the question, else what the server says, which is kept before it is looked at."""
        key = self._key(question)
        kept = self.cache.get(key) if self.cache else None
        if kept is not None:
            ledger.cached += 1
            return kept
        if sent_openly(self.settings.base_url):
            ledger.warn(f"{public_url(self.settings.base_url)}: picture and key are sent in the open; use https")
        answer = self.server.answer(question, ledger)
        try:
            if self.cache:
                self.cache.put(key, answer)
        except OSError as error:  # a full disk is no reason to lose what was paid for
            ledger.warn(f"answers cannot be kept in {self.settings.cache}: {error.strerror}")
        return answer

    def _key(self, question: Question) -> str:
        """All that decides an answer: limits and what was answered before are in the words of `user`."""
        said = {"system": question.system, "user": question.user, "schema": question.schema}
        server = {"model": self.settings.model, "server": public_url(self.settings.base_url)}
        how = {
            "attempt": question.attempt,
            "prompts": self.prompts.version,
            "quality": JPEG_QUALITY,
            "tokens": self.settings.max_tokens,
        }
        return answer_key(question.picture, {**said, **server, **how})

    def _forget(self, questions: Sequence[Question]) -> None:
        if self.cache:
            for question in questions:
                self.cache.forget(self._key(question))

    def _report(self, told: Description, ledger: Ledger, seconds: float) -> dict[str, object]:
        warnings = [*ledger.warnings, *_warnings(told)]
        report = {**told.report, "model": self.settings.model, **self._spent(ledger), "warnings": warnings}
        return {**report, "seconds": {"words": round(seconds, 3)}}

    def _spent(self, ledger: Ledger) -> dict[str, object]:
        took = {name: getattr(ledger, name) for name in COUNTED}
        prices = self.settings.price_in, self.settings.price_out
        if prices[0] is not None and prices[1] is not None:
            took["cost"] = round((ledger.tokens_in * prices[0] + ledger.tokens_out * prices[1]) / 1e6, 6)
        return took


@needs("openai", extra="openai", usage="openai[:MODEL]")
def open_openai(
    argument: str | None,
    *,
    base_url: str | None = None,
    timeout: float | None = None,
    retries: int | None = None,
    max_tokens: int | None = None,
    longest_side: int | None = None,
) -> OpenAiDescriber:
    """The registry's factory: `argument` is the model, the others as in OpenAiSettings, None for what is usual.

    Raises EncodeError without a model, for a bad address or key, and for a setting out of range.
    """
    model = argument or os.environ.get("OPENAI_MODEL", "")
    url = base_url or os.environ.get("OPENAI_BASE_URL", "").strip() or OPENAI_URL
    given = {"timeout": timeout, "retries": retries, "max_tokens": max_tokens, "longest_side": longest_side}
    chosen: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    return OpenAiDescriber(OpenAiSettings(model.strip(), url, **chosen))


def _warnings(told: Description) -> list[object]:
    warnings = told.report.get("warnings", [])
    return warnings if isinstance(warnings, list) else [warnings]


# The report, beside these: prompt_version, model, warnings, seconds, and cost where both prices are given. Of answers that
# come from the cache the tokens were counted when they were paid.
COUNTED = ("requests", "retries", "cached", "tokens_in", "tokens_out")
