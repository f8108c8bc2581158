"""What a user may choose about a server that speaks OpenAI's API, and where each choice comes from.

    model       the specification's argument, else OPENAI_MODEL
    base_url    a caller's setting, else OPENAI_BASE_URL, else OpenAI's own server
    key         OPENAI_API_KEY and nowhere else: it is read when the client is made, and is in no settings, report or file

An address may hold a secret too (http://user:password@host/, ?key=...); `public_url` is what may be shown of it.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sedicfmt.encoders.talk.answer_cache import default_folder
from sedicfmt.errors import EncodeError

OPENAI_URL = "https://api.openai.com/v1"
EXAMPLE = "openai:gpt-4o-mini"
LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class OpenAiSettings:
    """Raises EncodeError for a value out of range.

    `timeout`: seconds that one request may take in all; a request that takes longer is not sent again. `retries`: how
    often one is sent again after 408, 409, 429, a 5xx or a broken connection; the first wait is `backoff` seconds, each
    further one twice as long. `max_tokens`: of an answer, with what a reasoning model thinks before it; fewer where the
    server takes no more. `longest_side`: of the picture as sent, pixels. `cache`: the folder that keeps answers,
    None for no cache. Prices are per million tokens, in whatever currency; with both, the report has the cost.
    """

    model: str
    base_url: str = field(default=OPENAI_URL, repr=False)
    timeout: float = 600.0  # a CPU may take minutes for a picture
    retries: int = 3
    backoff: float = 1.0
    max_tokens: int = 4096
    longest_side: int = 1024
    cache: Path | None = field(default_factory=default_folder)
    price_in: float | None = None
    price_out: float | None = None

    def __post_init__(self) -> None:
        if not self.model.strip():
            raise EncodeError(f"the describer 'openai' needs a model: {EXAMPLE}, or OPENAI_MODEL")
        public_url(self.base_url)
        if not 0 < self.timeout <= MOST_SECONDS:
            raise EncodeError(f"a time-out of {self.timeout} s; it is above 0 and at most {MOST_SECONDS}", "timeout")
        if not 0 <= self.retries <= MOST_RETRIES:
            raise EncodeError(f"{self.retries} retries; 0 to {MOST_RETRIES} make sense", "retries")
        if not 0 <= self.backoff <= MOST_SECONDS:
            raise EncodeError(f"a first wait of {self.backoff} s", "backoff")
        check_sizes(self.max_tokens, self.longest_side)
        if any(price is not None and not 0 <= price < math.inf for price in (self.price_in, self.price_out)):
            raise EncodeError("a price is at least 0", "price")


def check_sizes(max_tokens: int, longest_side: int) -> None:
    """Raises EncodeError for tokens of an answer, or pixels of the picture's longest side, that make no sense."""
    if not 1 <= max_tokens <= MOST_TOKENS:
        raise EncodeError(f"{max_tokens} tokens; 1 to {MOST_TOKENS} can be asked for", "max_tokens")
    if not LEAST_SIDE <= longest_side <= MOST_SIDE:
        raise EncodeError(f"{longest_side} pixels; {LEAST_SIDE} to {MOST_SIDE} are sent", "longest_side")


def public_url(url: str) -> str:
    """`url` without user, password, query and fragment. Raises EncodeError for what is no http address."""
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError:  # its message quotes the address
        host = port = None
    if not host or parts.scheme not in ("http", "https"):
        raise EncodeError("the base URL is no http or https address such as http://localhost:8000/v1", "base_url")
    place = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{place}{f':{port}' if port else ''}{parts.path.rstrip('/')}"


def read_key() -> str:
    """The key, the empty string where there is none. Raises EncodeError for one that cannot be sent, without quoting it."""
    key = os.environ.get("OPENAI_API_KEY", "").strip()
    if not (key.isascii() and key.isprintable()):
        raise EncodeError("OPENAI_API_KEY holds characters that no key has")
    return key


def secrets_of(url: str, key: str) -> list[str]:
    """What must never be shown: the key, and what `url` holds beside the public part, as it stands and decoded."""
    parts = urlsplit(url.strip())
    values = [pair.partition("=")[2] for pair in parts.query.split("&")]
    found = [
        key,
        *(form for part in (parts.username, parts.password, *values) if part for form in (part, unquote(part))),
    ]
    return [secret for secret in found if len(secret) >= LEAST_SECRET]


def sent_openly(url: str) -> bool:
    """Whether anybody on the way to `url` can read what is sent."""
    parts = urlsplit(url.strip())
    return parts.scheme == "http" and parts.hostname not in LOOPBACK


LEAST_SECRET = 8  # characters: "EMPTY", which some give to local servers, is no secret, and may be a word of the answer
MOST_SECONDS = 3600
MOST_RETRIES = 20
MOST_TOKENS = 1 << 20
LEAST_SIDE, MOST_SIDE = 32, 8192
