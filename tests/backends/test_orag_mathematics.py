"""The parts of the restoring loop that are formulas: equations 2 and 3, the scheduler's steps, the colour corrections."""

import itertools

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the restoring loop needs torch (the torch extra)")

from sedicfmt.decoders.interfaces import TokenSpan  # noqa: E402
from sedicfmt.decoders.orag.attention_guidance import energy, guide, mask_on_grid, name_in, named_tokens  # noqa: E402
from sedicfmt.decoders.orag.colour_correction import adain, low_frequencies, moments, wavelet  # noqa: E402
from sedicfmt.decoders.orag.scheduler_ddim import Ddim  # noqa: E402
from sedicfmt.errors import EncodeError  # noqa: E402
from tests.backends.toy_model import left_half, on_grids, toy_model  # noqa: E402

# -- equations 2 and 3 -------------------------------------------------------------------------------------------------


def random_maps(seed=0, tokens=5):
    generator = torch.Generator().manual_seed(seed)
    shapes = [(2, 4, 6), (3, 2, 3)]
    return [torch.rand(*s, tokens, generator=generator, dtype=torch.float64) for s in shapes]


def test_energy_is_equation_2():
    """Written out with loops over maps, heads and tokens."""
    maps, tokens = random_maps(), [1, 3]
    mask = torch.zeros(8, 12, dtype=torch.bool)
    mask[2:6, 4:10] = True
    parts = []
    for attention in maps:
        rows, columns = attention.shape[1:3]
        cells = [(y, x) for y in range(rows) for x in range(columns)]
        sy, sx = 8 // rows, 12 // columns
        inside = [
            c for c in cells if mask[c[0] * sy : c[0] * sy + sy, c[1] * sx : c[1] * sx + sx].float().mean() >= 0.5
        ]
        shares = []
        for head in attention:
            for k in tokens:
                shares.append((1 - sum(head[y, x, k] for y, x in inside) / sum(head[y, x, k] for y, x in cells)) ** 2)
        parts.append(sum(shares) / len(shares))
    assert float(energy(maps, on_grids(mask), tokens)) == pytest.approx(float(sum(parts) / len(parts)), rel=1e-5)


def test_energy_is_nothing_where_all_attention_is_inside():
    maps = torch.zeros(1, 4, 4, 2)
    maps[:, :2] = 1
    mask = torch.zeros(4, 4, dtype=torch.bool)
    mask[:2] = True
    assert float(energy([maps], on_grids(mask), [0, 1])) == 0
    assert float(energy([maps], on_grids(~mask), [0, 1])) == 1


def test_the_gradient_is_that_of_finite_differences():
    denoiser = toy_model().denoiser
    text = denoiser.encode_texts(["abc"]).embedding.double()
    mask = torch.from_numpy(left_half(4, 4).astype(bool))
    z = torch.randn(1, 3, 4, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)

    def value(x):  # in float64 throughout, as differences need
        a = denoiser.attention_maps(x, 0, text, x)[0][..., [0, 1]]
        return (1 - a[:, mask].sum(1) / a.sum((1, 2))).square().mean()

    moved, _ = guide(z, lambda x: denoiser.attention_maps(x, 0, text, x), on_grids(mask), [0, 1], eta=1.0)
    for place in [(0, 0, 0, 0), (0, 1, 2, 3), (0, 2, 3, 1)]:
        step = torch.zeros_like(z)
        step[place] = 1e-5
        difference = (value(z + step) - value(z - step)) / 2e-5
        assert float((z - moved)[place]) == pytest.approx(float(difference), rel=1e-3, abs=1e-8)


def test_the_energy_falls_within_a_guided_step():
    denoiser = toy_model().denoiser
    text = denoiser.encode_texts(["abc"]).embedding
    mask = torch.from_numpy(left_half().astype(bool))
    z = torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(2))
    _, energies = guide(z, lambda x: denoiser.attention_maps(x, 0, text, x), on_grids(mask), [0], eta=5.0, updates=6)
    assert len(energies) == 6
    assert all(after < before for before, after in itertools.pairwise(energies))


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (2, 3), (5, 7), (16, 24)])
def test_a_mask_never_vanishes_on_a_coarse_grid(rows, columns):
    mask = np.zeros((33, 47), bool)
    mask[20, 30] = True
    assert mask_on_grid(mask, rows, columns).any()
    assert mask_on_grid(np.ones((33, 47), bool), rows, columns).all()


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (2, 3), (5, 7), (16, 24), (33, 47)])
def test_shares_of_cells_are_those_of_torchs_adaptive_pooling(rows, columns):
    mask = np.random.default_rng(rows).random((33, 47)) < 0.4
    share = torch.nn.functional.adaptive_avg_pool2d(torch.from_numpy(mask).double()[None, None], (rows, columns))[0, 0]
    wanted = share >= min(float(share.max()), 0.5) - 1e-9
    assert np.array_equal(mask_on_grid(mask, rows, columns), wanted.numpy())


def test_names_and_their_tokens():
    assert name_in("Red boat in dark blue, wide") == "Red boat"
    assert name_in("lighthouse") == "lighthouse"
    assert name_in(", odd") == ", odd"
    spans = [TokenSpan(1, 0, 3), TokenSpan(2, 4, 8), TokenSpan(3, 12, 16)]
    assert named_tokens("Red boat in blue", spans, "name") == [1, 2]
    assert named_tokens("Red boat in blue", spans, "all") == [1, 2, 3]
    assert named_tokens("", [], "all") == []


# -- the scheduler and colours -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["epsilon", "v_prediction", "sample"])
def test_a_perfect_prediction_of_any_kind_goes_back_along_the_noise(kind):
    clean, noise = torch.randn(1, 3, 4, 4), torch.randn(1, 3, 4, 4)
    scheduler = Ddim(torch.linspace(0.99, 0.01, 50).tolist(), kind)
    a = scheduler.alpha_bar(40)
    v = a**0.5 * noise - (1 - a) ** 0.5 * clean
    prediction = {"epsilon": noise, "v_prediction": v, "sample": clean}[kind]
    z = scheduler.add_noise(clean, noise, 40)
    assert torch.allclose(z, a**0.5 * clean + (1 - a) ** 0.5 * noise)
    assert torch.allclose(scheduler.step(z, prediction, 40, 7), scheduler.add_noise(clean, noise, 7), atol=1e-5)
    assert torch.allclose(scheduler.step(z, prediction, 40, -1), clean, atol=1e-5)


def test_steps_are_trailing_all_different_and_no_more_than_levels():
    scheduler = Ddim([0.5] * 10)
    assert scheduler.timesteps(5) == [9, 7, 5, 3, 1]
    assert scheduler.timesteps(10) == list(range(9, -1, -1))
    with pytest.raises(EncodeError, match="11 steps"):
        scheduler.timesteps(11)


def test_colour_corrections_take_from_the_reference_what_they_say():
    restored, reference = torch.rand(1, 3, 40, 56), torch.rand(1, 3, 40, 56) * 0.5
    level = wavelet(restored, reference)
    assert torch.allclose(low_frequencies(level), low_frequencies(reference), atol=0.08)
    assert torch.allclose(level - low_frequencies(reference), restored - low_frequencies(restored), atol=1e-5)
    assert torch.allclose(low_frequencies(torch.full((1, 3, 9, 7), 0.3)), torch.tensor(0.3))
    alike = adain(restored, reference)
    for a, b in zip(moments(alike), moments(reference), strict=True):
        assert torch.allclose(a, b, atol=1e-5)
