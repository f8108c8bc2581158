"""The restoring loop on odd pictures, odd masks and models that fail."""

import dataclasses

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the restoring loop needs torch (the torch extra)")

from sedicfmt.decoders.interfaces import ObjectToRestore  # noqa: E402
from sedicfmt.decoders.orag.restorer import OragRestorer  # noqa: E402
from sedicfmt.decoders.orag.settings import OragSettings  # noqa: E402
from sedicfmt.errors import BackendFailed, LimitExceeded  # noqa: E402
from tests.backends.toy_model import PLAIN, left_half, request, toy_model  # noqa: E402


@pytest.mark.parametrize(("width", "height"), [(5, 9), (1, 1), (13, 4), (8, 3)])
def test_odd_sizes(width, height):
    mask = np.ones((height, width), np.uint8)
    result = OragRestorer(toy_model(), OragSettings(object_steps=2, steps=2)).restore(
        request([ObjectToRestore("dog", mask)], width, height)
    )
    assert result.picture.shape == (height, width, 3)
    assert result.picture.dtype == np.uint8


def test_masks_stand_where_they_stand_in_a_padded_picture():
    """5x9 pixels are padded below and right; one pixel's object changes that pixel alone."""
    mask = np.zeros((9, 5), np.uint8)
    mask[8, 4] = 1
    asked = request([ObjectToRestore("dog", mask)], width=5, height=9, stop_after_objects=True)
    restored = OragRestorer(toy_model(pull=1.0), PLAIN).restore(asked).picture
    changed = (restored != asked.reference).any(axis=2)
    assert changed[8, 4]
    assert changed.sum() == 1


def test_an_empty_mask_is_left_out_with_a_warning():
    empty = ObjectToRestore("dog", np.zeros((8, 8), np.uint8))
    with_empty = OragRestorer(toy_model(), PLAIN).restore(request([empty, ObjectToRestore("cat", left_half())]))
    without = OragRestorer(toy_model(), PLAIN).restore(request([ObjectToRestore("cat", left_half())]))
    assert np.array_equal(with_empty.picture, without.picture)
    assert "object 1 has an empty mask" in with_empty.warnings[0]


def test_numbers_of_objects_are_the_files_where_one_is_left_out():
    empty = ObjectToRestore("dog", np.zeros((8, 8), np.uint8))
    told = []
    asked = request([empty, ObjectToRestore("cat", left_half())], on_step=lambda stage, done, total: told.append(stage))
    OragRestorer(toy_model(), PLAIN).restore(asked)
    assert set(told) == {"object 2", "whole picture"}


def test_a_picture_larger_than_the_model_may_be_given():
    model = dataclasses.replace(toy_model(), most_pixels=63)
    with pytest.raises(LimitExceeded, match="8x8 pixels"):
        OragRestorer(model, PLAIN).restore(request())


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
