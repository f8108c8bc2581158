"""What the commands do when something outside fails: they are killed or interrupted; disk, folder or pipe fail; weights miss.

Always: the documented exit code, one line and no traceback; nothing half written stands under an output's name, and an older
output of that name is whole.
"""

import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

import sedicfmt
from sedic_tools.pages import kill_table
from sedicfmt.latents.allocated import DEFAULT_MODEL
from sedicfmt.latents.nano.weights import MODELS

BIN = Path(sys.executable).parent
OLDER = b"an older output"
AS_NOBODY_MAY = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")  # root like others: permissions count


@pytest.fixture()
def commands(annotated, small_file):
    """Each command's line without the output, and a name for what it writes."""
    return {
        "pack": (
            [BIN / "sedic-pack", annotated[0], "--describe", f"annotations:{annotated[1]}", "--overwrite"],
            "x.sedic",
        ),
        "unpack": ([BIN / "sedic-unpack", small_file, "--stage", "reference", "--overwrite"], "x.png"),
    }


@pytest.fixture()
def folder_of_files(small_file, tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    for name in ("a", "b"):
        shutil.copy(small_file, folder / f"{name}.sedic")
    return folder


def run(*line, **options):
    return subprocess.run([str(part) for part in line], capture_output=True, check=False, **options)


def shell(line):
    return subprocess.run(line, shell=True, executable="/bin/bash", capture_output=True, check=False)


def assert_told(done, exit_code, *words, lines=1):
    assert done.returncode == exit_code, done.stderr
    told = done.stderr.decode()
    assert len(told.splitlines()) == lines, told
    assert "Traceback" not in told
    assert "internal error" not in told
    assert all(word in told for word in words), told


def assert_untouched(folder, older):
    """The folder holds the older output, whole, and nothing beside it."""
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == older


# --- killed


def test_the_kill_table_sees_half_an_output(tmp_path):
    code = "import sys, time\nf = open(sys.argv[2], 'wb', 0)\nf.write(b'half')\nwhile True: pass"
    careless = kill_table.Victim((sys.executable, "-c", code), "x", b"half and half", 1.0)
    assert kill_table.kill_once(careless, tmp_path, 0.3, OLDER) == kill_table.Killed(True, kill_table.BROKEN, False)


@pytest.mark.slow
def test_killed_at_any_moment(tmp_path):
    for victim in kill_table.victims(tmp_path):
        for aimed, count in ((False, 24), (True, 6)):
            kills = kill_table.kill_often(victim, count, aimed, tmp_path, seed=1)
            found = Counter(kill.found for kill in kills)
            assert found[kill_table.BROKEN] == 0
            assert found[kill_table.NOTHING] > 0
            assert found[kill_table.OLDER] > 0
            assert any(kill.left_aside for kill in kills) or not aimed  # the aim was good


# --- interrupted

INTERRUPTED_AT_IMPORT = """
import os, signal, sys

def hook(event, arguments):
    if event == "import" and arguments[0] == {module!r}:
        os.kill(os.getpid(), signal.SIGINT)

sys.addaudithook(hook)
sys.argv = {argv!r}
from sedic_tools.commands.start import {tool}
sys.exit({tool}())
"""


@pytest.mark.parametrize("module", ["argparse", "datetime"])
def test_interrupted_while_something_is_imported(commands, tmp_path, module):
    """`datetime` is imported by numpy's C code, which makes an ImportError of the interruption."""
    line, name = commands["pack"]
    argv = [str(part) for part in (*line, "-o", tmp_path / name)]
    done = run(sys.executable, "-c", INTERRUPTED_AT_IMPORT.format(module=module, argv=argv, tool="pack"))
    assert_told(done, 130, "interrupted")
    assert_untouched(tmp_path, {})


def test_a_package_that_is_missing_is_no_interruption():
    code = "import sys; sys.modules['numpy'] = None; from sedic_tools.commands.start import pack; sys.exit(pack())"
    done = run(sys.executable, "-c", code)
    assert done.returncode == 1 and b"numpy" in done.stderr and b"interrupted" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("tool", ["pack", "unpack"])
def test_interrupted_at_any_moment(commands, tmp_path, tool):
    """From when the interpreter itself, which tells interruptions by a traceback, has come up."""
    line, name = commands[tool]
    line = [str(part) for part in (*line, "-o", tmp_path / name)]
    start = time.perf_counter()
    assert run(*line).returncode == 0
    seconds, whole = time.perf_counter() - start, (tmp_path / name).read_bytes()
    codes = Counter()
    for i in range(24):
        (tmp_path / name).write_bytes(OLDER)
        child = subprocess.Popen(line, stderr=subprocess.PIPE)
        time.sleep(seconds * (0.15 + 0.85 * (i + random.Random(i).random()) / 24))
        child.send_signal(signal.SIGINT)
        told = child.communicate()[1]
        assert b"Traceback" not in told
        assert (child.returncode, (tmp_path / name).read_bytes()) in (
            (130, OLDER),
            (130, whole),
            (0, whole),
            (-2, whole),
        )
        assert [path.name for path in tmp_path.iterdir()] == [name]
        codes[child.returncode] += 1
    assert codes[130] > 5


# --- full disk


@pytest.mark.parametrize("tool", ["pack", "unpack"])
def test_a_file_that_cannot_grow(commands, tmp_path, tool):
    line, name = commands[tool]
    (tmp_path / name).write_bytes(OLDER)
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64))  # noqa: E731
    done = run(*line, "-o", tmp_path / name, "--json", preexec_fn=limit)
    assert_told(done, 74, "File too large", str(tmp_path / name))
    assert json.loads(done.stdout)["error"]["exit_code"] == 74
    assert_untouched(tmp_path, {name: OLDER})


@pytest.fixture()
def small_disk(tmp_path):
    """A folder with room for 8 kB; the reference picture of 192x128 takes more."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.getuid() or run("mount", "-t", "tmpfs", "-o", "size=8k", "tmpfs", disk).returncode:
        pytest.skip("mounting a small disk needs root and the right to mount")
    yield disk
    subprocess.run(["umount", disk], check=True)


@pytest.mark.slow
def test_full_disk(commands, folder_of_files, small_disk):
    line, name = commands["unpack"]
    assert_told(run(*line, "-o", small_disk / name), 74, "No space left on device", name)
    assert_untouched(small_disk, {})
    done = run(BIN / "sedic-unpack", folder_of_files, "-o", small_disk, "--stage", "reference")
    assert_told(done, 74, "No space left on device", "a.png", lines=2)
    assert_untouched(small_disk, {".sedic-unpack.jsonl": b""})
    done = run(*line, "-o", small_disk / name, "--save-stages", small_disk / "stages")
    assert_told(done, 74, "No space left on device", "stages")


def test_a_device_that_is_full(commands):
    line, _ = commands["unpack"]
    assert_told(run(*line, "-o", "/dev/full"), 74, "No space left on device: /dev/full")


# --- closed folder


@pytest.mark.slow
def test_read_only_folder(commands, folder_of_files, tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir()
    (closed / "x.png").write_bytes(OLDER)
    closed.chmod(0o555)
    prefix = () if os.getuid() else AS_NOBODY_MAY
    if prefix and (not shutil.which("setpriv") or run(*prefix, "touch", closed / "y").returncode == 0):
        pytest.skip("root may write everywhere here, and cannot give that up")
    for line, name in commands.values():
        assert_told(run(*prefix, *line, "-o", closed / name), 74, "Permission denied", name)
    done = run(*prefix, BIN / "sedic-unpack", folder_of_files, "-o", closed, "--stage", "reference")
    assert_told(done, 74, "Permission denied", "closed")
    assert_untouched(closed, {"x.png": OLDER})


# --- closed and full streams


@pytest.mark.slow
def test_closed_pipes(commands, small_file, tmp_path):
    unpack = " ".join(f"'{part}'" for part in commands["unpack"][0])
    big = tmp_path / "big.png"
    assert shell(f"{unpack} -o '{big}'").returncode == 0
    for line in (
        f"{unpack} -o - | true; exit ${{PIPESTATUS[0]}}",
        f"{unpack} -o - --json 2>/dev/null | true; exit ${{PIPESTATUS[0]}}",
        f"'{BIN}/sedic-inspect' '{small_file}' | true; exit ${{PIPESTATUS[0]}}",
        f"'{BIN}/sedic-pack' --help | true; exit ${{PIPESTATUS[0]}}",
        f"'{BIN}/sedic-pack' --version >/dev/full",
    ):
        done = shell(f"export PYTHONUNBUFFERED=; {line}")
        assert done.returncode == 74, line
        assert b"Traceback" not in done.stderr
        assert b"Exception" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_head_of_a_picture(unbuffered):
    """`| head -c 1`, which goes once it has its byte: this picture is more than a pipe holds."""
    vector = Path(__file__).parents[2] / "conformance/valid/three-objects-768x512.sedic"
    line = f"'{BIN}/sedic-unpack' '{vector}' -o - --stage reference | head -c 1; exit ${{PIPESTATUS[0]}}"
    done = shell(f"export PYTHONUNBUFFERED={unbuffered}; {line}")
    assert (done.returncode, done.stdout) == (74, b"\x89")
    assert b"Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("streams", ["2>/dev/full", "2>&-", "2>&1 >/dev/null | true; exit ${PIPESTATUS[0]}"])
def test_standard_error_that_nobody_reads_changes_no_exit_code(commands, tmp_path, streams):
    line = " ".join(f"'{part}'" for part in commands["pack"][0])
    assert shell(f"'{BIN}/sedic-inspect' none.sedic {streams}").returncode == 74
    assert shell(f"{line} -o '{tmp_path}/x.sedic' {streams}").returncode == 0
    assert shell(f"'{BIN}/sedic-pack' {streams}").returncode == 2


# --- missing weights


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """A copy of the package, to take weights from."""
    copy = tmp_path_factory.mktemp("copy") / "sedicfmt"
    shutil.copytree(Path(sedicfmt.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


LATENT, RESTORER, HEAD = (
    f"latents/nano/{MODELS[DEFAULT_MODEL].file}",
    "decoders/nano/sedic-nano-restorer-3.safetensors",
    "encoders/offline/mask_head.npz",
)


@pytest.mark.parametrize("fault", ["missing", "cut"])
@pytest.mark.parametrize(
    ("weights", "tool"),
    [
        (LATENT, "unpack"),
        pytest.param(LATENT, "pack", marks=pytest.mark.slow),
        pytest.param(RESTORER, "restore", marks=pytest.mark.slow),
        pytest.param(HEAD, "describe", marks=pytest.mark.slow),
    ],
)
def test_weights_that_are_missing_or_cut(commands, annotated, small_file, tmp_path, package, weights, tool, fault):
    lines = {name: (*line, "-o", tmp_path / file) for name, (line, file) in commands.items()}
    lines["restore"] = (BIN / "sedic-unpack", small_file, "-o", tmp_path / "x.png")
    lines["describe"] = (BIN / "sedic-pack", annotated[0], "-o", tmp_path / "x.sedic")
    kept = (package / weights).read_bytes()
    (package / weights).unlink()
    if fault == "cut":
        (package / weights).write_bytes(kept[:1000])
    try:
        done = run(*lines[tool], env={**os.environ, "PYTHONPATH": str(package.parent)})
    finally:
        (package / weights).write_bytes(kept)
    assert_told(done, 8, Path(weights).name)
    assert_untouched(tmp_path, {})


# --- interrupted download

FETCHED = """
import sys
from argparse import Namespace
from sedic_tools.commands.command import run
from sedicfmt.networks.hub import find_file
sys.exit(run(lambda _: find_file("someone/model:weights.safetensors") and 0, Namespace(json=False)))
"""


class CutShort(BaseHTTPRequestHandler):
    """A model hub that states 100,000 bytes, sends 1,000 and hangs up."""

    def do_HEAD(self):
        self.send_response(200)
        for name, value in (("Content-Length", "100000"), ("ETag", '"a"'), ("X-Repo-Commit", "0" * 40)):
            self.send_header(name, value)
        self.end_headers()

    def do_GET(self):
        self.do_HEAD()
        self.wfile.write(bytes(1000))
        self.close_connection = True

    def log_message(self, *_):
        pass


@pytest.mark.slow
def test_a_download_that_breaks(tmp_path):
    pytest.importorskip("huggingface_hub")
    with ThreadingHTTPServer(("127.0.0.1", 0), CutShort) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        hub = {"HF_ENDPOINT": f"http://127.0.0.1:{server.server_port}", "HF_HUB_CACHE": str(tmp_path)}
        done = run(sys.executable, "-c", FETCHED, env={**os.environ, **hub, "HF_HUB_DISABLE_XET": "1"})
        server.shutdown()
    assert done.returncode == 8, done.stderr
    assert "hf download someone/model weights.safetensors" in done.stderr.decode().splitlines()[-1]
    assert b"Traceback" not in done.stderr
    assert not list(tmp_path.rglob("weights.safetensors"))
