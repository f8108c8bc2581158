"""The restoring loop, Algorithm 1 and equation 4, on a model that can be computed by hand."""

import dataclasses

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the restoring loop needs torch (the torch extra)")

from sedicfmt.decoders.interfaces import ObjectToRestore  # noqa: E402
from sedicfmt.decoders.orag.attention_guidance import Guidance  # noqa: E402
from sedicfmt.decoders.orag.loop import Restoration  # noqa: E402
from sedicfmt.decoders.orag.noise import seeded_noise  # noqa: E402
from sedicfmt.decoders.orag.restorer import OragRestorer  # noqa: E402
from sedicfmt.decoders.orag.settings import OragSettings  # noqa: E402
from tests.backends.toy_model import PLAIN, left_half, request, toy_model  # noqa: E402


def test_two_steps_by_hand():
    """One sample's way through Algorithm 1 without objects, in plain arithmetic."""
    settings = OragSettings(steps=2, cfg=1, colour="none", guidance=None, start="noise")
    asked = request(width=4, height=4)
    model = toy_model(keep=0.25)
    result = Restoration(model, settings, asked).restore_whole(model.space.encode(toy_input(asked)))
    text = sum(map(ord, "abc")) % 7 / 7 - 0.5
    control = asked.reference[1, 2, 0] / 127.5 - 1
    z = seeded_noise(3, 0, (1, 3, 4, 4))[0, 0, 1, 2].item()
    first, second = 9, 4  # trailing steps of ten levels, two of them
    a, b = (0.95 - 0.1 * first), (0.95 - 0.1 * second)
    clean = control + 0.5 * (text - control) + 0.25 * z
    z = b**0.5 * clean + (1 - b) ** 0.5 * (z - a**0.5 * clean) / (1 - a) ** 0.5
    clean = control + 0.5 * (text - control) + 0.25 * z
    assert model.scheduler.timesteps(2) == [first, second]
    assert result[0, 0, 1, 2].item() == pytest.approx(clean, rel=1e-5)


def toy_input(asked):
    return torch.from_numpy(asked.reference.transpose(2, 0, 1).copy())[None].float() / 127.5 - 1


def test_outside_the_mask_the_trajectory_before_stays_bit_for_bit():
    """Equation 4, at every step, for both objects."""
    asked = request([ObjectToRestore("dog", left_half()), ObjectToRestore("cat", 1 - left_half())])
    run = Restoration(toy_model(), PLAIN, asked)
    times = run.model.scheduler.timesteps(4)
    noise = run.noise(0)
    before = [run.model.scheduler.add_noise(run.latent0, noise, t) for t in [*times[1:], -1]]
    for j, item in enumerate(run.objects):
        after = list(run.object_stage(j, item, noise, times, before, run.latent0))
        inside = torch.from_numpy(item.mask.astype(bool))
        for old, new in zip(before, after, strict=True):
            assert torch.equal(new[..., ~inside], old[..., ~inside])
            assert not torch.equal(new[..., inside], old[..., inside])
        before = after


def test_pixels_of_no_object_are_the_reference_after_the_objects():
    asked = request([ObjectToRestore("dog", left_half())], stop_after_objects=True)
    restored = OragRestorer(toy_model(), PLAIN).restore(asked).picture
    assert np.array_equal(restored[:, 4:], asked.reference[:, 4:])
    assert not np.array_equal(restored[:, :4], asked.reference[:, :4])


@pytest.mark.parametrize("more", [{}, {"fusion": "stages"}, {"steps": 1}])
def test_kept_objects_are_as_their_stages_made_them_and_the_rest_as_if_there_were_none(more):
    settings = dataclasses.replace(PLAIN, keep_objects=True, last_control="reference", **more)
    objects = [ObjectToRestore("dog", left_half())]
    restored = OragRestorer(toy_model(), settings).restore(request(objects)).picture
    apart = OragRestorer(toy_model(), settings).restore(request(objects, stop_after_objects=True)).picture
    without = OragRestorer(toy_model(), settings).restore(request()).picture
    assert np.array_equal(restored[:, :4], apart[:, :4]) and np.array_equal(restored[:, 4:], without[:, 4:])
    again = (
        OragRestorer(toy_model(), dataclasses.replace(settings, keep_objects=False)).restore(request(objects)).picture
    )
    assert not np.array_equal(again[:, :4], apart[:, :4])


def test_without_objects_the_loop_is_plain_denoising():
    """J = 0: nothing of the object stages is left, whatever their settings."""
    one = OragRestorer(toy_model(), PLAIN).restore(request())
    other = OragSettings(
        object_steps=9, object_cfg=3, steps=5, cfg=1, colour="none", start="noise", guidance=Guidance(eta=9)
    )
    two = OragRestorer(toy_model(), other).restore(request())
    assert np.array_equal(one.picture, two.picture)
    none = dataclasses.replace(PLAIN, objects=0)
    three = OragRestorer(toy_model(), none).restore(request([ObjectToRestore("dog", left_half())]))
    assert np.array_equal(one.picture, three.picture)


def test_stopping_after_no_object_gives_the_reference():
    asked = request(stop_after_objects=True)
    assert np.array_equal(OragRestorer(toy_model(), PLAIN).restore(asked).picture, asked.reference)


def test_the_order_of_objects_is_the_files():
    """Where masks overlap the later object stands."""
    everywhere = np.ones((8, 8), np.uint8)
    order = [ObjectToRestore("dog", everywhere), ObjectToRestore("ant", everywhere)]
    told = []
    asked = request(order, stop_after_objects=True, on_picture=lambda stage, shown: told.append((stage, shown)))
    last = OragRestorer(toy_model(), PLAIN).restore(asked).picture
    assert [stage for stage, _ in told] == ["object 1", "object 2"]
    assert np.array_equal(last, told[1][1])
    swapped = OragRestorer(toy_model(), PLAIN).restore(request(order[::-1], stop_after_objects=True)).picture
    assert not np.array_equal(last, swapped)


def test_two_runs_give_the_same_picture_and_another_seed_another():
    settings = OragSettings(object_steps=2, steps=2, start="noise", cfg=1)
    objects = [ObjectToRestore("dog", left_half())]

    def restored(seed):
        return OragRestorer(toy_model(keep=0.3), settings).restore(request(objects, seed=seed)).picture

    assert np.array_equal(restored(1), restored(1))
    assert not np.array_equal(restored(1), restored(2))


@pytest.mark.parametrize(("shared", "draws"), [(True, [0]), (False, [0, 1, 2])])
def test_noise_that_stages_share_is_drawn_once_and_stays_as_it_is(shared, draws, monkeypatch):
    drawn, draw = [], Restoration._draw

    def seen(self, stream):
        drawn.append((stream, draw(self, stream)))
        return drawn[-1][1]

    monkeypatch.setattr(Restoration, "_draw", seen)
    asked = request([ObjectToRestore("dog", left_half()), ObjectToRestore("cat", 1 - left_half())])
    run = Restoration(toy_model(), dataclasses.replace(PLAIN, shared_noise=shared), asked)
    run.run()
    assert sorted({stream for stream, _ in drawn}) == draws and (not shared or len(drawn) == 1)
    for stream, noise in drawn:
        assert np.array_equal(noise, seeded_noise(asked.seed, stream, tuple(noise.shape)))


def test_each_stage_has_its_own_text_and_control():
    """The object's text is pulled at inside its mask, Text_all everywhere; the last control is the objects' picture."""
    model = toy_model(pull=1.0)
    run = Restoration(
        model, PLAIN, request([ObjectToRestore("dog", left_half()), ObjectToRestore("cow", 1 - left_half())])
    )
    values = model.denoiser.encode_texts(["dog", "cow", "abc"]).embedding[:, 1, 0]
    latent = run.restore_objects()
    assert torch.allclose(latent[..., :4], values[0])
    assert torch.allclose(latent[..., 4:], values[1])
    model.denoiser.pull = 0.5
    expected = latent + 0.5 * (values[2] - latent)
    assert torch.allclose(run.restore_whole(latent), expected, atol=1e-6)


def test_where_no_step_ran_no_model_is_named():
    assert OragRestorer(toy_model(), PLAIN).restore(request(stop_after_objects=True)).record == {}
    assert OragRestorer(toy_model(), PLAIN).restore(request()).record["restorer"] == "toy"
