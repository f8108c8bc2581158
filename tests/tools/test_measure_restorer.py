"""What the restorer is compared with: files that say something untrue, and differences with their standard errors."""

import numpy as np
import pytest

from sedic_tools.pages.restorer_variants import VARIANTS, with_masks_inverted, with_words_of
from sedicfmt.api import read, write
from sedicfmt.model import Mask, SedicFile, SedicObject


def described(text, *objects):
    cells = np.pad(np.ones((2, 3), np.uint8), 1)
    return SedicFile(40, 32, 2, b"z", b"y", text, tuple(SedicObject(o, Mask(cells)) for o in objects))


def test_untrue_words_keep_the_masks_and_are_the_other_photos():
    file = with_words_of(described("sea", "boat", "gull"), described("town", "tram"))
    assert (file.text, [o.text for o in file.objects]) == ("town", ["tram", "tram"])
    assert file.objects[0].mask == described("sea", "boat").objects[0].mask
    assert [o.text for o in with_words_of(described("sea", "boat"), described("town")).objects] == ["town"]


def test_untrue_masks_cover_what_was_not_covered_and_can_be_written():
    true = described("sea", "boat")
    false = with_masks_inverted(true, true)
    assert np.array_equal(false.objects[0].mask.cells, 1 - true.objects[0].mask.cells)
    assert read(write(false)) == false


def test_a_difference_is_bold_beyond_two_standard_errors():
    measure = pytest.importorskip("sedic_tools.pages.measure_restorer")
    assert measure.difference([1.0, 1.2, 0.8, 1.0]) == "**+1.0000 ± 0.0816**"
    assert measure.difference([1.0, -1.0, 0.5, -0.5]) == "+0.0000 ± 0.4564"


def test_the_reference_and_the_default_are_among_the_variants():
    assert VARIANTS["reference"].options == ("--stage", "reference")
    assert VARIANTS["default"].options == () and VARIANTS["default"].change is None
