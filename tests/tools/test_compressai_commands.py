"""The paper's codec by the commands alone: trained, exported, packed, inspected and unpacked, each in a process of its own."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import sedicfmt
import tests.torchvision_beside.sitecustomize
from sedicfmt.latents.painting import decode_latent, paint_reference
from tests.conftest import draw_photo

torch = pytest.importorskip("torch", reason="training needs torch (the train extra)")
pytest.importorskip("compressai", reason="this needs compressai (the extra of that name)")

BESIDE = Path(tests.torchvision_beside.sitecustomize.__file__).parent
MODEL = "compressai:cheng2020-attn"
SMALL = ["channels=16", "start=", "steps=2", "batch=1", "crop=64", "warmup=0"]


@pytest.fixture
def run(tmp_path):
    """Runs a command in a process of its own; gives its standard output, or the error's where it ends with `code`."""
    path = os.pathsep.join([str(BESIDE), *os.environ.get("PYTHONPATH", "").split(os.pathsep)])
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": path, "TORCH_HOME": str(tmp_path / "torch")}
    environment.pop("SEDIC_CHECKPOINTS", None)

    def call(name, *arguments, code=0, **more):
        command = [sys.executable, "-m", f"sedic_tools.commands.{name}", *map(str, arguments)]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment | more, capture_output=True, text=True, check=False
        )
        assert done.returncode == code, done.stderr
        return done.stderr if code else done.stdout

    return call


def tensors_of(path):
    return torch.load(path, weights_only=True)


@pytest.mark.slow
def test_trained_exported_packed_inspected_and_unpacked(run, tmp_path):
    (tmp_path / "photos").mkdir()
    for seed in range(2):
        draw_photo(160, 140, seed).save(tmp_path / f"photos/{seed}.png")
    draw_photo(150, 90, 5).save(tmp_path / "photo.png")
    small = [word for setting in SMALL for word in ("--set", setting)]
    run("train", "run", "cheng2020", "--data", "photos", "--out", "RUN", *small)
    digest = run("train", "export", "RUN/checkpoint.pt", "w.pth.tar").split()[0]

    packed = run("pack", "photo.png", "-o", "a.sedic", "--objects", 0, "--words-overall", 0, "--model", f"{MODEL}@w.pth.tar",
                 "--json")  # fmt: skip
    assert json.loads(packed)["report"]["latent_model"] == MODEL
    plain = json.loads(run("inspect", "a.sedic", "--json"))["models"]["latent"]
    assert plain | {"symbols": ""} == {
        "id": 5, "name": "compressai", "architecture": "cheng2020-attn", "checkpoint": digest, "symbols": "",
    }  # fmt: skip

    # the same symbols in other processes: with the checkpoint named here, there and here found by its digest
    told = json.loads(run("inspect", "a.sedic", "--json", "--check", "--model", f"{MODEL}@w.pth.tar"))["digests"]
    run("unpack", "a.sedic", "-o", "found.png", "--stage", "reference", SEDIC_CHECKPOINTS=str(tmp_path))
    file, model = sedicfmt.read(tmp_path / "a.sedic"), f"{MODEL}@{tmp_path}/w.pth.tar"
    assert decode_latent(file, model).digests() == told
    shown = np.asarray(Image.open(tmp_path / "found.png"))
    assert np.array_equal(shown, np.asarray(paint_reference(file, decode_latent(file, model))))
    assert shown.shape == (90, 150, 3)

    # other weights, and none
    tensors = tensors_of(tmp_path / "w.pth.tar")
    tensors["h_s.0.weight"].view(-1)[0] += 1e-3
    torch.save(tensors, tmp_path / "other.pth.tar")
    again = ("unpack", "a.sedic", "-o", "b.png", "--stage", "reference")
    told = run(*again, "--model", f"{MODEL}@other.pth.tar", code=8)
    assert f"cheng2020-attn {digest} and cannot be decoded with another" in told
    told = run(*again, code=8)
    assert digest in told and "SEDIC_CHECKPOINTS" in told and f"--model {MODEL}@FILE" in told
    assert not (tmp_path / "b.png").exists()

    # the harness packs and unpacks with the same checkpoint
    bare = "--pack=--objects 0 --words-overall 0"
    told = run(
        "eval", "photos", "--model", f"{MODEL}@w.pth.tar", bare, "--restorer", "none", "--metrics", "psnr", "--json",
        "-o", "measured",
    )  # fmt: skip
    row = json.loads(told.splitlines()[0])
    assert (row["pictures"], row["of"]) == (2, 2) and row["bytes"] > 20 and 3 < row["psnr"] < 40
    if find_spec("matplotlib"):  # what CompressAI draws its curves with: it takes ours as its own
        from compressai.utils.plot.__main__ import parse_json_file

        drawn = parse_json_file(tmp_path / "measured" / "compressai" / "sedic.json", "psnr")
        assert drawn["xs"] == [row["bpp"]] and drawn["ys"] == [row["psnr"]]

    # CompressAI's own form: it reads it as it reads its own
    from compressai.zoo import load_state_dict
    from compressai.zoo.image import model_architectures

    net = model_architectures["cheng2020-attn"].from_state_dict(load_state_dict(tensors_of(tmp_path / "w.pth.tar")))
    assert net.N == 16 and not net.update()
