"""sedic-train as its users use it: packs, short runs, kills, curves, pieces."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs torch (the train extra)")

import torch

from sedic_tools.commands.train import main
from sedicfmt.training.photos import CropShape, CropSource
from tests.conftest import draw_photo

TRAIN = [sys.executable, "-m", "sedic_tools.commands.train"]
SMALL = ["--set", "batch=1", "--set", "crop=64", "--set", "widths=4,4,4", "--set", "klt_crops=4", "--every", "2"]
ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1"}


@pytest.fixture
def train(monkeypatch, capsys):
    """Runs the command in this process (torch takes seconds to import); gives (standard output, standard error)."""

    def call(*arguments, code=0):
        monkeypatch.setattr(sys, "argv", ["sedic-train", *map(str, arguments)])
        assert main() == code
        return capsys.readouterr()

    return call


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    for seed in range(4):
        draw_photo(220, 200, seed).save(folder / f"{seed}.png")
    return folder


def lines(out: Path) -> list[dict]:
    return [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]


def losses(out: Path) -> list[tuple]:
    return [(line["step"], line["loss"]) for line in lines(out)]


@pytest.mark.slow
def test_a_killed_run_has_the_curve_of_one_that_was_not(photos, tmp_path):
    """In processes alike: so few crops leave most of the KLT to rounding, which threads change."""
    start = ["run", "codec-tiny", "--data", photos, *SMALL, "--set", "steps=40", "--threads", "1"]

    def train(*line):
        subprocess.run([*TRAIN, *map(str, line)], env=ENVIRONMENT, check=True)

    train(*start, "--out", tmp_path / "whole")
    killed = subprocess.Popen([*TRAIN, *map(str, start), "--out", tmp_path / "killed"], env=ENVIRONMENT)
    while not (tmp_path / "killed" / "log.jsonl").exists() or len(lines(tmp_path / "killed")) < 4:
        assert killed.poll() is None, "it ended before it could be killed"
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert len(lines(tmp_path / "killed")) < 20
    train(*start, "--out", tmp_path / "killed")
    whole, mended = losses(tmp_path / "whole"), losses(tmp_path / "killed")
    assert [step for step, _ in mended] == list(range(2, 41, 2))
    assert [loss for _, loss in mended] == pytest.approx([loss for _, loss in whole], rel=1e-5)


@pytest.mark.slow
def test_a_minute_of_training_gives_weights_that_decode(tmp_path, train):
    """The loss falls, and a picture goes through the exported model and back."""
    from safetensors.numpy import load_file

    from sedicfmt.latents.nano import analyse
    from sedicfmt.latents.nano.decode import decode_payloads
    from sedicfmt.latents.nano.nano_latent import NanoLatent
    from sedicfmt.model import SedicFile

    (tmp_path / "photos").mkdir()
    for seed in range(8):
        draw_photo(220, 200, seed).save(tmp_path / "photos" / f"{seed}.png")
    train("pack", tmp_path / "photos", tmp_path / "photos.zip")
    more = ["--check", tmp_path / "photos", "--every", "10"]
    train("run", "codec-tiny", "--data", tmp_path / "photos.zip", "--out", tmp_path / "run", *more)
    seen = lines(tmp_path / "run")
    assert seen[-1]["step"] == 60
    assert seen[-1]["loss"] < 0.95 * seen[0]["loss"]  # the KLT is a good start
    assert seen[-1]["check_psnr"] > 15
    train("export", tmp_path / "run/checkpoint.pt", tmp_path / "w.safetensors")
    model = NanoLatent(load_file(tmp_path / "w.safetensors"))
    picture = np.array(draw_photo(160, 96, 9))
    latent = analyse.analyse(picture, model)
    payload, symbols, mean = latent.coded()
    decoded = decode_payloads(SedicFile(160, 96, 2, latent.z_payload, payload), model)
    assert np.array_equal(decoded.y, symbols)
    restored = model.synthesise(symbols, mean, 160, 96).astype(float)
    assert np.mean((restored - picture) ** 2) < 0.5 * picture.var()


def test_the_command_stands_by_itself():
    done = subprocess.run([*TRAIN, "--help"], capture_output=True, text=True)
    assert done.returncode == 0
    assert "goes on where it stopped" in done.stdout


def test_slots_curves_weights_and_pieces(photos, tmp_path, train, monkeypatch):
    klt = np.eye(192, 3072, dtype=np.float32), np.ones(192, np.float32)
    monkeypatch.setattr("sedicfmt.training.train_codec.fit_klt", lambda *arguments: klt)  # it takes seconds
    start = ["run", "codec-tiny", "--data", photos, "--out", tmp_path, *SMALL, "--set", "steps=4", "--threads", "1"]
    assert "from step 0 of 4" in train(*start, "--minutes", "0").out  # a slot that is too short writes its start
    assert "at step 4" in train(*start).out
    train("plot", tmp_path / "log.jsonl", tmp_path / "curves.svg")
    assert "bpp_y" in (tmp_path / "curves.svg").read_text()
    train("weights", tmp_path / "checkpoint.pt", tmp_path / "w.safetensors", "--pieces")
    whole = (tmp_path / "w.safetensors").read_bytes()
    (tmp_path / "w.safetensors").unlink()
    train("join", tmp_path / "w.safetensors")
    assert (tmp_path / "w.safetensors").read_bytes() == whole
    (tmp_path / "w.safetensors.000").write_bytes(b"")
    assert "is one missing" in train("join", tmp_path / "w.safetensors", code=6).err


def test_mistakes_are_told_in_a_line(photos, tmp_path, train):
    run = ["run", "--data", photos, "--out", tmp_path]
    assert "codec-tiny" in train(*run, "nothing", code=2).err
    assert "no setting colour" in train(*run, "codec-tiny", "--set", "colour=red", code=2).err
    assert "is no int" in train(*run, "codec-tiny", "--set", "steps=many", code=2).err
    (tmp_path / "kind.toml").write_text('kind = "painter"')
    assert "painter" in train(*run, tmp_path / "kind.toml", code=2).err
    (tmp_path / "not.zip").write_bytes(b"no archive")
    arguments = ["run", "codec-tiny", "--data", tmp_path / "not.zip", "--out", tmp_path]
    assert "nor a pack" in train(*arguments, code=2).err
    assert "not a training log" in train("plot", tmp_path / "not.zip", tmp_path / "x.svg", code=2).err


def test_a_pack_keeps_within_its_size_and_leaves_out_what_it_should(tmp_path):
    from sedicfmt.training.packed import load_photos, pack

    (tmp_path / "photos/apart").mkdir(parents=True)
    for seed in range(6):
        draw_photo(300, 200, seed).save(tmp_path / f"photos/apart/{seed}.png")
    assert pack(tmp_path / "photos", tmp_path / "all.zip", side=128) == 6
    assert pack(tmp_path / "photos", tmp_path / "some.zip", "apart", side=128) == 5
    assert pack(tmp_path / "photos", tmp_path / "again.zip", "apart", side=128) == 5
    assert (tmp_path / "again.zip").read_bytes() == (tmp_path / "some.zip").read_bytes()
    whole = (tmp_path / "all.zip").stat().st_size
    assert 0 < pack(tmp_path / "photos", tmp_path / "small.zip", side=128, most=200_000 + whole // 2) < 6
    images, _, digest = load_photos(tmp_path / "all.zip")
    assert [im.size for im in images] == [(128, 128)] * 6
    assert len(digest) == 64


def test_crops_do_not_depend_on_threads(photos):
    from sedicfmt.training.packed import load_photos

    images = load_photos(photos).images
    plain, threaded = (CropSource(images, CropShape(64), 3, threads) for threads in (0, 3))
    for step in (0, 1, 5):
        assert (plain.batch(4, step) == threaded.batch(4, step)).all()
    assert (plain.batch(4, 0) != plain.batch(4, 1)).any()


class _Hostile:
    """What opens a file of its own when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


@pytest.mark.parametrize("content", ["code", "another file's", "no"])
def test_a_strangers_checkpoint_runs_no_code(train, tmp_path, content):
    checkpoint, trace = tmp_path / "checkpoint.pt", tmp_path / "trace"
    if content == "no":
        checkpoint.write_bytes(b"no checkpoint")
    else:
        torch.save({"average": _Hostile(trace) if content == "code" else 1}, checkpoint)
    told = train("weights", checkpoint, tmp_path / "w.safetensors", code=2).err
    assert told.splitlines()[-1].endswith(f"{checkpoint} is no checkpoint of a run")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint.pt"]
