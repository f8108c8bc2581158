"""`--restoring`: the tables of settings that go together, what wins over them, and what each new setting does in the loop."""

import argparse
import dataclasses

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the restoring loop needs torch (the torch extra)")

from sedic_tools.commands.restoring_options import add_algorithm, add_restoring, restorer_options  # noqa: E402
from sedicfmt.decoders.interfaces import ObjectToRestore  # noqa: E402
from sedicfmt.decoders.nano.restorer import nano_settings  # noqa: E402
from sedicfmt.decoders.orag.colour_correction import low_frequencies  # noqa: E402
from sedicfmt.decoders.orag.loop import Restoration  # noqa: E402
from sedicfmt.decoders.orag.presets import PRESETS  # noqa: E402
from sedicfmt.decoders.orag.restorer import OragRestorer  # noqa: E402
from sedicfmt.decoders.orag.settings import OragSettings  # noqa: E402
from sedicfmt.errors import EncodeError  # noqa: E402
from tests.backends.toy_model import PLAIN, left_half, request, toy_model  # noqa: E402

TWO = [ObjectToRestore("dog", left_half()), ObjectToRestore("cow", 1 - left_half())]


def asked_for(*switches):
    """The settings that a command line makes of the bundled restorer's."""
    parser = argparse.ArgumentParser()
    add_restoring(parser.add_argument_group("a"))
    add_algorithm(parser.add_argument_group("b"))
    return nano_settings().changed(restorer_options(parser.parse_args(switches)).changes)


# -- tables ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("settings", [OragSettings(), nano_settings()])
def test_a_preset_sets_what_its_table_says_and_nothing_else(preset, settings):
    made, table = settings.changed({"preset": preset}), PRESETS[preset]
    for name in (f.name for f in dataclasses.fields(OragSettings)):
        value = getattr(made, name)
        if name == "preset":
            assert value == preset
        elif name == "guidance" and table[name] is not None:
            assert {key: getattr(value, key) for key in table[name]} == table[name]
        else:
            assert value == table.get(name, getattr(settings, name)), name


def test_algorithm_1_is_the_papers():
    s = asked_for("--restoring", "algorithm-1")
    assert (s.start, s.shared_noise, s.round_trip, s.fusion, s.last_control) == (
        "noise",
        False,
        True,
        "steps",
        "objects",
    )
    assert (s.object_steps, s.steps, s.colour, s.detail, s.guidance.eta, s.guidance.updates) == (
        10,
        20,
        "none",
        1,
        40,
        1,
    )
    assert s.guidance.full_gradient and not s.guidance.by_noise


def test_the_authors_script_has_no_guidance_and_the_reference_as_its_last_control():
    s = asked_for("--restoring", "authors")
    assert (s.guidance, s.fusion, s.last_control, s.start) == (None, "stages", "reference", "objects-low")
    assert (s.object_cfg, s.cfg, s.steps, s.sampler, s.spacing) == (3.5, 7, 50, "ancestral", "ends")
    assert s.negative_prompt.startswith("low quality, blurry")


def test_switches_win_over_the_preset_wherever_they_stand():
    switches = ("--steps", "3", "--no-round-trip", "--no-own-noise", "--start", "objects", "--eta", "5")
    for line in (("--restoring", "algorithm-1", *switches), (*switches, "--restoring", "algorithm-1")):
        s = asked_for(*line)
        assert (s.steps, s.round_trip, s.shared_noise, s.start, s.object_steps) == (3, False, True, "objects", 10)
        assert (s.guidance.eta, s.guidance.full_gradient) == (5, True)
    assert asked_for("--restoring", "algorithm-1", "--no-full-gradient").guidance.full_gradient is False
    assert asked_for("--restoring", "algorithm-1", "--no-guidance").guidance is None
    assert asked_for("--restoring", "authors", "--eta", "9").guidance.eta == 9


@pytest.mark.parametrize(
    "changes", [{"preset": "algorithm-2"}, {"preset": ["authors"]}, {"preset": "algorithm-1", "strength": 0.5}]
)
def test_presets_that_are_none(changes):
    with pytest.raises(EncodeError):
        OragSettings().changed(changes)


# -- what the settings do ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("preset", PRESETS)
def test_the_loop_runs_with_each_twice_the_same(preset):
    settings = OragSettings().changed({"preset": preset, "steps": 4, "object_steps": 3})
    one, two = (OragRestorer(toy_model(keep=0.3), settings).restore(request(TWO)).picture for _ in range(2))
    assert np.array_equal(one, two)
    plain = OragSettings(steps=4, object_steps=3)
    assert not np.array_equal(one, OragRestorer(toy_model(keep=0.3), plain).restore(request(TWO)).picture)


def test_the_last_control_is_the_reference_where_asked(monkeypatch):
    model, seen = toy_model(), []
    settings = dataclasses.replace(PLAIN, last_control="reference")
    run = Restoration(model, settings, request(TWO))
    latent = run.restore_objects()
    predict = model.denoiser.predict
    monkeypatch.setattr(
        model.denoiser, "predict", lambda z, t, x, control: seen.append(control) or predict(z, t, x, control)
    )
    run.restore_whole(latent)
    assert len(seen) == 5 and all(torch.equal(control, run.latent0) for control in seen)
    assert not torch.equal(latent, run.latent0)


def test_a_start_from_the_low_frequencies_of_the_objects_picture():
    run = Restoration(toy_model(), dataclasses.replace(PLAIN, start="objects-low"), request(TWO))
    latent = torch.rand_like(run.latent0) - 0.5
    started = run.whole_start(latent, torch.zeros_like(latent), 3)
    assert torch.allclose(started, 0.65**0.5 * low_frequencies(latent), atol=1e-6)
    without_objects = run.whole_start(run.latent0, torch.zeros_like(latent), 3)
    assert torch.allclose(without_objects, 0.65**0.5 * low_frequencies(run.reference), atol=1e-6)


def test_fusion_after_a_stage_leaves_the_steps_before_alone():
    run = Restoration(toy_model(keep=0.3), dataclasses.replace(PLAIN, fusion="stages"), request(TWO))
    times, noise = run.object_times, run.noise(0)
    before = [torch.full_like(noise, 9.0) for _ in times]
    path = list(run.object_stage(0, run.objects[0], noise, times, before, run.latent0))
    assert all((z != 9).all() for z in path[:-1])
    assert (path[-1][..., 4:] == 9).all() and (path[-1][..., :4] != 9).all()


def test_own_noise_is_another_draw_for_each_stage():
    run = Restoration(toy_model(), dataclasses.replace(PLAIN, shared_noise=False), request(TWO))
    draws = [run.noise(stage) for stage in range(3)]
    assert not torch.equal(draws[0], draws[1]) and not torch.equal(draws[1], draws[2])
    shared = Restoration(toy_model(), PLAIN, request(TWO))
    assert torch.equal(shared.noise(2), draws[0])
