"""sedic-pack with `--describe openai` against a real server on loopback: a file, and no second payment."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.backends.loopback_server import LoopbackServer, Reply, said

pytest.importorskip("openai")
OBJECTS = {"objects": [{"name": "brown dog", "details": "brown dog with short fur"}]}
OVERALL = {"overall": "A photograph of a brown dog on grass."}
KEY = "sk-secret-0123456789"


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
    assert b"asks no server" in ran.stderr


def test_missing_finders_are_told_before_anything_is_paid(folder):
    with LoopbackServer([]) as server:
        ran, told = pack(server, folder, "--ground", f"grounding-dino:{folder}/none")
    assert ran.returncode == 8, ran.stderr
    assert "hf download" in told["error"]["message"]
