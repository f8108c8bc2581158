"""No reply takes the machine's memory: in a process of its own, with its peak, whatever the status, packing and shape."""

from __future__ import annotations

import bz2
import gzip
import json
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from sedicfmt.encoders.interfaces import DescribeRequest
from sedicfmt.encoders.talk.bounded_reply import unpacked
from tests.backends.loopback_server import LoopbackServer, Reply, completion
from tests.backends.openai_talk import OVERALL, described

pytestmark = pytest.mark.usefixtures("openai_environment")

ASKED = """
import sys
from pathlib import Path
import numpy as np
from sedicfmt.encoders.talk.describe_openai import OpenAiDescriber
from sedicfmt.encoders.interfaces import DescribeRequest
from sedicfmt.encoders.talk.openai_settings import OpenAiSettings
from sedicfmt.errors import BackendFailed
try:
    OpenAiDescriber(OpenAiSettings("toy", sys.argv[1], retries=0, cache=None)).describe(
        np.zeros((8, 8, 3), np.uint8), DescribeRequest())
except BackendFailed as error:
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    print(int(peak.split()[1]) // 1024, error)
"""
ZEROS = gzip.compress(bytes(1 << 26))
TWICE = gzip.compress(gzip.compress(bytes(1 << 30), 9), 9)
HOSTILE = {
    "twice packed": (TWICE, {"Content-Encoding": "gzip, gzip"}),
    "packed": (ZEROS * 16, {"Content-Encoding": "gzip"}),
    "deflated": (zlib.compress(bytes(1 << 27)), {"Content-Encoding": "deflate"}),
    "a charset that unpacks": (bz2.compress(bytes(1 << 27)), {"Content-Type": "text/plain; charset=bz2"}),
    "long": (b" " * (1 << 26), {}),
    "many lists": (b"[" + b"[]," * (1 << 23), {}),
    "many objects": (b'{"error": [' + b"{}," * (1 << 19), {}),
    "events": (b'data: {"choices": []}\n\n' * (1 << 20), {}),
}


def peak(reply):
    """Mebibytes of a process that gets this reply, and the error that it ends with."""
    with LoopbackServer(lambda request: reply) as server:
        ran = subprocess.run([sys.executable, "-c", ASKED, server.url], capture_output=True, check=True, timeout=120)
    most, _, error = ran.stdout.decode().partition(" ")
    return int(most), error


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux, for a process's peak")
@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("status", [200, 400])
def test_a_reply_takes_no_memory(kind, status):
    body, headers = HOSTILE[kind]
    most, error = peak(Reply(status, body, headers))
    assert most < 200 and (f"status {status}" in error or "the server's answer" in error)


def test_the_bomb_of_the_report_is_small():
    assert len(TWICE) < 5000  # of a gibibyte


PLAIN = json.dumps(completion(json.dumps(OVERALL))).encode()


@pytest.mark.parametrize(
    ("named", "pack"),
    [("gzip", gzip.compress), ("deflate", zlib.compress), ("gzip, gzip", lambda data: gzip.compress(gzip.compress(data))),
     ("identity", bytes)],
)  # fmt: skip
def test_a_packed_answer_is_unpacked(named, pack):
    told, _ = described([Reply(body=pack(PLAIN), headers={"Content-Encoding": named})], DescribeRequest(objects=0))
    assert told.overall == OVERALL["overall"]


def test_unpacking_ends_at_the_limit_and_at_damage():
    assert len(b"".join(unpacked([ZEROS], ["gzip"], 1000))) == 1000
    assert b"".join(unpacked([gzip.compress(b"abc")[:-9], b"x" * 99], ["gzip"], 1000)) in (b"", b"abc")
    assert b"".join(unpacked([b"abc"], ["br"], 1000)) == b"" == b"".join(unpacked([ZEROS], ["gzip"] * 3, 1000))
