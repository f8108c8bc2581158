"""Where the tiles of an AV1 frame are: its header behind the sequence header of A-2 (clauses are the AV1 specification's).

This is all that the format asks of a frame (A-3), so that every reader refuses the same ones: the header can be read to its
end, the bits that fill its last byte are zero, and the tile group behind it has all of its tiles. What the tiles hold is AV1's
affair. Only what steers the reading of the next fields is kept; the rest is skipped.
"""

from __future__ import annotations

from sedicfmt.bitcoding.bit_io import bits_of
from sedicfmt.errors import Malformed

MOST_TILES, BLOCK = (
    64,
    64,
)  # tiles a row or column (6.8.14: MAX_TILE_COLS, MAX_TILE_ROWS); a superblock's side in pixels
WIDEST, LARGEST = 64, 2304  # superblocks: a tile's columns (MAX_TILE_WIDTH), its area (MAX_TILE_AREA)
FEATURES = (8, 6, 6, 6, 6, 3, 0, 0)  # Segmentation_Feature_Bits; the first five have a sign beside
DELTAS = 10  # of the loop filter: TOTAL_REFS_PER_FRAME, and two


class FrameBits:
    """A frame's bits from its first on. `take` raises Malformed behind the last."""

    def __init__(self, frame: bytes):
        self.bits, self.at = bits_of(frame), 0

    def take(self, count: int = 1) -> int:
        """f(count); 0 for no bits."""
        if self.at + count > len(self.bits):
            raise Malformed("an AV1 frame that ends in its header (A-3)", offset=len(self.bits) // 8)
        self.at += count
        return int("0" + self.bits[self.at - count : self.at], 2)

    def align(self) -> None:
        """byte_alignment (5.3.5). Raises Malformed for a bit that is not zero."""
        if self.take(-self.at % 8):
            raise Malformed("bits that fill up an AV1 frame's header are not zero (A-3)", offset=self.at // 8 - 1)


def tiles_of(frame: bytes, width: int, height: int) -> list[slice]:
    """Each tile's place in the content of a frame OBU of that size in pixels. Raises Malformed."""
    f = FrameBits(frame)
    intrabc = _start(f)
    count, number_bits, size_bytes = _tile_info(f, width, height)
    lossless = _quantization(f, intrabc)
    if not lossless and not intrabc:
        _loop_filter(f)
    f.take(1 if lossless else 2)  # tx_mode_select, reduced_tx_set
    f.align()
    if count > 1 and f.take() and (f.take(number_bits), f.take(number_bits)) != (0, count - 1):
        raise Malformed("an AV1 tile group without all of its tiles (A-3)", offset=f.at // 8)
    f.align()
    return _places(frame, f.at // 8, count, size_bytes)


def _start(f: FrameBits) -> int:
    """5.9.2 up to tile_info: allow_intrabc."""
    f.take()  # disable_cdf_update
    tools = f.take()
    f.take(tools)  # force_integer_mv
    f.take(32 * f.take())  # render_size
    return f.take(tools)  # allow_intrabc


def _tile_info(f: FrameBits, width: int, height: int) -> tuple[int, int, int]:
    """5.9.15: how many tiles, bits of a tile's number, bytes of a tile's size. Raises Malformed for what cannot be."""
    columns, rows = -(-width // BLOCK), -(-height // BLOCK)
    least = max(_log2(WIDEST, columns), _log2(LARGEST, columns * rows))
    if f.take():  # uniform_tile_spacing_flag
        bits_across = _uniform(f, columns, _log2(WIDEST, columns))
        bits_down = _uniform(f, rows, max(least - bits_across, 0))
        across, down = _parts(columns, bits_across), _parts(rows, bits_down)
    else:
        widths = _explicit(f, columns, WIDEST)
        area = (columns * rows) >> (least + 1) if least else columns * rows
        across, down = len(widths), len(_explicit(f, rows, max(area // max(widths), 1)))
        bits_across, bits_down = _log2(1, across), _log2(1, down)
    number_bits, count = bits_across + bits_down, across * down
    update = f.take(number_bits)  # context_update_tile_id
    if max(across, down) > MOST_TILES or update >= count:
        raise Malformed(f"{across}x{down} AV1 tiles, of which number {update} is used (A-3)", offset=f.at // 8)
    return count, number_bits, f.take(2) + 1 if number_bits else 0


def _log2(size: int, target: int) -> int:
    """tile_log2 (5.9.16): the least k with size 2^k >= target."""
    return max(-(-target // size) - 1, 0).bit_length()


def _uniform(f: FrameBits, blocks: int, log2: int) -> int:
    most = _log2(1, min(blocks, MOST_TILES))
    while log2 < most and f.take():  # increment_tile_cols_log2, increment_tile_rows_log2
        log2 += 1
    return log2


def _parts(blocks: int, log2: int) -> int:
    return -(-blocks // -(-blocks >> log2))


def _explicit(f: FrameBits, blocks: int, most: int) -> list[int]:
    """width_in_sbs_minus_1 or height_in_sbs_minus_1, each ns(n) (4.10.7), plus 1."""
    found: list[int] = []
    while sum(found) < blocks:
        n = min(blocks - sum(found), most)
        bits = n.bit_length()
        value, m = f.take(bits - 1), (1 << bits) - n
        found.append(1 + (value if value < m else 2 * value - m + f.take()))
    return found


def _quantization(f: FrameBits, intrabc: int) -> bool:
    """5.9.12, 5.9.14, 5.9.17, 5.9.18: whether all segments are lossless."""
    base = f.take(8)  # base_q_idx
    deltas = [f.take(7 * f.take()) for _ in range(3)]  # of Y DC, U DC, U AC; only whether they are 0 counts
    f.take(8 * f.take())  # using_qmatrix: qm_y, qm_u
    indices = _segments(f, base) if f.take() else [base]  # segmentation_enabled
    delta_q = f.take() if base else 0  # delta_q_present
    f.take(2 * delta_q)
    f.take(3 * (f.take() if delta_q and not intrabc else 0))  # delta_lf_present: delta_lf_res, delta_lf_multi
    return not any(deltas) and not any(indices)


def _segments(f: FrameBits, base: int) -> list[int]:
    """5.9.14, 7.12.2: each segment's quantizer index."""
    indices = []
    for _ in range(8):
        values = [f.take(bits + (j < 5)) if f.take() else 0 for j, bits in enumerate(FEATURES)]
        change = values[0] - 512 if values[0] > 255 else values[0]
        indices.append(min(max(base + change, 0), 255))
    return indices


def _loop_filter(f: FrameBits) -> None:
    """5.9.11."""
    if f.take(12):  # loop_filter_level of the luma
        f.take(12)
    f.take(3)  # loop_filter_sharpness
    if f.take() and f.take():  # loop_filter_delta_enabled, loop_filter_delta_update
        for _ in range(DELTAS):
            f.take(7 * f.take())


def _places(frame: bytes, at: int, count: int, size_bytes: int) -> list[slice]:
    """5.11.1: the tiles from byte `at` on; the last one goes to the end. Raises Malformed where one is cut or missing."""
    places = []
    for _ in range(count - 1):
        begin = at + size_bytes
        at = begin + int.from_bytes(frame[at:begin], "little") + 1
        places.append(slice(begin, at))
    if at >= len(frame):
        raise Malformed("an AV1 tile group without all of its tiles (A-3)", offset=len(frame))
    return [*places, slice(at, len(frame))]
