"""`--full-gradient`: equation 3's gradient through the control branch as well, on a tiny Stable Diffusion."""

import dataclasses

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")
pytest.importorskip("transformers")

from sedicfmt.decoders.diffusers.denoiser import DiffusersDenoiser, NoControl  # noqa: E402
from sedicfmt.decoders.interfaces import ObjectToRestore  # noqa: E402
from sedicfmt.decoders.orag.attention_guidance import Guidance, guide  # noqa: E402
from sedicfmt.decoders.orag.loop import Restoration  # noqa: E402
from sedicfmt.decoders.orag.restorer import OragRestorer  # noqa: E402
from sedicfmt.errors import BackendFailed  # noqa: E402
from tests.backends.toy_model import PLAIN, left_half, on_grids, request, toy_model  # noqa: E402

pytestmark = pytest.mark.usefixtures("one_thread")
DOG = [ObjectToRestore("dog", left_half())]


def value(denoiser, z, t, text, control, full):
    """A number that the maps of one word give; z (1, 4, h, w)."""
    return denoiser.attention_maps(z, t, text[:1], control, full)[2][:, 0, :2, 1].double().sum()


def gradient(denoiser, inputs, full):
    z, t, text, control = inputs
    z = z[:1].clone().requires_grad_(True)
    return torch.autograd.grad(value(denoiser, z, t, text, control, full), z)[0]


def test_only_the_full_gradient_is_that_of_finite_differences(model, inputs):
    """The direction of steepest rise and its size, measured with the control branch working along."""
    z, t, text, control = inputs
    denoiser, sizes = model.denoiser, {}
    for full in (False, True):
        found = gradient(denoiser, inputs, full)
        direction = found / found.norm()
        with torch.no_grad():
            ends = [value(denoiser, z[:1] + way * 0.05 * direction, t, text, control, full) for way in (1, -1)]
        sizes[full] = float(ends[0] - ends[1]) / 0.1 / float(found.norm())
    assert sizes[True] == pytest.approx(1, abs=0.02)
    assert abs(sizes[False] - 1) > 0.03


def test_the_maps_are_the_same_and_the_gradients_are_not(model, inputs):
    z, t, text, control = inputs
    maps = [model.denoiser.attention_maps(z[:1], t, text[:1], control, full) for full in (False, True)]
    assert all(torch.equal(one, other) for one, other in zip(*maps, strict=True))
    part, full = (gradient(model.denoiser, inputs, f).flatten() for f in (False, True))
    assert torch.nn.functional.cosine_similarity(part, full, dim=0) < 0.999


def test_half_precision_keeps_the_full_gradient_too(folder, inputs):
    from sedicfmt.decoders.diffusers.load import open_model

    found = []
    for half in (False, True):
        denoiser = open_model(str(folder), str(folder / "controlnet"), "picture", device="cpu").denoiser
        if half:  # float16 on the CPU is refused to users, but says what it does on a GPU
            denoiser.unet.half(), denoiser.branch.net.half()
        found.append(gradient(denoiser, inputs, True))
    exact, half = found
    assert float((half - exact).norm() / exact.norm()) < 0.05


def test_the_setting_reaches_the_model(model):
    def moved(full):
        settings = dataclasses.replace(PLAIN, guidance=Guidance(eta=1e4, full_gradient=full), object_steps=2, steps=2)
        asked = request([ObjectToRestore("cat", left_half(64, 64))], 64, 64)
        run = Restoration(model, settings, asked)
        mask = torch.from_numpy(left_half(64, 64).astype(bool))
        assert run.warnings == []
        return run.guided(run.noise(0), 700, 0, run.control(run.latent0), on_grids(mask), [1]) - run.noise(0)

    assert not torch.allclose(moved(True), moved(False), rtol=1e-2, atol=0)


# -- models without ----------------------------------------------------------------------------------------------------


def test_a_model_without_a_control_branch_says_that_nothing_changes(model):
    settings = dataclasses.replace(PLAIN, guidance=Guidance(full_gradient=True))
    done = OragRestorer(toy_model(), settings).restore(request(DOG))
    assert [w for w in done.warnings if "no control branch" in w] == [done.warnings[0]]
    alone = DiffusersDenoiser(model.denoiser.unet, NoControl(), model.denoiser.texts)
    assert (model.denoiser.control_apart, alone.control_apart) == (True, False)
    assert OragRestorer(toy_model(), settings).restore(request()).warnings == ()  # nothing is guided


def test_a_branch_without_gradients_is_an_error(model, inputs):
    class Frozen:
        kind = "picture"

        @staticmethod
        @torch.no_grad()
        def residuals(*given):
            return model.denoiser.branch.residuals(*given)

    denoiser = DiffusersDenoiser(model.denoiser.unet, Frozen(), model.denoiser.texts)
    with pytest.raises(BackendFailed, match="--full-gradient"):
        gradient(denoiser, inputs, True)
    assert gradient(denoiser, inputs, False).abs().max() > 0


def test_attention_without_gradients_is_an_error():
    mask = torch.ones(4, 4, dtype=torch.bool)
    with pytest.raises(BackendFailed, match="--no-guidance"):
        guide(torch.zeros(1, 3, 4, 4), lambda z: [torch.rand(1, 4, 4, 3)], on_grids(mask), [0], 1.0)
