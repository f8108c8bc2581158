"""What each setting of the restoring loop changes, and the settings that no loop can run."""

import dataclasses

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the restoring loop needs torch (the torch extra)")

from sedicfmt.decoders.interfaces import ObjectToRestore  # noqa: E402
from sedicfmt.decoders.orag.attention_guidance import Guidance, energy  # noqa: E402
from sedicfmt.decoders.orag.colour_correction import CORRECTIONS, low_frequencies  # noqa: E402
from sedicfmt.decoders.orag.loop import Restoration  # noqa: E402
from sedicfmt.decoders.orag.restorer import OragRestorer  # noqa: E402
from sedicfmt.decoders.orag.settings import OragSettings  # noqa: E402
from sedicfmt.errors import EncodeError  # noqa: E402
from tests.backends.toy_model import PLAIN, left_half, on_grids, request, toy_model  # noqa: E402


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
    before = energy(maps(noise, 9, text, run.latent0), on_grids(mask), [0, 1, 2])
    moved = run.guided(noise, 9, 0, run.latent0, on_grids(mask), [0, 1, 2])
    assert energy(maps(moved, 9, text, run.latent0), on_grids(mask), [0, 1, 2]) < before
    seen.clear()
    guided = OragRestorer(model, settings).restore(asked).picture
    assert seen == [9, 9, 7, 7]
    assert not np.array_equal(guided, OragRestorer(model, PLAIN).restore(asked).picture)


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


def test_detail_is_how_much_of_the_difference_is_kept():
    def restored(**change):
        return (
            OragRestorer(toy_model(pull=0.9), dataclasses.replace(PLAIN, **change)).restore(asked).picture.astype(int)
        )

    asked = request()
    whole, half, none = restored(), restored(detail=0.5), restored(detail=0)
    assert np.array_equal(none, asked.reference)
    inside = (whole > 0) & (whole < 255)  # elsewhere the whole difference was cut off at the range's end
    assert np.abs(half - (whole + none) / 2)[inside].max() <= 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"steps": 0},
        {"object_steps": 0},
        {"objects": -1},
        {"strength": 0},
        {"strength": 1.5},
        {"colour": "green"},
        {"detail": 1.1},
    ],
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


@pytest.mark.parametrize(
    ("share", "count", "guided"), [(0.5, 1, 1), (0.5, 10, 5), (0.5, 3, 2), (0, 5, 0), (0.7, 10, 7)]
)
def test_the_first_step_is_guided_unless_none_is(share, count, guided):
    assert Guidance(share=share).steps(count) == guided


def test_the_names_of_settings_are_known_without_torch():
    from sedicfmt.decoders.orag import values
    from sedicfmt.decoders.orag.presets import PRESETS
    from sedicfmt.decoders.registry import SETTINGS

    assert {field.name for field in dataclasses.fields(OragSettings)} == set(SETTINGS)
    assert {field.name for field in dataclasses.fields(Guidance)} == set(values.GUIDANCE_RULES)
    assert set(values.CHOICES["colour"]) == set(CORRECTIONS)
    assert set(values.CHOICES["preset"]) == {"none", *PRESETS}
