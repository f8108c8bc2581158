"""sedic-pack with `--describe openai` against a real server on loopback: a file, and no second payment."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.backends.loopback_server import LoopbackServer, Reply, said
from tests.backends.openai_talk import KEY, OVERALL

pytest.importorskip("openai")


def pack(server, folder, *arguments):
    """A run of the command; its output as JSON if it has any."""
    keep = {"OPENAI_API_KEY": KEY, "XDG_CACHE_HOME": str(folder / "cache"), "NO_PROXY": "127.0.0.1"}
    command = [Path(sys.executable).parent / "sedic-pack", folder / "photo.png", "-o", folder / "photo.sedic", "--json"]
    command += ["--describe", "openai:toy", "--base-url", server.url, *arguments]
    ran = subprocess.run(command, capture_output=True, env={**os.environ, **keep}, check=False)
    assert KEY.encode() not in ran.stdout + ran.stderr
    return ran, json.loads(ran.stdout)


@pytest.fixture
def folder(tmp_path):
    noise = np.random.default_rng(3).integers(0, 255, (64, 96, 3)).astype(np.uint8)
    Image.fromarray(noise).save(tmp_path / "photo.png")
    return tmp_path


def test_packs_the_words_and_pays_once(folder):
    with LoopbackServer([said(OVERALL)]) as server:
        first, told = pack(server, folder)
        assert first.returncode == 0, first.stderr
        data = (folder / "photo.sedic").read_bytes()
        again, told_again = pack(server, folder)
    assert again.returncode == 0
    assert (told["report"]["requests"], told_again["report"]["requests"]) == (1, 0)
    assert told_again["report"]["cached"] == 1
    assert (folder / "photo.sedic").read_bytes() == data
    assert any("without --ground" in line for line in told["warnings"])  # nobody would know where the dog is
    inspected = subprocess.run(
        [Path(sys.executable).parent / "sedic-inspect", folder / "photo.sedic", "--json"],
        capture_output=True,
        check=True,
    )
    assert OVERALL["overall"] in inspected.stdout.decode()


def test_a_refused_key_is_exit_code_8(folder):
    with LoopbackServer([Reply(401, b'{"error": {"message": "no"}}')]) as server:
        ran, told = pack(server, folder)
    assert ran.returncode == told["error"]["exit_code"] == 8
    assert b"OPENAI_API_KEY" in ran.stderr
    assert not (folder / "photo.sedic").exists()


def test_an_address_that_nobody_asks_is_refused(folder):
    with LoopbackServer([]) as server:
        ran, _ = pack(server, folder, "--describe", "offline")
    assert ran.returncode == 2
    assert b"the describer 'offline' has no use for the choice of base_url" in ran.stderr


def test_missing_finders_are_told_before_anything_is_paid(folder):
    with LoopbackServer([]) as server:
        ran, told = pack(server, folder, "--ground", f"grounding-dino:{folder}/none")
    assert ran.returncode == 8, ran.stderr
    assert "hf download" in told["error"]["message"]


def test_after_a_failure_it_says_what_was_spent(folder):
    with LoopbackServer([said("no")] * 3) as server:
        ran, told = pack(server, folder)
    assert ran.returncode == 8
    assert {"requests": 3, "tokens_in": 300, "tokens_out": 60}.items() <= told["error"]["report"].items()
    with LoopbackServer([said(OVERALL)]) as server:  # paid for, then too much for the budget
        ran, told = pack(server, folder, "--max-bytes", "5")
    assert ran.returncode != 0 and told["error"]["report"]["requests"] == 1


def test_the_switches_reach_the_server(folder):
    switches = ["--llm-max-tokens", "77", "--llm-image-size", "48", "--llm-retries", "1", "--llm-timeout", "9"]
    with LoopbackServer([Reply(500), Reply(500)]) as server:
        ran, _ = pack(server, folder, *switches)
    assert ran.returncode == 8 and len(server.requests) == 2
    assert server.requests[0].body["max_completion_tokens"] == 77 and server.requests[0].picture.size == (48, 32)
    with LoopbackServer([Reply(wait=20)]) as server:
        ran, _ = pack(server, folder, "--llm-timeout", "0.5")
    assert b"within 0.5 s; --llm-timeout" in ran.stderr


@pytest.mark.parametrize(
    "switch", [("--llm-timeout", "0"), ("--llm-retries", "-1"), ("--llm-max-tokens", "0"), ("--llm-image-size", "7")]
)
def test_switches_out_of_range_or_without_a_model(folder, switch):
    with LoopbackServer([]) as server:
        assert pack(server, folder, *switch)[0].returncode == 2
        command = [Path(sys.executable).parent / "sedic-pack", folder / "photo.png", "-o", folder / "a.sedic", *switch]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 2
    ran = subprocess.run([*command[:-1], "9"], capture_output=True, check=False)  # a value that a model could have
    assert ran.returncode == 2 and b"has no use for the choice" in ran.stderr


def test_messages_name_only_switches_that_exist():
    told = subprocess.run([Path(sys.executable).parent / "sedic-pack", "--help"], capture_output=True, check=True)
    source = Path(__file__).parents[2] / "sedicfmt"
    named = {word for path in source.rglob("*.py") for word in re.findall(r"--llm-[a-z-]+", path.read_text())}
    assert len(named) == 3 and all(switch in told.stdout.decode() for switch in named)
    assert b"OPENAI_MODEL" in told.stdout
