"""The frame: golden headers, every size, prefixes, flips, extensions, limits."""

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sedicfmt.container import content
from sedicfmt.container.builder import build_frame, build_header
from sedicfmt.container.checksum import checksum
from sedicfmt.container.frame import Frame, Segment, segment_kinds
from sedicfmt.container.parser import parse_frame
from sedicfmt.container.size import size_fields
from sedicfmt.container.varint import build_varint, parse_varint
from sedicfmt.errors import ChecksumMismatch, EncodeError, LimitExceeded, Malformed, SedicError, Truncated, Unsupported
from sedicfmt.limits import MAX_SEGMENT_BYTES
from sedicfmt.model import Extension, Mask, SedicFile, SedicObject
from sedicfmt.segments import mask

LENGTHS = {"latent.z": 60, "latent.y": 900, "text.overall": 62, "text.object": 40, "mask": 25}


def make(objects=3, width=768, height=512, seed=0, extensions=(), lengths=LENGTHS):
    rng = random.Random(7)
    segments = [Segment(k, p, rng.randbytes(lengths[k])) for k, p in segment_kinds(objects)]
    return Frame(width, height, 1, 16, seed, tuple(segments), tuple(extensions))


def without_offsets(frame):
    return [(s.kind, s.path, s.payload) for s in frame.segments]


HEADERS = [  # golden; never change: files depend on them
    (make(0, 16, 16, lengths=dict.fromkeys(LENGTHS, 0)), "5ed120c065e80800"),
    (make(), "5ed12d4fe5ebcb84fda39d1ce8"),
    (make(1, 1001, 8191, 9), "5ed1243ffc3e897d00000009bcb84fda00"),
]


@pytest.mark.parametrize(("frame", "expected"), HEADERS)
def test_golden_headers(frame, expected):
    assert build_header(frame).hex() == expected


def test_overhead_of_a_usual_file_is_at_most_sixteen_bytes():
    frame = make()
    assert len(build_frame(frame)) - sum(len(s.payload) for s in frame.segments) <= 16


def test_overhead_of_a_large_one_too():
    frame = make(lengths={"latent.z": 383, "latent.y": 2047, "text.overall": 191, "text.object": 63, "mask": 95})
    assert len(build_frame(frame)) - sum(len(s.payload) for s in frame.segments) <= 16


def test_the_header_begins_with_the_magic_and_the_version():
    assert build_header(make())[:2].hex() == "5ed1"
    assert build_header(make())[2] >> 5 == 1


@pytest.mark.parametrize(
    "size", [(16, 16), (8192, 8192), (767, 511), (512, 768), (1920, 1080), (1001, 8191), (17, 8192)]
)
@pytest.mark.parametrize("objects", [0, 1, 7])
@pytest.mark.parametrize("extensions", [(), (Extension(3, False, b"abc"), Extension(127, False, b""))])
@pytest.mark.parametrize("seed", [0, 1, (1 << 32) - 1])
def test_round_trip(size, objects, extensions, seed):
    frame = make(objects, *size, seed, extensions)
    parsed = parse_frame(build_frame(frame))
    assert (parsed.width, parsed.height, parsed.seed, parsed.extensions) == (*size, seed, extensions)
    assert without_offsets(parsed) == without_offsets(frame)
    assert build_frame(parsed) == build_frame(frame)


@given(st.integers(16, 8192), st.integers(16, 8192))
@settings(max_examples=300)
def test_every_size_round_trips(width, height):
    parsed = parse_frame(build_frame(make(0, width, height)))
    assert (parsed.width, parsed.height) == (width, height)


def test_a_common_size_takes_twelve_bits():
    assert size_fields(768, 512) == {"ratio": 2, "eighths": True, "long": False, "rows": 63, "columns": None}


def test_every_prefix_is_truncated_or_fails_the_check():
    data = build_frame(make())
    for length in range(len(data)):
        with pytest.raises((Truncated, ChecksumMismatch)):
            parse_frame(data[:length])


def test_every_flipped_bit_is_found():
    data = build_frame(make(lengths=dict.fromkeys(LENGTHS, 9)))
    for bit in range(len(data) * 8):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(SedicError):
            parse_frame(bytes(flipped))


def test_prefixes_hold_whole_stages():
    frame = make(2)
    data = build_frame(frame)
    seen = set()
    for length in range(len(data)):
        try:
            part = parse_frame(data[:length], allow_prefix=True)
        except Truncated:
            continue
        assert not part.complete
        assert without_offsets(part) == without_offsets(frame)[: len(part.segments)]
        seen.add(len(part.segments))
    assert seen == {2, 3, 5}


@given(st.binary(max_size=300))
def test_any_bytes_give_a_frame_or_our_error(data):
    begun = b"\x5e\xd1\x20" + data
    for candidate in (data, b"\x5e\xd1" + data, begun, begun + checksum(begun)):
        try:
            frame = parse_frame(candidate)
        except SedicError as error:
            assert error.code
        else:
            assert build_frame(frame) == candidate


@given(st.integers(0, 15), st.integers(0, 255), st.integers(0, 15), st.integers(0, 255))
def test_changed_headers_with_a_right_check_are_canonical_or_refused(at, value, at2, value2):
    data = bytearray(build_frame(make()))[:-2]
    data[at], data[at2] = value, value2
    candidate = bytes(data) + checksum(bytes(data))
    try:
        frame = parse_frame(candidate)
    except SedicError:
        return
    assert build_frame(frame) == candidate


def rebuilt(data: bytes, at: int, value: int) -> bytes:
    changed = data[:at] + bytes([value]) + data[at + 1 : -2]
    return changed + checksum(changed)


def test_errors_name_kind_path_and_place():
    data = build_frame(make(1))
    with pytest.raises(Malformed) as caught:
        parse_frame(b"GIF89a" + data)
    assert (caught.value.path, caught.value.offset, caught.value.code) == ("header.magic", 0, "malformed")
    with pytest.raises(Unsupported, match="version 7"):
        parse_frame(rebuilt(data, 2, data[2] | 0xE0))
    with pytest.raises(Truncated) as cut:
        parse_frame(data[:-60])
    assert cut.value.complete_stages == ("z", "y", "text")


def test_extensions_are_held_to_their_rules():
    with pytest.raises(Unsupported, match="critical"):
        parse_frame(build_frame(make(extensions=[Extension(5, True, b"x")])))
    with pytest.raises(EncodeError):
        build_frame(make(extensions=[Extension(5, False, b""), Extension(5, False, b"")]))
    data = build_frame(make(0, extensions=[Extension(5, False, b"\x05\x00")]))
    with pytest.raises(Malformed, match="rise"):
        parse_frame(rebuilt(data, len(data) - 5, 0))  # a length of 0, so that the payload becomes a second type 5


def test_varints_are_bounded_and_shortest():
    for value in (0, 1, 127, 128, 16383, 16384, MAX_SEGMENT_BYTES):
        assert parse_varint(build_varint(value), 0) == (value, len(build_varint(value)))
    with pytest.raises(Malformed, match="shortest"):
        parse_varint(b"\x80\x00", 0)
    with pytest.raises(LimitExceeded):
        parse_varint(b"\xff" * 300_000, 0)
    with pytest.raises(Malformed, match="inside a length"):
        parse_varint(b"\x80", 0)


def test_files_and_counts_over_the_limits_are_refused():
    with pytest.raises(LimitExceeded):
        parse_frame(bytes(5 << 20))
    with pytest.raises(LimitExceeded):
        build_frame(make(8))


def test_a_last_segment_too_long_is_over_a_limit_whatever_its_coder():
    frame = make(1, 16, 16, lengths=dict.fromkeys(LENGTHS, 0))
    whole, long = (
        Segment("mask", "objects[0].mask", b"\x80" + bytes(n)) for n in (MAX_SEGMENT_BYTES - 1, MAX_SEGMENT_BYTES)
    )
    for last, error in ((whole, Unsupported), (long, LimitExceeded)):  # 0x80: a coder that is reserved
        data = build_header(frame) + last.payload
        with pytest.raises(error) as caught:
            content.read_file(data + checksum(data))
        assert caught.value.path == "objects[0].mask"


def test_full_size_masks_of_three_objects_can_be_written():
    rows, columns = np.mgrid[0:512, 0:768]
    ragged = ((rows * 7 + columns * 3) % 97 + rows // 2 > 160).astype(np.uint8)  # generic region would be smaller
    assert mask.build(Mask(ragged, 1))[0] >> 5 == 1
    file = SedicFile(768, 512, 1, b"z", b"y", "", (SedicObject("", Mask(ragged, 1)),) * 3)
    assert content.read_file(content.write_file(file)) == file


def test_masks_that_declare_too_many_cells_are_refused_before_they_are_decoded(monkeypatch):
    monkeypatch.setattr(content.mask, "parse", lambda *unused: pytest.fail("a mask was decoded"))
    for tag, side in ((0x00, 8192), (0x20, 1448), (0x40, 1448), (0x60, 1448)):  # empty masks of each coder at scale 1
        frame = make(1, side, side, lengths=dict.fromkeys(LENGTHS, 0))
        segments = (*frame.segments[:4], Segment("mask", "objects[0].mask", bytes([tag])))
        with pytest.raises(LimitExceeded, match="cells") as caught:
            content.file_of(parse_frame(build_frame(replace(frame, segments=segments))))
        assert caught.value.path == "objects[0].mask"
