"""The built site, and a server for it."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


class Quiet(http.server.SimpleHTTPRequestHandler):
    """One that does not tell of every request."""

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the command writes."""
    from sedic_tools.site.build_site import build_site

    folder = tmp_path_factory.mktemp("site")
    build_site(folder)
    return folder


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """Where a plain server has the site."""
    handler = functools.partial(Quiet, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture()
def page(chromium: Any) -> Iterator[Any]:
    """A page that fails its test for any error of a script, and notes every request in `page.asked`."""
    page = chromium.new_page(viewport={"width": 1100, "height": 900})
    page.set_default_timeout(240_000)
    errors: list[str] = []
    page.asked = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: page.asked.append(request.url))
    yield page
    page.close()
    assert errors == []
