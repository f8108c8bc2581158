"""Any bitmap comes back bit by bit, or is refused by generic region; any bytes are one bitmap's payload or raise an error."""

import numpy as np
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sedicfmt.coding import mask
from sedicfmt.errors import LimitExceeded, SedicError
from sedicfmt.segments import mask as segment

NAMES = ("run-length", "generic-region", "contexts", "contexts-relative")  # by id
CODERS = st.sampled_from(NAMES)
SIDES = st.one_of(st.just(1), st.integers(1, 40))
SHAPES = st.tuples(SIDES, SIDES)


@st.composite
def bitmaps(draw):
    """Noise, or rectangles on top of each other, which is what masks are made of."""
    h, w = draw(SHAPES)
    if draw(st.booleans()):
        return draw(arrays(np.uint8, (h, w), elements=st.integers(0, 1)))
    cells = np.zeros((h, w), np.uint8)
    for _ in range(draw(st.integers(0, 4))):
        top, left = draw(st.integers(0, h - 1)), draw(st.integers(0, w - 1))
        cells[top : draw(st.integers(top, h)), left : draw(st.integers(left, w))] ^= 1
    return cells


def coded(cells, coder, earlier=None):
    """Generic region refuses a few bitmaps; the example is another one then."""
    try:
        return mask.encode(cells, coder, earlier)
    except LimitExceeded:
        assert coder == "generic-region"
        reject()


@given(bitmaps(), CODERS | st.just("auto"))
@settings(deadline=None, max_examples=300)
def test_round_trip(cells, coder):
    data = coded(cells, coder)
    assert np.array_equal(mask.decode(data, cells.shape, coder), cells)


@given(bitmaps(), CODERS | st.just("auto"), st.data())
@settings(deadline=None, max_examples=100)
def test_round_trip_behind_earlier_masks(cells, coder, more):
    earlier = more.draw(arrays(np.uint8, cells.shape, elements=st.integers(0, 1)))
    data = coded(cells, coder, earlier)
    assert np.array_equal(mask.decode(data, cells.shape, coder, earlier), cells)
    assert len(data) <= len(mask.encode(cells, coder)) or coder == "contexts-relative"


@given(st.binary(max_size=60), SHAPES, CODERS | st.just("auto"))
@settings(deadline=None, max_examples=500)
def test_any_bytes_are_the_one_payload_of_a_bitmap_or_refused(data, shape, coder):
    try:
        cells = mask.decode(data, shape, coder)
    except SedicError:
        return
    assert cells.shape == shape
    assert cells.dtype == np.uint8
    if coder == "auto":
        coder, data = NAMES[data[0] >> 5], data[1:]
    assert mask.encode(cells, coder) == data


@given(bitmaps(), CODERS, st.data())
@settings(deadline=None, max_examples=300)
def test_a_changed_payload_is_another_bitmap_or_refused(cells, coder, data):
    payload = bytearray(coded(cells, coder) + data.draw(st.binary(max_size=2)))
    for _ in range(data.draw(st.integers(0, 3)) if payload else 0):
        bit = data.draw(st.integers(0, 8 * len(payload) - 1))
        payload[bit // 8] ^= 128 >> bit % 8
    try:
        decoded = mask.decode(bytes(payload), cells.shape, coder)
    except SedicError:
        return
    assert np.array_equal(decoded, cells) == (coded(cells, coder) == payload)
    assert mask.encode(decoded, coder) == payload


@given(st.binary(max_size=40), st.integers(16, 300), st.integers(16, 300))
@settings(deadline=None, max_examples=300)
def test_any_segment(payload, width, height):
    try:
        parsed = segment.parse(payload, width, height)
    except SedicError:
        return
    assert segment.build(parsed.as_mask()) == payload
