"""An AV1 still picture as the one frame OBU that differs from picture to picture (clauses are the AV1 specification's).

A still picture in AVIF is a temporal delimiter, a sequence header and a frame. With the settings fixed, the sequence header
follows from the picture's size alone, so that only the frame's content need be kept; nothing in that states a size of samples
to be decoded, since a reduced still picture header has no frame size of its own (5.9.5).
"""

from __future__ import annotations

from collections.abc import Iterator

from sedicfmt.errors import Malformed

SEQUENCE_HEADER, TEMPORAL_DELIMITER, FRAME = 1, 2, 6  # obu_type, 6.2.2
LEVEL_BITS = slice(5, 10)  # of a sequence header: which decoders can keep up, nothing about samples


def sequence_header(width: int, height: int) -> bytes:
    """The payload of the sequence header OBU (5.5.1) of pictures of that size, sides 1 to 8192 (table at the bottom)."""
    w, h = width - 1, height - 1
    n, m = max(1, w.bit_length()), max(1, h.bit_length())
    bits = f"{START}{n - 1:04b}{m - 1:04b}{w:0{n}b}{h:0{m}b}{TOOLS}{COLOURS}01"
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def low_overhead(frame: bytes, width: int, height: int) -> bytes:
    """The OBUs of a whole still picture: sequence header and frame, each with its size (5.2)."""
    return _obu(SEQUENCE_HEADER, sequence_header(width, height)) + _obu(FRAME, frame)


def frame_of(obus: bytes, width: int, height: int) -> bytes:
    """The content of the one frame OBU. Raises Malformed for other OBUs, or another sequence header but for its level."""
    found = [(kind, content) for kind, content in split(obus) if kind != TEMPORAL_DELIMITER]
    if [kind for kind, _ in found] != [SEQUENCE_HEADER, FRAME]:
        raise Malformed(f"OBUs of types {[kind for kind, _ in found]}, not one sequence header and one frame")
    if _without_level(found[0][1]) != _without_level(sequence_header(width, height)):
        raise Malformed(f"a sequence header of other settings: {found[0][1].hex()}")
    return found[1][1]


def split(obus: bytes) -> Iterator[tuple[int, bytes]]:
    """(obu_type, content) of each OBU. Raises Malformed where they do not end where the bytes do."""
    at = 0
    while at < len(obus):
        head = obus[at]
        if head & 0x87 != HAS_SIZE:
            raise Malformed(f"an OBU header of {head:02x}, which is none with a size alone", offset=at)
        size, begin = _leb128(obus, at + 1)
        if begin + size > len(obus):
            raise Malformed(f"an OBU of {size} bytes, where {len(obus) - begin} are left", offset=at)
        yield head >> 3, obus[begin : begin + size]
        at = begin + size


def _obu(kind: int, content: bytes) -> bytes:
    size, rest = bytearray(), len(content)
    while rest > 127:
        size.append(rest & 127 | 128)
        rest >>= 7
    return bytes([kind << 3 | HAS_SIZE, *size, rest]) + content


def _leb128(data: bytes, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, low ones first (4.10.5), and where it ends."""
    for i, byte in enumerate(data[at : at + 8]):
        if byte < 128:
            return sum((b & 127) << 7 * j for j, b in enumerate(data[at : at + i + 1])), at + i + 1
    raise Malformed("an OBU's size does not end", offset=at)


def _without_level(header: bytes) -> str:
    bits = f"{int.from_bytes(header, 'big'):0{8 * len(header)}b}"
    return bits[: LEVEL_BITS.start] + bits[LEVEL_BITS.stop :]


HAS_SIZE = 0x02

# seq_profile 1 (8 bits, 4:4:4), still_picture 1, reduced_still_picture_header 1, seq_level_idx[0] 31 (no limit stated)
START = "0011111111"
# use_128x128_superblock 0, enable_filter_intra 1, enable_intra_edge_filter 1, superres, cdef, restoration 0
TOOLS = "011000"
# high_bitdepth 0, color_description_present_flag 1, BT.709 primaries (1), sRGB transfer (13), BT.601 matrix (6), full range 1,
# separate_uv_delta_q 0; then film_grain_params_present 0 and the trailing bit of 5.3.4, which stand in the code
COLOURS = f"01{1:08b}{13:08b}{6:08b}10"
