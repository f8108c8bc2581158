"""Frames (spec/frames.md): any k of n give the file; damage, mixtures and gaps give our errors or the beginning."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sedicfmt.container.checksum import checksum
from sedicfmt.errors import ChecksumMismatch, EncodeError, Malformed, SedicError, Truncated, Unsupported
from sedicfmt.frames import HEAD_BYTES, OVERHEAD_BYTES, Frame, build_frame, join, parse_frame, split

ROOT = Path(__file__).parents[2]
FILES = [
    (ROOT / f"conformance/valid/{name}.sedic").read_bytes() for name in ("three-objects-768x512", "seed-and-extension")
]
VECTORS = ROOT / "conformance/frames"


def sealed(body: bytes) -> bytes:
    """The bytes with a right check."""
    return body + checksum(body)


@pytest.mark.parametrize("data", FILES)
@pytest.mark.parametrize("mtu", [OVERHEAD_BYTES + 16, 40, 222, 270, 340, 2000])
def test_frames_in_order_hold_the_file(data, mtu):
    frames = split(data, mtu)
    assert max(map(len, frames)) <= mtu and len(frames) == -(-len(data) // (mtu - OVERHEAD_BYTES))
    assert b"".join(frame[HEAD_BYTES:-2] for frame in frames) == data
    joined = join(reversed(frames))
    assert joined.data == data and joined.complete and joined.missing == ()


def test_any_as_many_frames_as_data_frames_give_the_file():
    data = FILES[0]
    frames = split(data, 222, repair=3)
    needed = parse_frame(frames[0]).data
    for chosen in itertools.combinations(frames, needed):
        assert join(chosen).data == data
    for chosen in itertools.combinations(frames, needed - 1):
        joined = join(chosen)
        assert not joined.complete and data.startswith(joined.data)


@settings(max_examples=60)
@given(st.data())
def test_any_losses_repeats_order_and_damage(choose):
    """The file, its beginning, or our error; never other bytes."""
    data = choose.draw(st.sampled_from(FILES))
    frames = split(data, choose.draw(st.integers(OVERHEAD_BYTES + 8, 300)), choose.draw(st.integers(0, 5)))
    arrived = choose.draw(st.lists(st.sampled_from(frames), max_size=2 * len(frames)))
    damaged = [choose.draw(damage(frame)) for frame in choose.draw(st.lists(st.sampled_from(frames), max_size=3))]
    try:
        joined = join(arrived + damaged)
    except SedicError:
        return
    assert joined.data == data if joined.complete else data.startswith(joined.data)
    assert joined.complete == (len(set(arrived)) >= joined.needed) or damaged


@st.composite
def damage(draw, frame):
    """Some bits changed, or cut; most of it is seen by the check."""
    kept = bytearray(frame[: draw(st.integers(0, len(frame)))] if draw(st.booleans()) else frame)
    for _ in range(draw(st.integers(0, 3))):
        if kept:
            kept[draw(st.integers(0, len(kept) - 1))] ^= draw(st.integers(1, 255))
    return bytes(kept)


@given(st.binary(max_size=60))
def test_any_bytes_are_a_frame_or_our_error(data):
    for bytes_ in (data, sealed(b"\xf1" + data)):
        try:
            frame = parse_frame(bytes_)
        except SedicError:
            continue
        assert build_frame(frame) == bytes_


@pytest.mark.parametrize(
    "frame, error",
    [
        (b"", Malformed),
        (sealed(b"\xe1" + bytes(8)), Malformed),
        (sealed(b"\xf2\0\0\1\0\0\0x"), Unsupported),
        (sealed(b"\xf1\0\0\1\0\0\0"), Truncated),
        (sealed(b"\xf1\0\0\1\0\0\0x")[:-1] + b"\0", ChecksumMismatch),
        (sealed(b"\xf1\0\0\0\0\0\0x"), Malformed),  # no data frame
        (sealed(b"\xf1\0\0\x80\x80\0\0x"), Malformed),  # 256 frames
        (sealed(b"\xf1\0\0\2\1\3\0x"), Malformed),  # index 3 of 3
        (sealed(b"\xf1\0\0\2\0\0\2xy"), Malformed),  # pad of as many bytes as frames
        (sealed(b"\xf1\0\0\3\0\0\2xy"), Malformed),  # pad of a whole payload
    ],
)
def test_bad_frames_are_told_by_class(frame, error):
    with pytest.raises(error):
        parse_frame(frame)


def test_sets_are_not_mixed():
    frames = split(FILES[0], 222, 1), split(FILES[0], 270, 1), split(FILES[1], 30)
    for one, other in itertools.permutations(frames, 2):
        with pytest.raises(EncodeError, match="choose one"):
            join([one[0], other[0]])
        name = parse_frame(one[0]).set_name
        assert join([*one, *other], name) == join(one)
    with pytest.raises(EncodeError, match="no frame is of the set nowhere; there are "):
        join(frames[0], "nowhere")


def test_two_frames_of_one_number_that_differ_are_refused():
    frames = split(FILES[0], 222)
    forged = build_frame(
        Frame(**{**parse_frame(frames[1]).__dict__, "payload": bytes(len(frames[1]) - OVERHEAD_BYTES)})
    )
    with pytest.raises(Malformed, match="number 1"):
        join([*frames, forged])
    with pytest.raises(ChecksumMismatch):
        join([frames[0], forged, *frames[2:]])


def test_what_cannot_be_split_is_told():
    with pytest.raises(EncodeError, match="255"):
        split(FILES[0], OVERHEAD_BYTES + 1)
    with pytest.raises(EncodeError, match="9 bytes itself"):
        split(FILES[0], OVERHEAD_BYTES)
    with pytest.raises(EncodeError):
        split(FILES[0], 222, -1)
    with pytest.raises(Truncated):
        split(FILES[0][:-5000] + FILES[0][:20], 222)
    with pytest.raises(EncodeError, match="no frame"):
        join([])


def test_repair_by_the_field_of_the_specification():
    """F-7 computed with the field's own arithmetic: every code word is zero at 1, a, ..., a^(r-1)."""
    frames = [parse_frame(frame) for frame in split(FILES[0], 222, 4)]
    for place in range(frames[0].size):
        word = [frame.payload[place] if place < len(frame.payload) else 0 for frame in frames]
        assert [at(word, power(2, n)) for n in range(4)] == [0] * 4
    example = list(bytes.fromhex(re.search(r"code word is `(41 42 .. ..)`", (ROOT / "spec/frames.md").read_text())[1]))
    assert [at(example, power(2, n)) for n in range(2)] == [0, 0]


def times(a: int, b: int) -> int:
    product = 0
    for bit in range(8):
        product ^= (a << bit) * (b >> bit & 1)
    for bit in range(14, 7, -1):
        product ^= (0x11D << (bit - 8)) * (product >> bit & 1)
    return product


def power(a: int, n: int) -> int:
    return 1 if n == 0 else times(a, power(a, n - 1))


def at(word: list[int], x: int) -> int:
    value = 0
    for coefficient in word:
        value = times(value, x) ^ coefficient
    return value


@pytest.mark.parametrize(
    "vector", json.loads((VECTORS / "manifest.json").read_text()), ids=lambda vector: vector["name"]
)
def test_vectors(vector):
    frames = [(VECTORS / vector["name"] / name).read_bytes() for name in vector["arrive"]]
    if "code" in vector:
        with pytest.raises(SedicError) as raised:
            join(frames)
        assert raised.value.code == vector["code"]
        return
    whole = (VECTORS / vector["file"]).read_bytes()
    joined = join(frames)
    assert joined.complete == vector["complete"]
    assert joined.data == whole[: vector["bytes"]]


def test_vectors_are_what_split_makes():
    from sedic_tools.vectors.make_frames import vectors

    made = vectors()
    assert made.keys() == {path.relative_to(VECTORS).as_posix() for path in VECTORS.rglob("*") if path.is_file()}
    for name, content in made.items():
        assert (VECTORS / name).read_bytes() == content, name
