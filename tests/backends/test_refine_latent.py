"""A latent refined for its picture: nearer at the same bytes, and never over a budget."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

import sedicfmt
from sedicfmt.container.content import write_file
from sedicfmt.errors import EncodeError
from sedicfmt.latents.allocated import DEFAULT_MODEL
from sedicfmt.latents.nano import refine as refine_latent
from sedicfmt.latents.nano import search_refined
from sedicfmt.latents.nano.analyse import analyse_at, coded_picture
from sedicfmt.latents.nano.search import NanoEncoder
from sedicfmt.latents.nano.search_refined import RefiningEncoder
from sedicfmt.latents.nano.weights import load_latent_model
from sedicfmt.latents.painting import decode_latent, paint_reference
from sedicfmt.model import SedicFile
from sedicfmt.picture import psnr
from sedicfmt.pipeline.rate_control import fill, size_with
from tests.conftest import draw_photo
from tests.tools.test_commands import run

pytestmark = pytest.mark.usefixtures("one_thread")
BUDGET = 150


def noisy_photo(seed):
    """Soft things with a little texture: a latent has something to choose."""
    pixels = np.asarray(draw_photo(320, 224, seed), np.int16)
    return np.clip(pixels + np.random.default_rng(seed).normal(0, 8, pixels.shape), 0, 255).astype(np.uint8)


def coded(coder, pixels):
    """The file within BUDGET, its report, and the PSNR of its picture."""
    bare = SedicFile(pixels.shape[1], pixels.shape[0], DEFAULT_MODEL, b"", b"")
    latent = coder(pixels, DEFAULT_MODEL).best(size_with(bare), BUDGET, 1)
    file = fill(bare, latent)
    return file, latent.settings, psnr(pixels, np.asarray(paint_reference(file, decode_latent(file))))


@pytest.mark.parametrize("seed", [0, 1])
def test_a_refined_picture_is_nearer_within_the_same_budget(seed):
    pixels = noisy_photo(seed)
    plain, settings, before = coded(NanoEncoder, pixels)
    refined, told, after = coded(RefiningEncoder, pixels)
    assert told["refined"] and "refined" not in settings
    assert len(write_file(refined)) <= BUDGET and refined.latent_scale == plain.latent_scale
    assert after > before + 0.02


def test_one_picture_gives_one_file():
    pixels = noisy_photo(2)
    torch.manual_seed(1)
    first = coded(RefiningEncoder, pixels)[0]
    torch.manual_seed(2)
    assert write_file(first) == write_file(coded(RefiningEncoder, pixels)[0])


def test_torch_and_numpy_paint_the_same():
    model = load_latent_model(DEFAULT_MODEL)
    _, symbols, mean = analyse_at(noisy_photo(3), 16, model).coded()
    y = torch.from_numpy((symbols + mean / 64).astype(np.float32))
    with torch.no_grad():
        painted = refine_latent.synthesis_of(model)(y[None])[0].permute(1, 2, 0).numpy()
    by_numpy = model.synthesise(symbols, mean, 320, 224)
    assert np.abs(np.clip((painted + 0.5) * 255, 0, 255) - by_numpy).max() < 0.51


def test_draws_are_near_an_integer_and_by_chance_the_nearer_one():
    x = torch.full((20000,), 2.25)
    found = refine_latent.drawn(x, refine_latent.LAST_TAU, torch.Generator().manual_seed(0))
    assert (found.round() - found).abs().mean() < 0.01
    assert set(found.round().int().tolist()) <= {2, 3} and (found.round() == 2).float().mean() > 0.99
    halves = refine_latent.drawn(x + 0.25, refine_latent.FIRST_TAU, torch.Generator().manual_seed(0))
    assert abs(halves.mean() - 2.5) < 0.01


def test_cost_is_equation_1_for_one_picture():
    class Grey(torch.nn.Module):
        def forward(self, y):
            return torch.zeros(1, 3, 32, 32)

    value, mean, index = torch.zeros(4, 1, 1), torch.zeros(4, 1, 1), torch.full((4, 1, 1), 20.0)
    wanted = torch.full((3, 32, 32), 10 / 255)
    loss = refine_latent.cost(value, mean, index, wanted, Grey(), 3e-4)
    sigma = 0.15 * 1.15**20
    bits = -4 * np.log2(torch.erf(torch.tensor(0.5 / sigma / 2**0.5)).item())
    assert loss.item() == pytest.approx(bits / 1024 + 3e-4 * 100, rel=1e-4)


def test_a_picture_too_large_is_left_as_it_is(monkeypatch):
    monkeypatch.setattr(search_refined, "MOST_PIXELS", 1000)
    pixels = noisy_photo(0)
    plain, refined = coded(NanoEncoder, pixels), coded(RefiningEncoder, pixels)
    assert write_file(plain[0]) == write_file(refined[0]) and "refined" not in refined[1]


def test_where_no_price_makes_it_fit_the_plain_one_stays(monkeypatch):
    monkeypatch.setattr(RefiningEncoder, "cheapest", lambda *unused: None)
    assert "refined" not in coded(RefiningEncoder, noisy_photo(0))[1]


def test_without_a_budget_too(photo):
    plain, refined = (sedicfmt.pack(photo, objects=0, refine=refine) for refine in (False, True))
    assert plain != refined and sedicfmt.read(plain).z == sedicfmt.read(refined).z


def test_av1_has_nothing_to_refine(photo):
    with pytest.raises(EncodeError, match="av1 has no latent to refine"):
        sedicfmt.pack(photo, model="av1", refine=True)


def test_command_line(tmp_path, photo):
    photo.save(tmp_path / "photo.png")
    done = run("pack", tmp_path / "photo.png", "-o", tmp_path / "a.sedic", "--max-bytes", 200, "--refine", "--json",
               "--model", "sedic-nano-2", "--objects", 0)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["report"]["refined"] is True
    assert (tmp_path / "a.sedic").stat().st_size <= 200


def test_coded_picture_has_the_latents_size():
    assert coded_picture(noisy_photo(0), 8).shape == (112, 160, 3)
