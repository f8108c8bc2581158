"""The official client, made to send a picture to nobody but the server named, and to take no more than is allowed.

Its retries are off, for they are not counted. Redirects are off: one would take picture and key to another host. A query in
the address (?api-version=..., ?key=...) is put behind the path of each request, where the client would put it before.
"""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import urlsplit

from sedicfmt.encoders.talk.bounded_reply import bound
from sedicfmt.encoders.talk.openai_settings import OpenAiSettings
from sedicfmt.errors import MissingDependency
from sedicfmt.installing import pip_install

CONNECTING = 30.0  # seconds; a server that is slow to answer is not slow to be reached


def open_client(settings: OpenAiSettings, key: str) -> Any:
    """A client of package openai, 2 or newer. Raises MissingDependency."""
    try:
        import openai
    except ImportError as error:
        raise MissingDependency(f"the describer 'openai' needs the package openai: {pip_install('openai')}") from error
    parts = urlsplit(settings.base_url.strip())
    query = parts.query.encode()

    def keep_query(request: Any) -> None:
        if query:
            request.url = request.url.copy_with(query=query)

    hooks: dict[str, list[Any]] = {"request": [keep_query], "response": [partial(bound, seconds=settings.timeout)]}
    seconds = settings.timeout + 1  # ours comes first, and says so
    timeout = openai.Timeout(seconds, connect=min(seconds, CONNECTING))
    return openai.OpenAI(
        api_key=key or "none", base_url=parts._replace(query="", fragment="").geturl(), timeout=timeout, max_retries=0,
        default_headers={"Accept-Encoding": "identity"},
        http_client=openai.DefaultHttpxClient(event_hooks=hooks, follow_redirects=False, timeout=timeout),
    )  # fmt: skip
