"""The mathematics of the restoring loop: equations 2 to 4 and Algorithm 1, on a model that can be computed by hand."""

import dataclasses
import itertools

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the restoring loop needs torch (the nano extra)")

from sedicfmt.decoders.attention_guidance import Guidance, energy, guide, mask_on_grid, name_of, named_tokens  # noqa: E402
from sedicfmt.decoders.colour_correction import adain, low_frequencies, moments, wavelet  # noqa: E402
from sedicfmt.decoders.interfaces import ObjectToRestore, RestoreRequest, TokenSpan  # noqa: E402
from sedicfmt.decoders.noise import seeded_noise  # noqa: E402
from sedicfmt.decoders.orag import OragRestorer, Restoration  # noqa: E402
from sedicfmt.decoders.orag_settings import OragSettings  # noqa: E402
from sedicfmt.decoders.scheduler_ddim import Ddim  # noqa: E402
from sedicfmt.errors import BackendFailed, EncodeError, LimitExceeded  # noqa: E402
from tests.backends.toy_model import toy_model  # noqa: E402

PLAIN = OragSettings(object_steps=4, steps=5, object_cfg=1, cfg=1, colour="none", guidance=None, start="noise")


def picture(width=8, height=8, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def left_half(width=8, height=8):
    mask = np.zeros((height, width), np.uint8)
    mask[:, : width // 2] = 1
    return mask


def request(objects=(), width=8, height=8, seed=3, **more):
    return RestoreRequest(picture(width, height), "abc", tuple(objects), seed, **more)


# -- equation 2 and 3 -----------------------------------------------------------------------------------------------------


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
    assert float(energy(maps, mask, tokens)) == pytest.approx(float(sum(parts) / len(parts)), rel=1e-5)


def test_energy_is_nothing_where_all_attention_is_inside():
    maps = torch.zeros(1, 4, 4, 2)
    maps[:, :2] = 1
    mask = torch.zeros(4, 4, dtype=torch.bool)
    mask[:2] = True
    assert float(energy([maps], mask, [0, 1])) == 0
    assert float(energy([maps], ~mask, [0, 1])) == 1


def test_the_gradient_is_that_of_finite_differences():
    denoiser = toy_model().denoiser
    text = denoiser.encode_texts(["abc"]).embedding.double()
    mask = torch.from_numpy(left_half(4, 4).astype(bool))
    z = torch.randn(1, 3, 4, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)

    def value(x):  # in float64 throughout, as differences need
        a = denoiser.attention_maps(x, 0, text, x)[0][..., [0, 1]]
        return (1 - a[:, mask].sum(1) / a.sum((1, 2))).square().mean()

    moved, _ = guide(z, lambda x: denoiser.attention_maps(x, 0, text, x), mask, [0, 1], eta=1.0)
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
    _, energies = guide(z, lambda x: denoiser.attention_maps(x, 0, text, x), mask, [0], eta=5.0, updates=6)
    assert len(energies) == 6
    assert all(after < before for before, after in itertools.pairwise(energies))


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (2, 3), (5, 7), (16, 24)])
def test_a_mask_never_vanishes_on_a_coarse_grid(rows, columns):
    mask = torch.zeros(33, 47, dtype=torch.bool)
    mask[20, 30] = True
    assert mask_on_grid(mask, rows, columns).any()
    assert mask_on_grid(torch.ones(33, 47, dtype=torch.bool), rows, columns).all()


def test_names_and_their_tokens():
    assert name_of("Red boat in dark blue, wide") == "Red boat"
    assert name_of("lighthouse") == "lighthouse"
    assert name_of(", odd") == ", odd"
    spans = [TokenSpan(1, 0, 3), TokenSpan(2, 4, 8), TokenSpan(3, 12, 16)]
    assert named_tokens("Red boat in blue", spans, "name") == [1, 2]
    assert named_tokens("Red boat in blue", spans, "all") == [1, 2, 3]
    assert named_tokens("", [], "all") == []


# -- Algorithm 1 ----------------------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize(("width", "height"), [(5, 9), (1, 1), (13, 4), (8, 3)])
def test_odd_sizes(width, height):
    mask = np.ones((height, width), np.uint8)
    result = OragRestorer(toy_model(), OragSettings(object_steps=2, steps=2)).restore(
        request([ObjectToRestore("dog", mask)], width, height)
    )
    assert result.picture.shape == (height, width, 3)
    assert result.picture.dtype == np.uint8


def test_two_runs_give_the_same_picture_and_another_seed_another():
    settings = OragSettings(object_steps=2, steps=2, start="noise", cfg=1)
    objects = [ObjectToRestore("dog", left_half())]

    def restored(seed):
        return OragRestorer(toy_model(keep=0.3), settings).restore(request(objects, seed=seed)).picture

    assert np.array_equal(restored(1), restored(1))
    assert not np.array_equal(restored(1), restored(2))


@pytest.mark.parametrize("cfg", [1.0, 4.0])
def test_both_sides_of_classifier_free_guidance_are_one_batch(cfg):
    model = toy_model()
    settings = OragSettings(object_steps=2, steps=3, object_cfg=cfg, cfg=cfg, guidance=None)
    OragRestorer(model, settings).restore(request([ObjectToRestore("dog", left_half())]))
    assert [size for _, size in model.denoiser.calls] == [1 if cfg == 1 else 2] * 5


def test_classifier_free_guidance_moves_away_from_the_negative_prompt():
    def whole(cfg):
        settings = OragSettings(steps=1, cfg=cfg, guidance=None, colour="none", negative_prompt="z")
        return OragRestorer(toy_model(pull=1.0), settings).restore(request()).picture.astype(int).mean()

    values = toy_model().denoiser.encode_texts(["abc", "z"]).embedding[:, 1, 0]
    expected = values[1] + 2 * (values[0] - values[1])
    assert whole(2) == pytest.approx(float((expected.clamp(-1, 1) + 1) * 127.5), abs=0.6)


def test_no_round_trip_through_pixels_unless_asked():
    objects = [ObjectToRestore("dog", left_half()), ObjectToRestore("cat", left_half())]
    for round_trip, decodes in ((False, 1), (True, 3)):
        model = toy_model()
        settings = OragSettings(object_steps=2, steps=2, round_trip=round_trip, start="noise")
        OragRestorer(model, settings).restore(request(objects))
        assert model.space.calls.count("decode") == decodes


def test_guidance_acts_within_the_loop_and_only_while_t_is_above_its_bound(monkeypatch):
    """Equation 3 is in the loop: in the first `share` of the steps, with the right sign, eta and tokens."""
    model, asked = toy_model(keep=0.5), request([ObjectToRestore("dog", left_half())])
    seen = []
    maps = model.denoiser.attention_maps
    monkeypatch.setattr(model.denoiser, "attention_maps", lambda z, t, *rest: seen.append(t) or maps(z, t, *rest))
    settings = dataclasses.replace(PLAIN, guidance=Guidance(eta=3.0, share=0.5, updates=2))
    run = Restoration(model, settings, asked)
    noise, mask = run.noise(0), torch.from_numpy(left_half().astype(bool))
    text = run.texts.embedding[:1]
    before = energy(maps(noise, 9, text, run.latent0), mask, [0, 1, 2])
    moved = run.guided(noise, 9, 0, run.latent0, mask, [0, 1, 2])
    assert energy(maps(moved, 9, text, run.latent0), mask, [0, 1, 2]) < before
    seen.clear()
    guided = OragRestorer(model, settings).restore(asked).picture
    assert seen == [9, 9, 7, 7]
    assert not np.array_equal(guided, OragRestorer(model, PLAIN).restore(asked).picture)


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


def test_without_text_every_text_counts_as_empty():
    def restored(use_text, text):
        settings = dataclasses.replace(PLAIN, use_text=use_text)
        asked = dataclasses.replace(request(), text=text)
        return OragRestorer(toy_model(pull=1.0), settings).restore(asked).picture

    assert not np.array_equal(restored(True, "abd"), restored(False, "abd"))
    assert np.array_equal(restored(True, ""), restored(False, "abd"))


def test_strength_and_start_say_what_the_whole_stage_begins_with():
    settings = dataclasses.replace(PLAIN, steps=2, start="objects", strength=0.4)
    run = Restoration(toy_model(keep=1.0, pull=0.0), settings, request())
    assert run.times == [3, 1]  # the last two of five steps
    z = run.whole_start(run.latent0, run.noise(0), 3)
    assert torch.allclose(z, 0.65**0.5 * run.latent0 + 0.35**0.5 * run.noise(0))
    low = dataclasses.replace(settings, start="reference")
    z = Restoration(toy_model(), low, request()).whole_start(run.latent0, torch.zeros_like(z), 3)
    assert torch.allclose(z, 0.65**0.5 * low_frequencies(run.reference), atol=1e-6)


def test_what_the_first_object_is_fused_with():
    everything = dataclasses.replace(PLAIN, before_first="nothing")
    asked = request([ObjectToRestore("dog", left_half())], stop_after_objects=True)
    picture_ = OragRestorer(toy_model(pull=1.0), everything).restore(asked).picture
    assert len(np.unique(picture_)) == 1  # the object's text has painted the whole picture


def test_masks_stand_where_they_stand_in_a_padded_picture():
    """5x9 pixels are padded below and right; one pixel's object changes that pixel alone."""
    mask = np.zeros((9, 5), np.uint8)
    mask[8, 4] = 1
    asked = request([ObjectToRestore("dog", mask)], width=5, height=9, stop_after_objects=True)
    restored = OragRestorer(toy_model(pull=1.0), PLAIN).restore(asked).picture
    changed = (restored != asked.reference).any(axis=2)
    assert changed[8, 4]
    assert changed.sum() == 1


def test_numbers_of_objects_are_the_files_where_one_is_left_out():
    empty = ObjectToRestore("dog", np.zeros((8, 8), np.uint8))
    told = []
    asked = request([empty, ObjectToRestore("cat", left_half())], on_step=lambda stage, done, total: told.append(stage))
    OragRestorer(toy_model(), PLAIN).restore(asked)
    assert set(told) == {"object 2", "whole picture"}


def test_where_no_step_ran_no_model_is_named():
    assert OragRestorer(toy_model(), PLAIN).restore(request(stop_after_objects=True)).record == {}
    assert OragRestorer(toy_model(), PLAIN).restore(request()).record["restorer"] == "toy"


# -- the scheduler and colours ----------------------------------------------------------------------------------------------


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


def test_the_finished_picture_is_corrected_and_the_stages_are_not():
    shown = {}
    asked = request(
        [ObjectToRestore("dog", left_half())], on_picture=lambda stage, picture: shown.update({stage: picture})
    )
    settings = dataclasses.replace(PLAIN, colour="adain")
    final = OragRestorer(toy_model(pull=0.9), settings).restore(asked).picture
    assert np.array_equal(final, shown["final"])
    plain = OragRestorer(toy_model(pull=0.9), PLAIN).restore(asked).picture
    assert abs(final.std() - asked.reference.std()) < 15 < abs(plain.std() - asked.reference.std())
    assert np.array_equal(shown["object 1"][:, 4:], asked.reference[:, 4:])


# -- bad input ------------------------------------------------------------------------------------------------------------


def test_an_empty_mask_is_left_out_with_a_warning():
    empty = ObjectToRestore("dog", np.zeros((8, 8), np.uint8))
    with_empty = OragRestorer(toy_model(), PLAIN).restore(request([empty, ObjectToRestore("cat", left_half())]))
    without = OragRestorer(toy_model(), PLAIN).restore(request([ObjectToRestore("cat", left_half())]))
    assert np.array_equal(with_empty.picture, without.picture)
    assert "object 1 has an empty mask" in with_empty.warnings[0]


def test_a_model_that_gives_no_numbers_is_an_error_that_names_the_step():
    model = toy_model()
    model.denoiser.predict = lambda z, t, text, control: z * float("nan")
    with pytest.raises(BackendFailed, match=r"no numbers.*whole picture, step 1"):
        OragRestorer(model, PLAIN).restore(request())


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory")])
def test_a_lack_of_memory_says_what_to_try(error):
    model = toy_model()

    def predict(*_):
        raise error

    model.denoiser.predict = predict
    with pytest.raises(LimitExceeded, match="--stage reference"):
        OragRestorer(model, PLAIN).restore(request())


@pytest.mark.parametrize(
    "wrong",
    [{"steps": 0}, {"object_steps": 0}, {"objects": -1}, {"strength": 0}, {"strength": 1.5}, {"colour": "green"}],
)
def test_settings_that_no_loop_can_run(wrong):
    with pytest.raises(EncodeError):
        OragSettings(**wrong)


@pytest.mark.parametrize(
    "wrong",
    [{"eta": float("nan")}, {"eta": -1}, {"share": float("nan")}, {"share": 2}, {"updates": 0}, {"tokens": "some"}],
)
def test_guidance_that_guides_nothing(wrong):
    with pytest.raises(EncodeError):
        OragSettings().changed({"guidance": wrong})


def test_unknown_settings_are_refused():
    with pytest.raises(EncodeError, match="speed"):
        OragSettings().changed({"speed": 9})


def test_a_picture_larger_than_the_model_may_be_given():
    model = dataclasses.replace(toy_model(), most_pixels=63)
    with pytest.raises(LimitExceeded, match="8x8 pixels"):
        OragRestorer(model, PLAIN).restore(request())
