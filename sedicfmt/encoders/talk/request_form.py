"""How a question is put to a server, and how it is put more simply to one that does not take it so: one ladder.

    the answer's form as a JSON schema        -> only in words
    `max_completion_tokens`                   -> `max_tokens` -> no limit named
    a number of tokens                        -> a quarter, where it does not fit the model's context
    a message of the system                   -> its words before the question

A step is taken where the server's words name its reason, else, where they give none or only say that some key is unknown, in
this order. A form that was answered
stays for the questions after it; one that was not is forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sedicfmt.encoders.talk.describe_by_talk import Question
from sedicfmt.encoders.talk.failed_request import Refused, flagged, hopeless
from sedicfmt.encoders.talk.server_reasons import LIMIT, SCHEMA, SYSTEM, TOO_MUCH, UNKNOWN_LIMIT, UNNAMED
from sedicfmt.encoders.talk.server_words import says_nothing
from sedicfmt.scale_picture import data_url

NEWER = "max_completion_tokens"
LEAST_TOKENS = 256  # three objects in 30 words each take some 200


@dataclass(frozen=True)
class Form:
    """`limit` is the key that carries `tokens`, empty for none."""

    tokens: int
    limit: str = NEWER
    schema: bool = True
    system: bool = True

    def body(self, question: Question, model: str) -> dict[str, Any]:
        """The request's content: the picture before the words."""
        words = question.user if self.system else f"{question.system}\n\n{question.user}"
        picture = {"type": "image_url", "image_url": {"url": data_url(question.picture)}}
        messages: list[dict[str, Any]] = [{"role": "system", "content": question.system}] if self.system else []
        messages.append({"role": "user", "content": [picture, {"type": "text", "text": words}]})
        body: dict[str, Any] = {"model": model, "messages": messages}
        if self.limit:
            body[self.limit] = self.tokens
        if self.schema:
            form = {"name": question.name, "schema": question.schema, "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": form}
        return body

    def simpler(self, refused: Refused) -> tuple[Form, str] | None:
        """The next form to try, and what to warn of; None where the server minds something else."""
        if refused.status not in MINDED or hopeless(refused) or flagged(refused):
            return None
        if TOO_MUCH.told_in(refused.text) and not UNKNOWN_LIMIT.told_in(refused.text):
            return self.shorter()
        left = [(SYSTEM, self.without_system()), (LIMIT, self.with_older_limit()), (SCHEMA, self.without_schema())]
        steps = [(reason, step) for reason, step in left if step]
        for reason, step in steps:
            if reason.told_in(refused.text):
                return step
        unclear = says_nothing(refused.text) or UNNAMED.told_in(refused.text)
        if not unclear or refused.status not in UNCLEAR:
            return None
        if refused.status == 200:  # every further try may be paid for
            return self.without_schema()
        return steps[-1][1] if steps else None

    def without_schema(self) -> tuple[Form, str] | None:
        """The form of the answer only asked for in words."""
        told = "the server does not know structured output; the form is only asked for in words"
        return (replace(self, schema=False), told) if self.schema else None

    def without_system(self) -> tuple[Form, str] | None:
        """What the system says before the question."""
        return (replace(self, system=False), "the model takes no message of the system") if self.system else None

    def with_older_limit(self) -> tuple[Form, str] | None:
        """`max_tokens`, then none."""
        if self.limit == NEWER:
            return replace(self, limit="max_tokens"), f"the server does not know {NEWER}"
        return (replace(self, limit=""), "the server takes no limit of an answer's tokens") if self.limit else None

    def shorter(self) -> tuple[Form, str] | None:
        """A quarter of the tokens."""
        fewer = max(LEAST_TOKENS, self.tokens // 4)
        told = f"an answer has at most {fewer} tokens, as more does not fit the model's context"
        return (replace(self, tokens=fewer), told) if self.limit and fewer < self.tokens else None


MINDED = (200, 400, 404, 413, 422, 500, 501)  # statuses that servers answer a form with that they do not take
UNCLEAR = (200, 400, 422)  # those of them that are taken for it where nothing is said
