"""sedic-eval as its users run it: pages, going on after a kill, two folders scored, what is wrong told."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from tests.conftest import draw_photo

BIN = Path(sys.executable).parent
TOY = Path(__file__).parents[1] / "harness" / "toy_codec.py"
CONFIG = f"""
name = "Toys & <others>"
pictures = "in"
metrics = ["psnr", "grid"]
anchor = "toy"

[[source]]
name = "toy"
codec = "external"
encode = "{sys.executable} {TOY} encode {{input}} {{file}} {{setting}}"
decode = "{sys.executable} {TOY} decode {{file}} {{output}} {{width}}x{{height}}"
settings = [3, 5, 7, 9]
note = "a toy"

[[published]]
name = "somebody's"
file = "published.csv"
"""


def run(*arguments, **more):
    return subprocess.run(
        [BIN / "sedic-eval", *map(str, arguments)], capture_output=True, text=True, check=False, **more
    )


@pytest.fixture
def place(tmp_path, monkeypatch):
    if not (BIN / "sedic-eval").exists():
        pytest.skip("sedic-eval is not installed")
    (tmp_path / "in").mkdir()
    for seed in range(3):
        draw_photo(96, 64, seed).save(tmp_path / "in" / f"p{seed}.png")
    (tmp_path / "x.toml").write_text(CONFIG)
    (tmp_path / "published.csv").write_text("bpp,psnr\n0.5,21\n1,24\n2,27\n4,30\n")
    monkeypatch.setenv("TOY_LOG", str(tmp_path / "log"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def table(folder):
    with (folder / "results.csv").open() as stream:
        return [
            {k: v for k, v in row.items() if "seconds" not in k and "peak" not in k} for row in csv.DictReader(stream)
        ]


def test_an_experiment_is_one_command(place):
    done = run("--config", "x.toml", "-o", "out", "--json")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["point"] for line in lines[:-1]] == ["3", "5", "7", "9"]
    assert all(line["pictures"] == line["of"] == 3 and line["bpp"] > 0 for line in lines[:-1])
    page = (place / "out" / "report.html").read_text()
    assert "Toys &amp; &lt;others&gt;" in page and "<others>" not in page
    assert not re.search(r'(src|href)="(?!data:)', page) and "@import" not in page  # asks for nothing outside it
    assert page.count("data:image/png;base64,") == 3 * 2
    assert "somebody's (published)" in page.replace("&#x27;", "'") and str(place) not in page
    text = (place / "out" / "report.md").read_text()
    assert "sedic-eval --config x.toml -o out --json" in text and "BD-rate against toy" in text
    assert "toy: a toy; the size is not paid for" in text
    with Image.open(place / "out" / "crops.png") as sheet:
        assert sheet.width > 2 * 96
    held = json.loads((place / "out" / "compressai" / "toy.json").read_text())
    assert len(held["results"]["bpp"]) == len(held["results"]["psnr-rgb"]) == 4
    with (place / "out" / "summary.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 8 and rows[0]["library"].startswith("numpy ") and rows[0]["protocol"]


def test_a_killed_run_goes_on_and_ends_as_an_undisturbed_one(place):
    command = [BIN / "sedic-eval", "--config", "x.toml", "-o", "out"]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    log = place / "log"
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and (not log.exists() or len(log.read_text().splitlines()) < 7):
        time.sleep(0.05)
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    before = len(log.read_text().splitlines())
    assert not (place / "out" / "report.md").exists()
    assert run("--config", "x.toml", "-o", "out").returncode == 0
    after = len(log.read_text().splitlines()) - before
    assert after <= 24 - before + 1  # at most the one that was under way is done again
    assert run("--config", "x.toml", "-o", "other").returncode == 0
    assert table(place / "out") == table(place / "other")


def test_options_of_the_command_line(place):
    done = run(
        "in", "--codec", "JPEG", "--bytes", "900", "--bytes", "1500", "--metrics", "psnr", "--every", "2", "--jobs", "2"
    )
    assert done.returncode == 0, done.stderr
    assert "JPEG, 1500 bytes, 2 of 2 pictures" in done.stdout
    assert {path.name for path in place.iterdir()} == {"in", "x.toml", "published.csv"}  # nothing is written unasked


def test_two_folders_are_scored(place):
    (place / "made").mkdir()
    (place / "bits").mkdir()
    for seed in range(3):
        draw_photo(96, 64, seed).convert("L").save(place / "made" / f"p{seed}.png")
        (place / "bits" / f"p{seed}.bin").write_bytes(b"x" * 96)
    command = ("score", "--recon", "made", "--gt", "in", "--metrics", "psnr,grid")
    done = run(*command, "--bits", "bits", "-o", "out", "--json")
    assert done.returncode == 0, done.stderr
    line = json.loads(done.stdout.splitlines()[0])
    assert line["bpp"] == 0.125 and 5 < line["psnr"] < 60
    plain = run(*command, "--json")
    assert json.loads(plain.stdout.splitlines()[0])["psnr"] == line["psnr"]
    (place / "made" / "p1.png").unlink()
    lacking = run(*command)
    assert lacking.returncode == 2 and "no picture for 1 of 3 photos, such as p1" in lacking.stderr
    draw_photo(95, 64).save(place / "made" / "p1.png")
    assert "p1 in made has 95x64, its photo 96x64 pixels" in run(*command).stderr


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("in",), 2, "nothing to measure"),
        (("nowhere", "--codec", "JPEG", "--bytes", "900"), 74, "nowhere"),
        (("in", "--codec", "JPEG"), 2, "give bytes, bpp or settings"),
        (("in", "--codec", "JPEG", "--bytes", "900", "--metrics", "ssim"), 2, "no metric 'ssim'"),
        (("in", "--codec", "JPEG", "--bytes", "900", "--jobs", "0"), 2, "no number of processes"),
        (("in", "--codec", "FLIF", "--bytes", "900"), 1, "no codec 'FLIF'"),
        (("--config", "published.csv"), 2, "is no TOML"),
        (("in", "--prepare", "kodak", "--codec", "JPEG", "--bytes", "900"), 2, "Kodak's have 768x512"),
    ],
)
def test_what_is_wrong_is_told_in_a_line(place, arguments, code, told):
    done = run(*arguments)
    assert done.returncode == code and told in done.stderr and "Traceback" not in done.stderr


def test_the_metrics_are_listed():
    if not (BIN / "sedic-eval").exists():
        pytest.skip("sedic-eval is not installed")
    done = run("--metrics", "list")
    assert done.returncode == 0 and "fid-256 (usual): torchmetrics" in done.stdout


@pytest.mark.slow
def test_sedic_files_with_any_options(place):
    words = place / "words.json"
    words.write_text('{"overall": "A ball on soft ground."}')
    pack = f"--pack=--describe annotations:{words}"
    done = run(
        "in", pack, "--model", "av1", "--restorer", "none", "--bytes", "300", "--metrics", "psnr", "-o", "out", "--json"
    )
    assert done.returncode == 0, done.stderr
    line = json.loads(done.stdout.splitlines()[0])
    assert line["pictures"] == 3 and line["bytes"] <= 300 and "encode_seconds" in line
    again = run(
        "in",
        pack,
        "--model",
        "av1",
        "--restorer",
        "nano",
        "--bytes",
        "300",
        "--metrics",
        "psnr",
        "-o",
        "out",
        "--json",
        "--jobs",
        "2",
    )
    assert again.returncode == 0, again.stderr
    told = json.loads(again.stdout.splitlines()[0])
    assert told["bytes"] == line["bytes"] and told["encode_seconds"] == line["encode_seconds"]  # not packed again
    assert told["psnr"] != line["psnr"]
    bad = run("in", "--sedic", "--pack=--max-bytes 5", "--bytes", "300", "--metrics", "psnr")
    assert bad.returncode == 1 and "--max-bytes is the harness's own to set" in bad.stderr


@pytest.mark.slow
def test_a_restorer_of_diffusers_runs_through(place):
    pytest.importorskip("diffusers", reason="diffusion models need the diffusion extra")
    from tests.backends.tiny_models import build_tiny_stable_diffusion

    build_tiny_stable_diffusion(place / "sd", with_controlnet=True)
    (place / "words.json").write_text('{"overall": "A ball on soft ground."}')
    given = (
        "in",
        "--every",
        "2",
        "--pack=--describe annotations:words.json",
        "--model",
        "av1",
        "--metrics",
        "psnr",
        "--json",
    )
    steps = "--unpack=--steps 2"
    done = run(
        *given, "--restorer", "diffusers:sd,sd/controlnet", steps, "-o", "out", env=os.environ | {"HF_HUB_OFFLINE": "1"}
    )
    assert done.returncode == 0, done.stderr
    line = json.loads(done.stdout.splitlines()[0])
    assert (line["pictures"], line["of"]) == (2, 2) and 3 < line["psnr"] < 60 and "decode_seconds" in line
    page = (place / "out" / "report.md").read_text()
    assert "sedic-unpack --steps 2 --restorer diffusers:sd,sd/controlnet; sedicfmt" in page
