"""One loop for numpy and torch: the same model in both gives the same picture, and what numpy cannot do is told."""

import dataclasses

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the other half of the comparison is torch's")

from sedicfmt.decoders.interfaces import ObjectToRestore  # noqa: E402
from sedicfmt.decoders.orag.attention_guidance import Guidance  # noqa: E402
from sedicfmt.decoders.orag.one_step import OneStepRestorer  # noqa: E402
from sedicfmt.decoders.orag.presets import PRESETS  # noqa: E402
from sedicfmt.decoders.orag.restorer import OragRestorer  # noqa: E402
from sedicfmt.errors import BackendFailed, EncodeError  # noqa: E402
from tests.backends.toy_model import PLAIN, left_half, request, toy_model  # noqa: E402
from tests.backends.toy_numpy import toy_numpy  # noqa: E402

WIDTH, HEIGHT = 22, 15  # neither is a multiple of the model's 4


def asked():
    right = 1 - left_half(WIDTH, HEIGHT)
    objects = [ObjectToRestore("dog", left_half(WIDTH, HEIGHT)), ObjectToRestore("cat", right)]
    return request(objects, WIDTH, HEIGHT)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"cfg": 7.0, "object_cfg": 3.5},
        {"sampler": "ancestral", "spacing": "ends"},
        {"colour": "wavelet", "detail": 0.5},
        {"colour": "adain"},
        {"start": "reference"},
        {"start": "objects", "strength": 0.5},
        {"start": "objects-low", "fusion": "stages", "round_trip": True},
        {"shared_noise": False, "before_first": "nothing", "last_control": "reference"},
        {"keep_objects": True, "last_control": "reference", "steps": 3},
        {"keep_objects": True, "fusion": "stages", "sampler": "ancestral"},
        {"use_reference": False},
        {"preset": "authors", "steps": 5, "object_steps": 4, "cfg": 1.2, "object_cfg": 1.2},
    ],
)
def test_both_give_the_same_picture(changes):
    settings = PLAIN.changed(changes)
    pictures = [OragRestorer(model(keep=0.3), settings).restore(asked()).picture for model in (toy_model, toy_numpy)]
    assert pictures[0].shape == pictures[1].shape == (HEIGHT, WIDTH, 3)
    assert np.abs(pictures[0].astype(int) - pictures[1]).max() <= 1
    assert pictures[1].std() > 5  # there is something to compare


def test_one_step_is_the_same_in_both():
    first, second = (OneStepRestorer(model(keep=0.3), 0.7).restore(asked()).picture for model in (toy_model, toy_numpy))
    assert np.abs(first.astype(int) - second).max() <= 1


def test_guidance_of_a_model_without_gradients_is_refused():
    guided = dataclasses.replace(PLAIN, guidance=Guidance())
    with pytest.raises(EncodeError, match="has no gradients"):
        OragRestorer(toy_numpy(), guided)
    with pytest.raises(EncodeError, match="has no gradients"):
        OragRestorer(toy_numpy(), PLAIN.changed({"preset": "algorithm-1"}))
    assert PRESETS["algorithm-1"]["guidance"]


def test_values_that_are_no_numbers_are_told_of_numpy_too():
    model = toy_numpy(pull=float("nan"))
    with pytest.raises(BackendFailed, match="no numbers"):
        OragRestorer(model, PLAIN).restore(asked())
