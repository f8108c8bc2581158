"""What a server minds, told from its words: no two servers give the same status or code for the same thing.

A reason is some rules. A rule is some sets of words, and holds where one sentence has a word of each, in any order: what is
always said of a full context is something for "context" and something for "too much", and no more. Some reasons do not count
where the reply speaks of another thing too: of a picture's format where the model seems to see none.

What is looked through are the sentences of `said` (server_words.py), in small letters, with "_" and the like as spaces.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sedicfmt.encoders.talk.server_words import said


@dataclass(frozen=True)
class Reason:
    """`rules`: sets of words, each as a pattern; `unless`: words anywhere in the reply with which it does not count."""

    rules: tuple[tuple[re.Pattern[str], ...], ...]
    unless: re.Pattern[str] | None = None

    def told_in(self, text: str) -> bool:
        """Whether `text`, the body of a reply, gives this reason."""
        sentences = said(text)
        if self.unless and any(self.unless.search(sentence) for sentence in sentences):
            return False
        return any(all(words.search(sentence) for words in rule) for sentence in sentences for rule in self.rules)


def _words(*patterns: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![a-z0-9])(?:{'|'.join(patterns)})(?![a-z0-9])")


def _reason(*rules: tuple[re.Pattern[str], ...], unless: re.Pattern[str] | None = None) -> Reason:
    return Reason(rules, unless)


def _any(*patterns: str) -> Reason:
    return Reason(((_words(*patterns),),))


# -- who may ask, and for what ------------------------------------------------------------------------------------------

_MONEY = _words(
    "credits?",
    "quota",
    "balance",
    "funds",
    "free tier",
    "free allocation",
    "spending limit",
    "spend limit",
    "monthly spend",
)
_SPENT = _words(
    "insufficient", "not enough", "out of", "ran out", "run out", "no", "not have any", "low", "negative",
    "exhausted", "depleted",
    "used (?:up|all)", "exceeded", "exceeds", "reached", "zero", "empty", "expired", "purchase", "add", "top up", "buy",
)  # fmt: skip
# Nothing is asked for as long as nothing is paid. Some servers say the same of a minute's share, and when to come back.
NO_CREDIT = _reason(
    (_MONEY, _SPENT),
    (
        _words("billing"),
        _words("not active", "inactive", "hard limit", "plan and billing", "check your billing", "past due", "overdue"),
    ),
    (_words("payment"), _words("required", "method", "overdue", "failed")),
    (_words("account", "organization"), _words("in good standing", "suspended", "overdue", "in arrears", "arrearage")),
    (_words("key limit exceeded", "subscription (?:has )?expired"),),
    (_words("arrearage", "insufficient quota", "exceeded current quota( error)?", "api usage limits", "无可用资源包"),),
    (re.compile("余额|账户|额度|配额|余額|帳戶|額度|配額"), re.compile("不足|欠费|欠費|用完|用尽|用盡|耗尽|充值")),
    unless=_words(
        "retry (?:in|after)",
        "try again in",
        "resource has been exhausted",
        "per (?:min|minute|second|hour)",
        "rpm",
        "tpm",
        "call rate",
    ),
)
NO_KEY = _reason(
    (_words("api ?keys?", "access token", "auth token", "bearer token", "credentials?", "authorization header"),
     _words("invalid", "incorrect", "missing", "wrong", "expired", "revoked", "not valid", "no", "not found",
     "required", "unknown",
            "not provide", "not provided", "disabled", "malformed", "provide a valid", "not set")),
    (_words("unauthori[sz]ed", "unauthenticated", "not authenticated",
        "authentication (?:error|failed|failure|required)", "missing authentication", "(?:invalid|expired) token",
        "token (?:is |has )?(?:expired|invalid)"),),
    (re.compile("令牌|密钥|api ?key"), re.compile("无效|错误|过期|不正确")),
)  # fmt: skip
NO_MODEL = _reason(
    (_words("models?", "deployment"), _words("not found", "not exist", "not a valid", "no such", "not installed")),
    (
        _words(
            "model not found",
            "(?:invalid|unknown|unrecognized) model(?: (?:id|name|identifier|specified))?",
            "no models? loaded",
        ),
    ),
    (re.compile("模型"), re.compile("不存在")),
    (_words("models?"), _words("not loaded")),
    unless=_words("images?", "no endpoints"),
)
BUSY = _any("too many requests", "rate limit\\w*", "rate limited", "throttl\\w*", "slow down", "请求过多", "频率")
DOWN = _any(
    "overloaded(?: error)?", "busy", "unavailable", "at capacity", "over capacity", "no capacity", "loading",
    "warming up",
    "try again later", "internal(?: server)? error", "server error", "out of memory", "timed? ?out", "繁忙", "稍后",
)  # fmt: skip

# -- the request's form -------------------------------------------------------------------------------------------------

_UNKNOWN = _words(
    "un(?:supported|recogni[sz]ed|known|expected|permitted)", "extra", "additional", "additional ?properties",
    "forbid(?:den)?",
    "not (?:be )?(?:supported|permitted|allowed|recogni[sz]ed|support|allow|accepted|known|enabled|expected)",
)  # fmt: skip
UNKNOWN_LIMIT = _reason((_words("max completion tokens"), _UNKNOWN))
LIMIT = _any("max (?:completion )?tokens")
SCHEMA = _any(
    "response ?format", "json ?schema", "schemas?", "grammar", "structured(?: outputs?)?", "guided(?: \\w+)?",
    "json (?:mode|object|output)",
    "requested parameters", "strict", "additional ?properties", "xgrammar", "outlines", "constrained",
)  # fmt: skip
_SYSTEM, _ROLE = _words("system", "developer"), _words("roles?")
SYSTEM = _reason(
    (_SYSTEM, _words("roles?", "prompts?", "messages?", "instructions?", "value", "variant")),
    (_ROLE, _UNKNOWN),
    (_ROLE, _words("invalid", "must", "should", "only", "alternate", "expected", "one of", "first")),
    (
        _words("first message", "messages? (?:must|should) (?:start|begin)", "conversation"),
        _words("user", "assistant", "role", "roles"),
    ),
    (
        _words("user"),
        _words("assistant", "model"),
        _words("must", "should", "only", "expected", "alternate", "supported values", "one of"),
    ),
)
# It minds a key, and does not say which: whatever is not in every request may be meant.
UNNAMED = _reason(
    (
        _UNKNOWN,
        _words("parameters?", "arguments?", "fields?", "propert(?:y|ies)", "inputs?", "keys?", "keywords?", "options?"),
    ),
    (_words("unknown name", "unknown parameter", "bad parameters?", "additional ?properties"),),
)

_OF_CONTEXT = _words(
    "context(?: \\w+)?", "n ?ctx", "tokens?", "max ?(?:new|output|completion)? ?tokens?",
    "max (?:seq|model|input) len", "max seq len",
    "context ?window ?exceeded ?error",
)  # fmt: skip
_LENGTH = _words("prompts?", "inputs?", "messages?", "sequences?", "requests?", "conversation", "completion")
_OVER = _words(
    "exceed(?:s|ed|ing)?", "too (?:large|long|many|big|high)", "max(?:imum)?", "at most",
    "(?:less|fewer|greater|more|larger|longer|shorter|bigger) than",
    "overflows?", "full", "limit(?:ed)?", "range", "between", "reduce", "shorten", "truncate", "up to", "only", "not fit",
    "out of range", "beyond",
)  # fmt: skip
# Question and answer together are more than the model's context, or the answer more than it ever gives.
TOO_MUCH = _reason(
    (_OF_CONTEXT, _OVER),
    (_OF_CONTEXT, re.compile(r"[<>≤≥]")),
    (
        _LENGTH,
        _words(
            "too long",
            "exceeds? (?:the |its )?(?:max\\w* )?(?:input |prompt |sequence )?length",
            "maximum input length",
        ),
    ),
    (
        _LENGTH,
        _words("reduce", "shorten", "shorter", "range of"),
        _words("length", "long", "shorter", "prompt", "messages", "input"),
    ),
    (re.compile("长度|上下文|token|输入|prompt|長度"), re.compile("超过|超出|过长|超长|超過|超限")),
    unless=_words(
        "tokens? (?:is |has )?(?:invalid|expired)",
        "(?:access|auth|bearer|api) tokens?",
        "deadline",
    ),
)

# -- the picture --------------------------------------------------------------------------------------------------------

_PICTURES = _words(
    "images?(?: urls?| inputs?| content)?",
    "vision",
    "visual",
    "multi ?modal(?:ity)?",
    "pictures?",
    "photos?",
    "modality",
    "mm ?proj",
)
_ABLE = r"(?:support|accept|allow|enable|have|available|configur|capab|handle|permit|compatib)\w*"
_UNABLE = _words(
    "(?:not|never|no) (?:\\w+ )?(?:be |been )?" + _ABLE,
    "unsupported", "disallowed", "disabled", "unable to (?:accept|handle|see|view)", "only supported by",
    "incapable", "incompatible",
    "(?:invalid|unexpected|unknown|unrecogni[sz]ed) (?:content|part|item|message)? ?(?:part|type|variant)",
)  # fmt: skip
_MODEL = _words("models?", "llm", "endpoints?", "providers?", "deployments?", "engine", "backend", "model is")
_WEAK = _words(
    "(?:not|unable to|failed to|can only|only) (?:\\w+ )?(?:process|read|see|view|understand|take|analy[sz]e|use)(?:s|es)?"
)
_SIGHT = _words(
    "vision", "visual", "multi ?modal", "mm ?proj", "projector", "image ?(?:inputs?|processor|encoder|support)"
)
_A_FAULT_OF_THE_PICTURE = _words(
    "png", "jpe?gs?", "gif", "webp", "heic", "formats?", "sizes?", "dimensions?", "resolution", "pixels?", "[km]b",
    "bytes", "megabytes",
    "too (?:large|big|small|many)", "corrupt(?:ed)?", "decode", "decoding", "download", "fetch", "base64",
    "mime(?: type)?", "media type",
    "invalid image", "image type", "could not process", "identify", "later", "temporar(?:y|ily)", "overloaded",
    "busy", "retry",
    "longer than", "too long", "(?:max )?model len(?:gth)?", "context (?:length|size|window)", "image is valid",
)  # fmt: skip
# The model only reads. A word on the picture's format, or on what does not go with pictures, is not meant.
NO_PICTURES = _reason(
    (_PICTURES, _UNABLE),
    (_PICTURES, _WEAK, _MODEL),
    (_SIGHT, _words("no", "without", "lacks?", "missing", "requires?", "required", "needs?", "provide", "not loaded")),
    (_words("vision", "visual", "multi ?modal"), _words("not an?", "use", "choose", "select", "switch to")),
    (_words("0 images?", "use a model (?:that|which) supports? (?:images?|pictures?)"),),
    (_MODEL, _words("text(?: |s)?only", "only (?:\\w+ )?text", "text generation only", "language only")),
    (
        _words("content", "messages?(?: \\d+)?(?: content)?"),
        _words("(?:valid|a|expected) string", "must be text", "expected text", "type text", "be text"),
    ),
    (_words("sequence"), _words("expected a string")),
    (_words("only '?text'?"), _words("content", "content types?")),
    (_words("unexpected item type"), _words("content")),
    (re.compile("不支持|无法|不支援|不具备"), re.compile("图|視覺|视觉|多模态|圖|image|vision")),
    unless=_A_FAULT_OF_THE_PICTURE,
)
# The picture shows what the server's filter minds.
FLAGGED = _reason(
    (
        _words(
            "moderation",
            "flagged",
            "content ?(?:filter|policy|management)\\w*",
            "responsible ?ai\\w*",
            "inappropriate",
            "nsfw",
            "unsafe",
            "content exists risk",
        ),
    ),
    (
        _words(
            "safety (?:system|reasons?|filters?|settings)",
            "data ?inspection ?failed",
            "(?:prohibited|sensitive) content",
            "usage polic(?:y|ies)",
        ),
    ),
    (re.compile("敏感|违规|不安全|审核"),),
)
