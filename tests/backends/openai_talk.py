"""What the tests of the describer `openai` share: a picture, a good talk, and describing by a scripted server."""

from __future__ import annotations

import traceback

import numpy as np
import pytest

from sedicfmt.encoders.interfaces import DescribeRequest
from sedicfmt.encoders.talk.describe_openai import OpenAiDescriber
from sedicfmt.encoders.talk.openai_settings import OpenAiSettings
from sedicfmt.errors import BackendFailed
from tests.backends.loopback_server import LoopbackServer, said

KEY = "sk-secret-0123456789"
IMAGE = np.random.default_rng(1).integers(0, 255, (60, 90, 3)).astype(np.uint8)
REQUEST = DescribeRequest()
OBJECTS = {"objects": [{"name": "brown dog", "details": "brown dog with short fur"}]}
OVERALL = {"overall": "A photograph of a brown dog on grass."}
TALK = (said(OBJECTS), said(OVERALL))


def settings(server, **how) -> OpenAiSettings:
    return OpenAiSettings("toy", server.url, **{"timeout": 10.0, "backoff": 0.0, **how})


def described(replies, request=REQUEST, image=IMAGE, **how):
    """A description, and the server that was asked, which has to be at the end of its script."""
    with LoopbackServer(replies) as server:
        told = OpenAiDescriber(settings(server, **how)).describe(image, request)
    assert not server.replies
    return told, server


def failure(replies, requests=None, **how) -> BackendFailed:
    """The error that describing ends with, after so many requests (as many as there are replies)."""
    with LoopbackServer(replies) as server, pytest.raises(BackendFailed) as caught:
        OpenAiDescriber(settings(server, **how)).describe(IMAGE, DescribeRequest())
    assert len(server.requests) == (len(replies) if requests is None else requests)
    assert caught.value.exit_code == 8
    assert KEY not in "".join(traceback.format_exception(caught.value))
    return caught.value
