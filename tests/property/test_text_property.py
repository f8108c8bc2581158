"""Any text comes back exactly; any bytes are a text or our error, and then no other bytes are that text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sedicfmt.coding import text
from sedicfmt.errors import EncodeError, SedicError

any_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
PARTS = [
    "the", "dog", "Dog", "DOG", "in the background", "zyxq", "Qu", "TVs", "iPhone", "McDonald", "A", "a", " ", "  ", ".",
    "!", '"', "'s", "-", "(", ")", ",", "\n", "\t", "1", "23", "é", "😀", "–", "\u05d0", "\u0301", "\x00",
]  # fmt: skip
wordy = st.lists(st.sampled_from(PARTS), max_size=40)


@given(any_text)
def test_any_text_round_trips(value):
    assert text.decode(text.encode(value)) == value


@given(wordy, st.booleans())
def test_words_marks_and_spaces_round_trip_in_any_mixture(parts, spaced):
    value = (" " if spaced else "").join(parts)
    payload = text.encode(value)
    assert text.decode(payload) == value
    assert len(payload) <= 1 + len(value.encode())


@given(st.binary(max_size=60))
def test_any_bytes_are_a_text_or_our_error(data):
    try:
        value = text.decode(data)
    except SedicError:
        return
    assert text.encode(value) == data


@given(wordy, st.data())
def test_a_flipped_bit_never_gives_the_same_text(parts, data):
    payload = bytearray(text.encode(" ".join(["a", *parts])))
    bit = data.draw(st.integers(0, 8 * len(payload) - 1))
    payload[bit // 8] ^= 0x80 >> bit % 8
    try:
        value = text.decode(bytes(payload))
    except SedicError:
        return
    assert text.encode(value) == payload


@given(st.text(max_size=20), st.characters(categories=["Cs"]))
def test_lone_surrogates_are_refused(value, surrogate):
    with pytest.raises(EncodeError):
        text.encode(value + surrogate)
