"""benchmark_orag: the straightforward program gives our picture, the savings change no numbers, and the tool runs."""

import json
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")
pytest.importorskip("transformers")

from sedic_tools.pages.benchmark_orag import ROWS, table  # noqa: E402
from sedic_tools.pages.random_diffusion import build_model, build_request, text_config, unet_config, vae_config  # noqa: E402
from sedic_tools.pages.straightforward_orag import StraightforwardOrag, SwitchedDenoiser  # noqa: E402
from sedicfmt.decoders.diffusers.latent_space import VaeSpace  # noqa: E402
from sedicfmt.decoders.orag.attention_guidance import Guidance  # noqa: E402
from sedicfmt.decoders.orag.restorer import OragRestorer  # noqa: E402
from sedicfmt.decoders.orag.settings import OragSettings  # noqa: E402

STRONG = Guidance(eta=2000.0)  # so that a wrong gradient shows in a model that has learned nothing
SETTINGS = OragSettings(object_steps=4, steps=2, guidance=STRONG, round_trip=True, colour="none")


class RememberingSpace(VaeSpace):
    """Keeps what is decoded. A latent that it made itself it decodes to the very picture, for the paper has no round trip
    of the reference picture."""

    def __init__(self, vae):
        super().__init__(vae)
        self.made, self.decoded = [], []

    def encode(self, picture):
        latent = super().encode(picture)
        self.made.append((latent, picture))
        return latent

    def decode(self, latent):
        for own, picture in self.made:
            if own is latent:
                return picture
        self.decoded.append(latent)
        return super().decode(latent)


@pytest.fixture(scope="module")
def model():
    return build_model(0.02, torch.float32, "cpu")


def restored(kind, model, settings=SETTINGS, **switches):
    """The picture and the latents that were decoded: each object's, if there are round trips, and the last."""
    space, denoiser = RememberingSpace(model.space.vae), SwitchedDenoiser(model.denoiser, **switches)
    picture = kind(replace(model, space=space, denoiser=denoiser), settings).restore(
        build_request((128, 64), objects=2)
    )
    return picture.picture.astype(int), torch.cat(space.decoded)


def assert_same(one, other):
    assert np.abs(one[0] - other[0]).max() <= 1 and one[0].std() > 5
    assert torch.allclose(one[1], other[1], atol=1e-5 * one[1].abs().max())


@pytest.mark.parametrize("full", [False, True])
def test_the_straightforward_program_gives_our_picture(model, full):
    settings, other = (replace(SETTINGS, guidance=replace(STRONG, full_gradient=f)) for f in (full, not full))
    ours = restored(OragRestorer, model, settings)
    assert len(ours[1]) == 3
    assert_same(ours, restored(StraightforwardOrag, model, settings, batched=False, leaves=False))
    for otherwise in (replace(SETTINGS, guidance=None), other):
        changed = restored(OragRestorer, model, otherwise)
        assert (changed[1] - ours[1]).abs().max() > 1e-3 * ours[1].abs().max()


@pytest.mark.parametrize("switches", [{"batched": False}, {"leaves": False}])
def test_batching_and_leaving_early_change_nothing(model, switches):
    settings = replace(SETTINGS, round_trip=False)
    assert_same(restored(OragRestorer, model, settings), restored(OragRestorer, model, settings, **switches))


def test_the_full_width_is_stable_diffusions():
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel

    with torch.device("meta"):
        nets = (
            UNet2DConditionModel(**unet_config(1.0)),
            AutoencoderKL(**vae_config(1.0)),
            CLIPTextModel(CLIPTextConfig(**text_config(1.0))),
        )
    assert [sum(p.numel() for p in net.parameters()) for net in nets] == [865_910_724, 83_653_863, 340_387_840]


@pytest.mark.slow
def test_the_tool_prints_a_row_for_each_way():
    size = "--width=0.02 --size=64x64 --object-steps=2 --steps=1 --objects=1 --runs=1 --device=cpu"
    run = [
        sys.executable,
        "-m",
        "sedic_tools.pages.benchmark_orag",
        *size.split(),
        "--json",
        "--rows=straightforward,ours",
    ]
    done = subprocess.run(run, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert "64x64, 1 x 2 + 1 steps, width 0.02" in told["machine"]
    assert list(told["rows"]) == ["straightforward", "ours"]
    for row in told["rows"].values():
        assert row["total"] == pytest.approx(row["objects"] + row["whole"]) and row["peak"] > 100e6


def test_the_table_compares_with_the_straightforward_program():
    row = {"total": 4.0, "objects": 3.0, "whole": 1.0, "cpu": 4.5, "first_run": 5.0, "peak": 2**30}
    lines = table(
        {"straightforward": row, "ours": {**row, "total": 2.0}, "compiled": {"error": "no | compiler"}}, "total"
    )
    assert "| straightforward | 4.00 | 3.00 | 1.00 | 1,024 MiB | 1.00 | 4.5 | 5.0 |" in lines
    assert "| **ours** | 2.00 | 3.00 | 1.00 | 1,024 MiB | 2.00 | 4.5 | 5.0 |" in lines
    assert "| **ours, compiled** | no / compiler |" in lines
    assert all(line.count("|") == 9 for line in lines.splitlines())
    assert {row.title for row in ROWS.values()} >= {"straightforward", "**ours**"}
