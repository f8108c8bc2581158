"""The ancestral sampler beside DDIM: the posterior written out, DDIM without its noise, the same picture twice."""

import dataclasses
import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the restoring loop needs torch (the torch extra)")

from sedicfmt.decoders.interfaces import ObjectToRestore  # noqa: E402
from sedicfmt.decoders.orag.loop import Restoration  # noqa: E402
from sedicfmt.decoders.orag.noise import normal_numbers, step_stream  # noqa: E402
from sedicfmt.decoders.orag.restorer import OragRestorer  # noqa: E402
from sedicfmt.decoders.orag.scheduler_ddim import Ddim  # noqa: E402
from tests.backends.toy_model import PLAIN, left_half, request, toy_model  # noqa: E402

ALPHAS = [0.999 - 0.0199 * t for t in range(50)]
STEPS = [(49, 30), (30, 29), (12, 0), (1, 0)]


def drawn(seed):
    return torch.randn(1, 3, 4, 4, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize(("t", "s"), STEPS)
def test_a_step_is_a_draw_from_the_posterior(t, s):
    """DDPM's equations 6 and 7 with beta of the two levels that are used (DiffBIR's respaced betas)."""
    z, x, n = drawn(1), drawn(2), drawn(3)
    a, b = ALPHAS[t], ALPHAS[s]
    beta = 1 - a / b
    mean = math.sqrt(b) * beta / (1 - a) * x + math.sqrt(a / b) * (1 - b) / (1 - a) * z
    expected = mean + math.sqrt(beta * (1 - b) / (1 - a)) * n
    assert torch.allclose(Ddim(ALPHAS, "sample").step(z, x, t, s, n), expected, rtol=1e-9)


@pytest.mark.parametrize(("t", "s"), STEPS)
def test_without_a_share_of_noise_it_is_ddim(t, s):
    scheduler, z, x, n = Ddim(ALPHAS, "sample"), drawn(1), drawn(2), drawn(3)
    ddim = scheduler.step(z, x, t, s)
    assert torch.equal(scheduler.step(z, x, t, s, n, share=0.0), ddim)
    assert not torch.allclose(scheduler.step(z, x, t, s, n), ddim, atol=1e-3)


def test_noise_keeps_the_variance_of_its_level():
    """A perfect prediction of pure noise over zero: z_s has the variance 1 - alpha_bar_s, whatever the share."""
    scheduler, noise = Ddim(ALPHAS, "sample"), torch.Generator().manual_seed(5)
    z, n = (torch.randn(200_000, generator=noise) for _ in range(2))
    z = z * scheduler.noise_variance(40) ** 0.5
    for share in (0.0, 0.5, 1.0):
        moved = scheduler.step(z, torch.zeros_like(z), 40, 10, n, share)
        assert float(moved.var()) == pytest.approx(scheduler.noise_variance(10), rel=0.02)


def test_the_last_step_and_a_level_of_pure_noise():
    z, x, n = drawn(1), drawn(2), drawn(3)
    assert torch.equal(Ddim(ALPHAS, "sample").step(z, x, 5, -1, n), x)
    zero = Ddim([0.9, 0.5, 0.0], "sample").step(z, x, 2, 1, n)  # models trained to zero terminal signal
    assert torch.allclose(zero, 0.5**0.5 * x + 0.5**0.5 * n)


def test_spacing_to_both_ends():
    scheduler = Ddim([0.5] * 1000)
    assert scheduler.timesteps(10, "ends") == [999, 888, 777, 666, 555, 444, 333, 222, 111, 0]
    assert scheduler.timesteps(1, "ends") == [999]
    for count in (2, 3, 7, 50, 999, 1000):
        times = scheduler.timesteps(count, "ends")
        assert (times[0], times[-1], len(set(times))) == (999, 0, count) and times == sorted(times, reverse=True)


# -- in the loop -------------------------------------------------------------------------------------------------------

ANCESTRAL = dataclasses.replace(PLAIN, sampler="ancestral")
DOG = [ObjectToRestore("dog", left_half())]


def restored(settings, seed=3):
    return OragRestorer(toy_model(keep=0.5), settings).restore(request(DOG, seed=seed)).picture


def test_the_seed_decides_the_noise_of_every_step():
    assert np.array_equal(restored(ANCESTRAL), restored(ANCESTRAL))
    assert not np.array_equal(restored(ANCESTRAL), restored(ANCESTRAL, seed=4))
    assert not np.array_equal(restored(ANCESTRAL), restored(PLAIN))


@pytest.mark.parametrize("shared", [True, False])
def test_each_step_has_a_stream_of_its_own_and_the_last_none(shared):
    run = Restoration(toy_model(), dataclasses.replace(ANCESTRAL, shared_noise=shared), request(DOG, seed=3))
    steps = list(run.walk([9, 7, 4], 1))
    assert [(s.number, s.t, s.t_next) for s in steps] == [(1, 9, 7), (2, 7, 4), (3, 4, -1)] and steps[2].noise is None
    for i in range(2):
        expected = normal_numbers(3, step_stream(0 if shared else 1, i), run.latent0.numel())
        assert np.array_equal(steps[i].noise.numpy().ravel(), expected)
    assert all(s.noise is None for s in Restoration(toy_model(), PLAIN, request(DOG)).walk([9, 7, 4], 1))


def test_streams_of_steps_are_never_those_of_stages():
    streams = {step_stream(stage, step) for stage in range(5) for step in range(1000)}
    assert len(streams) == 5000 and min(streams) >= 1 << 32
