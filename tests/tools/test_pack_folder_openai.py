"""A folder packed with `--describe openai`, killed again and again: no half file, no file twice, nothing paid twice.

What a killed process had asked and not yet kept is asked again, at most one question a kill: it cannot know that the server
was at work on it. Everything that was answered and kept is not.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.backends.loopback_server import LoopbackServer, refused, said
from tests.backends.openai_talk import KEY, OVERALL

pytest.importorskip("openai")
BIN = Path(sys.executable).parent
PHOTOS = 6


def answer(request):
    """By what is asked: a restarted client begins where it likes."""
    time.sleep(0.1)  # long enough to be killed in
    return said(OVERALL)


def asked(request):
    """What is paid for: one question about one picture."""
    return hashlib.sha256(request.picture.tobytes() + request.words.encode()).hexdigest()


@pytest.fixture
def photos(tmp_path):
    (tmp_path / "in" / "deep").mkdir(parents=True)
    for i in range(PHOTOS):
        noise = np.random.default_rng(i).integers(0, 255, (96, 144, 3)).astype(np.uint8)
        Image.fromarray(noise).save(tmp_path / "in" / ("deep" if i % 2 else "") / f"{i}.png")
    return tmp_path


def start(server, folder, out="out", cache="cache"):
    """The command at work, its output in pipes."""
    command = [BIN / "sedic-pack", folder / "in", "-o", folder / out, "--preset", "paper-high", "--target-bpp", "0.3"]
    command += ["--describe", "openai:toy", "--base-url", server.url, "--segment", "mask-head", "--json"]
    keep = {"OPENAI_API_KEY": KEY, "XDG_CACHE_HOME": str(folder / cache), "NO_PROXY": "127.0.0.1"}
    env = {**os.environ, **keep}
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def finished(child):
    """Exit code 0, and the summary."""
    out, errors = child.communicate(timeout=120)
    assert KEY.encode() not in out + errors
    assert child.returncode == 0, errors
    return json.loads(out.splitlines()[-1])["summary"]


def kill_when(child, happened, after):
    """SIGKILL `after` seconds after `happened()`; True unless the process was done before."""
    while not happened() and child.poll() is None:
        time.sleep(0.002)
    time.sleep(after)
    child.kill()
    child.communicate()
    return child.returncode == -signal.SIGKILL


def packed(folder):
    """Name -> (bytes, when they were written) of what has its final name."""
    paths = sorted(folder.rglob("*.sedic"))
    return {p.relative_to(folder).as_posix(): (p.read_bytes(), p.stat().st_mtime_ns) for p in paths}


def whole(path):
    """Whether sedic-inspect finds nothing wrong, down to the latent's symbols."""
    return subprocess.run([BIN / "sedic-inspect", path, "--check"], capture_output=True, check=False).returncode == 0


@pytest.mark.slow
def test_killed_at_any_moment_it_resumes_and_pays_once(photos):
    out, in_flight, kills = photos / "out", [], 0
    with LoopbackServer(answer) as server:
        # within a question, at work on the latent; then as soon as one more file has its name, and a little later
        for wait, awaited in ((0.0, 0), (0.05, 0), (0.15, 0), (0.25, 0), (0.0, 1), (0.05, 1)):
            before, made = len(server.requests), packed(out)

            def happened(before=before, made=made, awaited=awaited):
                return len(server.requests) > before and len(packed(out)) >= len(made) + awaited

            kills += kill_when(start(server, photos), happened, wait)
            in_flight.append(asked(server.requests[-1]))
            now = packed(out)
            assert all(now[name] == file for name, file in made.items())  # what was done stays as it was
            assert all(whole(out / name) for name in now.keys() - made.keys())
        assert kills >= 4, "too few kills to prove anything"
        assert packed(out) and len(packed(out)) < PHOTOS
        summary = finished(start(server, photos))
        paid = [asked(request) for request in server.requests]
    assert (summary["kept"] + summary["made"], summary["failed"], summary["left"]) == (PHOTOS, 0, 0)
    assert summary["kept"] > 0

    assert len(paid) - len(set(paid)) <= kills
    for question in set(paid):  # again only as often as a kill fell on it
        assert paid.count(question) - 1 <= in_flight.count(question)

    with LoopbackServer(answer) as other:  # nobody disturbs this one
        finished(start(other, photos, "undisturbed", "other-cache"))
        needed = [asked(request) for request in other.requests]
    assert len(needed) == len(set(needed)) == PHOTOS
    assert set(paid) == set(needed)

    files = packed(out)
    assert len(files) == PHOTOS
    assert {name: data for name, (data, _) in files.items()} == {
        n: d for n, (d, _) in packed(photos / "undisturbed").items()
    }
    assert all(whole(out / name) for name in files)
    assert [p.name for p in out.rglob("*") if p.is_file() and p.suffix != ".sedic"] == [".sedic-pack.jsonl"]


@pytest.mark.slow
def test_a_second_run_asks_nothing_and_writes_nothing(photos):
    with LoopbackServer(answer) as server:
        assert finished(start(server, photos))["made"] == PHOTOS
        files, asked_for = packed(photos / "out"), len(server.requests)
        assert finished(start(server, photos))["kept"] == PHOTOS
        assert packed(photos / "out") == files
        (photos / "out" / "0.sedic").unlink()  # a lost file costs no question either
        summary = finished(start(server, photos))
    assert (summary["made"], summary["kept"]) == (1, PHOTOS - 1)
    assert packed(photos / "out")["0.sedic"][0] == files["0.sedic"][0]
    assert len(server.requests) == asked_for == PHOTOS


@pytest.mark.parametrize(
    ("reply", "advice"),
    [
        (refused(401, "no"), b"OPENAI_API_KEY"),
        (refused(402, "Insufficient Balance"), b"no credit left"),
        (refused(500, "image input is not supported - hint: you may need to provide the mmproj"), b"takes no pictures"),
    ],
)
def test_what_concerns_all_stops_the_folder_at_the_first_request(photos, reply, advice):
    with LoopbackServer([reply]) as server:
        child = start(server, photos)
        out, errors = child.communicate(timeout=60)
    assert child.returncode == 8
    assert len(server.requests) == 1
    lines = [json.loads(line) for line in out.splitlines()]
    assert lines[0]["summary"]["left"] == PHOTOS
    assert lines[1]["error"]["exit_code"] == 8
    assert advice in errors
    assert not packed(photos / "out")
