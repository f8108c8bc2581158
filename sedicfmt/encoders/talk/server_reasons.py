"""What a server minds, told from its words: no two servers give the same status or code for the same thing.

Each is a pattern that is looked for in the body of a reply, whatever that is (server_words.py). The words are those of OpenAI,
Azure, OpenRouter, Gemini, Anthropic, DeepSeek, Groq, vLLM, llama.cpp, Ollama, LM Studio, TGI, and of FastAPI and serde.
"""

from __future__ import annotations

import re


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE | re.DOTALL)


_UNKNOWN = (
    r"(?:un(?:supported|recogni[sz]ed|known|expected)|extra|additional|forbid"
    r"|not (?:supported|permitted|allowed|recogni[sz]ed))"
)
_PICTURES = r"\b(?:images?|image_url|image[ _]inputs?|vision|multi-?modal)\b"

# Nothing is asked for as long as nothing is paid.
NO_CREDIT = _any(
    r"insufficient[_ ](?:quota|credit|balance|funds)", "credit balance is too low", "payment required", "out of credits"
)
# The model only reads. A word on the picture's form ("unsupported image type") is not meant.
NO_PICTURES = _any(
    _PICTURES + r"[^.{}]{0,40}(?:\bnot|n't|\bonly) (?:be |been )?(?:supported|enabled|available|configured)",
    r"(?:\bnot|n't) (?:support|accept|take|process|have|handle)\w*[^.{}]{0,30}"
    + _PICTURES
    + r"(?! (?:type|format|size))",
    r"unknown variant `?image_url|not a (?:multi-?modal|vision)|no endpoints found that support image|at most 0 image",
    r"(?:missing|needs?|provide)[^.{}]{0,40}(?:mmproj|image input)|content must be a string",
)
# The picture shows what the server's filter minds.
FLAGGED = _any(
    "moderation", "flagged", r"content[_ ]?(?:filter|policy|management)", "ResponsibleAI", "safety (?:system|reason)"
)
# Question and answer together are more than the model's context, or the answer more than it ever gives.
TOO_MUCH = _any(
    r"(?:context|n_ctx|token)[^{}]{0,80}(?:exceed|too (?:large|long|many)|maximum|at most|less than)",
    r"(?:exceed|too (?:large|long|many)|less than|at most|up to)[^{}]{0,60}(?:context|token)",
)

# Of the request's form: what a key is called, the schema, the message of the system.
UNKNOWN_LIMIT = _any(rf"{_UNKNOWN}.{{0,80}}max_completion_tokens", rf"max_completion_tokens.{{0,80}}{_UNKNOWN}")
LIMIT = _any("max_(?:completion_)?tokens")
SCHEMA = _any(
    "response_?format",
    "json_?schema",
    "schema",
    "grammar",
    "structured",
    "guided",
    "json (?:mode|object)",
    "requested parameters",
)
OF_SCHEMA = _any("response_format", "json_schema", "grammar")  # surely, whatever else is spoken of
SYSTEM = _any(
    r"(?:system|developer)[ '\"`]*(?:role|prompt|messages?|instructions?)|role[^{}]{0,40}(?:system|developer)",
    "roles? must alternate|only user(?: and|,) (?:assistant|model)|first message must be",
)
