"""Where an AV1 frame's tiles are: the package and `spec/other_standards.py` on any bits (A-3), and what each rule refuses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sedicfmt.errors import Malformed
from sedicfmt.latents.av1.frame import tiles_of
from tests.differential.cross_check import decoder


def package_takes(frame, width, height):
    try:
        return bool(tiles_of(frame, width, height))
    except Malformed:
        return False


def specification_takes(frame, width, height):
    try:
        return bool(decoder.holds_all_tiles(decoder.Bits(frame), width, height))
    except decoder.Refused:
        return False


@given(
    st.text("01", max_size=60), st.binary(max_size=80), st.integers(1, 8192), st.integers(1, 8192), st.booleans()
)  # fmt: skip
def test_both_take_the_same_frames(start, rest, width, height, aligned):
    """Many a header ends where a byte ends, so that what stands behind it is tried as well."""
    for fill in range(8) if aligned else (0,):
        bits = start + "0" * fill
        frame = int("1" + bits + "0" * (-len(bits) % 8), 2).to_bytes(len(bits) // 8 + 2)[1:] + rest
        assert package_takes(frame, width, height) == specification_takes(frame, width, height)


PLAIN = (
    "0" * 3 + "1"
)  # CDFs updated, no screen content, no render_size; uniform tiles, then for one superblock no more of them
LOSSY = f"{200:08b}" + "000" + "0" + "0" + "0"  # base_q_idx, no deltas, no matrices, no segments, no delta_q
FILTER = "0" * 12 + "000" + "0"


def frame_of(bits, *more):
    return int("1" + bits, 2).to_bytes(len(bits) // 8 + 1)[1:] + b"".join(more)


HEAD = PLAIN + LOSSY + FILTER + "01"


@pytest.mark.parametrize(
    ("fill", "tiles", "taken"),
    [("0" * 4, b"\x80", True), ("0001", b"\x80", False), ("1000", b"\x80", False), ("0000", b"", False)],
)
def test_fill_and_tiles(fill, tiles, taken):
    assert len(HEAD + fill) % 8 == 0
    frame = frame_of(HEAD + fill, tiles)
    assert package_takes(frame, 64, 64) == specification_takes(frame, 64, 64) == taken


@pytest.mark.parametrize(
    ("start_and_end", "sizes", "taken"),
    [
        ("0" * 8, [b"\x01ab", b"c"], True),
        ("10100000", [b"\x01ab", b"c"], True),
        ("00000001", [b"\x01ab", b"c"], False),
        ("10000000", [b"\x01ab", b"c"], False),
        ("11100000", [b"\x01ab", b"c"], False),
        ("0" * 8, [b"\x01ab"], False),
        ("0" * 8, [b"\x09ab", b"c"], False),
    ],
)
def test_tile_groups_of_two(start_and_end, sizes, taken):
    head = PLAIN + "1" + "0" + "00" + LOSSY + FILTER + "01"  # one column more, tile 0 updates, sizes of a byte
    frame = frame_of(head + "0" * (-len(head) % 8) + start_and_end, *sizes)
    assert package_takes(frame, 128, 64) == specification_takes(frame, 128, 64) == taken
