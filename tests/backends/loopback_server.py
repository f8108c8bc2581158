"""A real HTTP server on 127.0.0.1 that speaks chat completions: each request gets the next reply of a script.

    with LoopbackServer([said({"overall": "..."}), Reply(429, b"{}", {"Retry-After": "0"})]) as server:
        ... server.url ... server.requests

A request beyond the script is told 500, so that a test that expected fewer fails. Where the order of the requests is not
known, `replies` is a function of the request.
"""

from __future__ import annotations

import base64
import io
import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from PIL import Image


@dataclass(frozen=True)
class Reply:
    """A status, a body and headers; `wait`: seconds of silence first; `drip`: seconds between two bytes of the body."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    wait: float = 0.0
    drip: float = 0.0


@dataclass(frozen=True)
class Request:
    """What the client sent."""

    path: str
    headers: Message  # in whatever case
    body: dict[str, Any]

    @property
    def words(self) -> str:
        """The user's words."""
        return next(part["text"] for part in self.body["messages"][-1]["content"] if part["type"] == "text")

    @property
    def picture(self) -> Image.Image:
        """The picture that came with them."""
        parts = self.body["messages"][-1]["content"]
        url = next(part["image_url"]["url"] for part in parts if part["type"] == "image_url")
        return Image.open(io.BytesIO(base64.b64decode(url.removeprefix("data:image/jpeg;base64,"))))


class LoopbackServer:
    """Answers with `replies`, one a request; `requests` is what was asked."""

    def __init__(self, replies: Iterable[Reply] | Callable[[Request], Reply]):
        self.reply = replies if callable(replies) else None
        self.replies = [] if callable(replies) else list(replies)
        self.requests = list[Request]()
        self.closing = threading.Event()
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.http.daemon_threads, self.http.block_on_close = True, False
        self.url = f"http://127.0.0.1:{self.http.server_port}/v1"

    def scripted(self) -> Reply:
        """The next reply of the script."""
        return self.replies.pop(0) if self.replies else Reply(500, b'{"error": "the script is at its end"}')

    def __enter__(self) -> LoopbackServer:
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *unused: object) -> None:
        self.closing.set()
        self.http.shutdown()
        self.http.server_close()


def completion(content: object, **choice: object) -> dict[str, Any]:
    """A chat completion whose message has `content`, with 100 tokens in and 20 out."""
    message = {"role": "assistant", "content": content}
    first = {"index": 0, "message": message, "finish_reason": "stop", **choice}
    usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
    return {"id": "1", "object": "chat.completion", "created": 1, "model": "toy", "choices": [first], "usage": usage}


def said(content: object) -> Reply:
    """A completion: `content` itself where it is a string, else as JSON."""
    return as_json(completion(content if isinstance(content, str) else json.dumps(content)))


def as_json(body: object, status: int = 200, **headers: str) -> Reply:
    """`body` in JSON; underscores in the headers' names stand for hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, json.dumps(body).encode(), named)


def refused(status: int, message: str, code: str | None = None, **headers: str) -> Reply:
    """An error in the API's form."""
    return as_json({"error": {"message": message, "type": "t", "param": None, "code": code}}, status, **headers)


def _handler(server: LoopbackServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["Content-Length"]))
            request = Request(self.path, self.headers, json.loads(sent))
            server.requests.append(request)
            reply = server.reply(request) if server.reply else server.scripted()
            server.closing.wait(reply.wait) if reply.wait else None
            try:
                self.answer(reply)
            except OSError:  # the client has hung up
                self.close_connection = True

        def answer(self, reply: Reply) -> None:
            self.send_response(reply.status)
            headers = {"Content-Type": "application/json", "Content-Length": str(len(reply.body)), **reply.headers}
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            for i in range(len(reply.body)) if reply.drip else ():
                if server.closing.is_set():
                    return
                self.wfile.write(reply.body[i : i + 1])
                time.sleep(reply.drip)
            self.wfile.write(b"" if reply.drip else reply.body)

        def log_message(self, *unused: object) -> None:
            pass

    return Handler
