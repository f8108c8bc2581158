"""What `spec/sedic.md` takes from others: T.88's arithmetic coder (M-14), AV1's frame header (A-3), safetensors (R-1).

Part of `spec/decoder.py`, and like it of the standard library only.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from typing import Protocol

# ---- ITU-T T.88, Annex E ---------------------------------------------------------------------------------------------


class ArithmeticDecoder:
    """T.88 E.3 with M-15, and beside it E.2 for M-17: what an encoder makes of the same decisions.

    Both have the same interval, so they share A and the contexts; the encoder's C is `low`, its CT `room`."""

    def __init__(self, data: bytes):
        self.states = [(0, 0)] * (1 << 16)  # of each context: index and MPS
        self.data, self.at, self.a, self.c = data + b"\xff\xac", 0, 0x8000, 0
        self.low, self.room, self.written, self.out = 0, 12, 15, bytearray(1)  # `out` has a byte before the data
        self.c = self.data[0] << 16
        self.byte_in()
        self.c, self.ct = self.c << 7, self.ct - 7

    def byte_in(self) -> None:  # BYTEIN
        stuffed, following = self.data[self.at] == 0xFF, self.data[self.at + 1]
        if stuffed and following > 0x8F:
            self.c, self.ct = self.c + 0xFF00, 8
        else:
            self.c, self.ct = self.c + (following << (9 if stuffed else 8)), 7 if stuffed else 8
            self.at += 1

    def bit(self, cx: int) -> int:
        """DECODE, and ENCODE of what comes out."""
        index, mps = self.states[cx]
        qe, next_mps, next_lps, switch = PROBABILITIES[index]
        self.a -= qe
        upper = self.c >> 16 >= qe
        likelier = upper == (self.a >= qe)
        if upper:
            self.c, self.low = self.c - (qe << 16), self.low + qe
        else:
            self.a = qe
        if self.a < 0x8000:
            self.states[cx] = (next_mps, mps) if likelier else (next_lps, mps ^ switch)
        while self.a < 0x8000:
            if not self.ct:
                self.byte_in()
            self.a, self.c, self.ct = self.a << 1, self.c << 1, self.ct - 1
            self.shift(1)
        return mps if likelier else 1 - mps

    def shift(self, count: int) -> None:
        """The encoder's share of RENORME, with BYTEOUT."""
        self.low, self.room, self.written = self.low << count, self.room - count, self.written + count
        if not self.room:
            if self.out[-1] < 0xFF and self.low >= 0x8000000:
                self.out[-1] += 1
                self.low &= 0x7FFFFFF
            self.room = 7 if self.out[-1] == 0xFF else 8
            self.out.append(self.low >> (27 - self.room))
            self.low &= (1 << (27 - self.room)) - 1

    def encoded(self) -> bytes:
        """M-17, in units of the last bit of the bytes written: 1 bits behind what is kept lie `above` C, which must be
        within A. Dropping a byte moves them by what it lacks to all ones, `weight` each; no A is as large as 2^64."""
        last, above, weight, a = self.written, 0, 1, self.a
        while self.bits() < last:
            self.shift(self.room)
        a <<= self.bits() - last
        while len(self.out) > 1:
            ones = 0x7F if self.out[-2] == 0xFF else 0xFF
            above += weight * (ones - self.out[-1])
            if not 0 <= above < a:
                break
            weight = min(weight * (ones + 1), 1 << 64)
            self.out.pop()
        return bytes(self.out[1:])

    def bits(self) -> int:
        """How many bits the bytes hold."""
        return 8 * (len(self.out) - 1) - self.out[:-1].count(0xFF)


# By index: Qe, the next index behind an MPS and behind an LPS, SWITCH (T.88 Table E.1).
PROBABILITIES = [
    (0x5601, 1, 1, 1), (0x3401, 2, 6, 0), (0x1801, 3, 9, 0), (0x0AC1, 4, 12, 0), (0x0521, 5, 29, 0), (0x0221, 38, 33, 0),
    (0x5601, 7, 6, 1), (0x5401, 8, 14, 0), (0x4801, 9, 14, 0), (0x3801, 10, 14, 0), (0x3001, 11, 17, 0),
    (0x2401, 12, 18, 0), (0x1C01, 13, 20, 0), (0x1601, 29, 21, 0), (0x5601, 15, 14, 1), (0x5401, 16, 14, 0),
    (0x5101, 17, 15, 0), (0x4801, 18, 16, 0), (0x3801, 19, 17, 0), (0x3401, 20, 18, 0), (0x3001, 21, 19, 0),
    (0x2801, 22, 19, 0), (0x2401, 23, 20, 0), (0x2201, 24, 21, 0), (0x1C01, 25, 22, 0), (0x1801, 26, 23, 0),
    (0x1601, 27, 24, 0), (0x1401, 28, 25, 0), (0x1201, 29, 26, 0), (0x1101, 30, 27, 0), (0x0AC1, 31, 28, 0),
    (0x09C1, 32, 29, 0), (0x08A1, 33, 30, 0), (0x0521, 34, 31, 0), (0x0441, 35, 32, 0), (0x02A1, 36, 33, 0),
    (0x0221, 37, 34, 0), (0x0141, 38, 35, 0), (0x0111, 39, 36, 0), (0x0085, 40, 37, 0), (0x0049, 41, 38, 0),
    (0x0025, 42, 39, 0), (0x0015, 43, 40, 0), (0x0009, 44, 41, 0), (0x0005, 45, 42, 0), (0x0001, 45, 43, 0),
    (0x5601, 46, 46, 0),
]  # fmt: skip


# ---- AV1, 5.9 and 5.11, behind the sequence header of A-2 ------------------------------------------------------------


class Bits(Protocol):
    """`data`, read from bit `at` on."""

    data: bytes
    at: int

    def take(self, count: int) -> int: ...


def holds_all_tiles(bits: Bits, width: int, height: int) -> bool:
    """AV1 5.9.2, 5.11.1: whether the frame's header is one, and its tile group has all tiles (A-3). Its names are used."""
    f = bits.take
    f(1)  # disable_cdf_update
    allow_screen_content_tools = f(1)
    f(allow_screen_content_tools)  # force_integer_mv
    f(32 * f(1))  # render_size
    allow_intrabc = f(allow_screen_content_tools)
    count, number_bits, size_bytes = read_tile_info(f, width, height)
    base_q_idx = f(8)
    deltas = [signed_7(f) for _ in range(3)]  # of Y DC, U DC, U AC
    f(8 * f(1))  # qm_y, qm_u
    q_idx = read_segmentation(f, base_q_idx)
    delta_q_present = f(base_q_idx > 0)
    f(2 * delta_q_present)
    f(3 * f(delta_q_present and not allow_intrabc))  # delta_lf_res, delta_lf_multi
    lossless = not any(deltas) and not any(q_idx)
    if not lossless and not allow_intrabc:
        f(12 * (f(12) > 0) + 3)  # loop_filter_level, loop_filter_sharpness
        for _ in range(10 * f(f(1))):  # loop_filter_delta_enabled, loop_filter_delta_update
            signed_7(f)
    f(2 - lossless)  # tx_mode_select, reduced_tx_set
    if f(-bits.at % 8):  # byte_alignment
        return False
    if count > 1 and f(1) and (f(number_bits), f(number_bits)) != (0, count - 1):  # tg_start, tg_end
        return False
    if f(-bits.at % 8):
        return False
    at = bits.at // 8
    for _ in range(count - 1):
        at += size_bytes + int.from_bytes(bits.data[at : at + size_bytes], "little") + 1
    return count > 0 and at < len(bits.data)


def signed_7(f: Callable[[int], int]) -> int:
    """A bit that says whether seven others follow, su(7). (Only whether that is 0 matters here.)"""
    return f(7 * f(1))


def read_segmentation(f: Callable[[int], int], base_q_idx: int) -> list[int]:
    """AV1 5.9.14: the quantizer index of each segment."""
    q_idx = [base_q_idx]
    for _ in range(8 * f(1)):
        change = f(9 * f(1))
        q_idx.append(min(max(base_q_idx + (change & 255) - (change & 256), 0), 255))
        for size in (7, 7, 7, 7, 3, 0, 0):
            f(size * f(1))
    return q_idx[-8:]


def read_tile_info(f: Callable[[int], int], width: int, height: int) -> tuple[int, int, int]:
    """AV1 5.9.15, in superblocks of 64: how many tiles (0: this cannot be), bits of a tile's number, bytes of its size."""
    columns, rows = -(-width // 64), -(-height // 64)
    least = max(tile_log2(64, columns), tile_log2(2304, columns * rows))

    def uniform(blocks: int, log2: int) -> int:
        while log2 < tile_log2(1, min(blocks, 64)) and f(1):
            log2 += 1
        return log2

    def sizes(blocks: int, most: int) -> list[int]:
        found: list[int] = []
        while blocks > sum(found):
            n = min(blocks - sum(found), most)
            v, m = f(n.bit_length() - 1), (1 << n.bit_length()) - n  # ns(n)
            found.append(1 + (v if v < m else 2 * v - m + f(1)))
        return found

    if f(1):
        log2_columns = uniform(columns, tile_log2(64, columns))
        log2_rows = uniform(rows, max(least - log2_columns, 0))
        tiles = [-(-blocks // -(-blocks >> n)) for blocks, n in ((columns, log2_columns), (rows, log2_rows))]
    else:
        widths = sizes(columns, 64)
        area = columns * rows >> (least + 1 if least else 0)
        heights = sizes(rows, max(area // max(widths), 1))
        tiles = [len(widths), len(heights)]
        log2_columns, log2_rows = (tile_log2(1, count) for count in tiles)
    bits, count = log2_columns + log2_rows, tiles[0] * tiles[1]
    allowed = f(bits) < count and max(tiles) <= 64  # context_update_tile_id
    return count if allowed else 0, bits, f(2 * (bits > 0)) + 1


def tile_log2(size: int, target: int) -> int:
    return max(-(-target // size) - 1, 0).bit_length()


# ---- safetensors -----------------------------------------------------------------------------------------------------


def raw_safetensors(data: bytes) -> dict[str, tuple[str, bytes]]:
    """Type and bytes of each tensor of a safetensors file: 64 bits length, a JSON header, the tensors, low bytes first.

    Raises ValueError for what is none.
    """
    start = 8 + int.from_bytes(data[:8], "little")
    try:
        header = {name: about for name, about in json.loads(data[8:start]).items() if name != "__metadata__"}
        return {name: (about["dtype"], tensor(data[start:], *about["data_offsets"])) for name, about in header.items()}
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("no safetensors header") from error


def tensor(data: bytes, begin: int, end: int) -> bytes:
    if not 0 <= begin <= end <= len(data):
        raise ValueError("a tensor outside its file")
    return data[begin:end]


def read_safetensors(data: bytes, begins: str = "") -> dict[str, list[float]]:
    """The values of the tensors of a safetensors file whose names begin so."""
    codes = {"I8": "b", "I32": "i", "F16": "e", "F32": "f"}
    return {
        name: list(struct.unpack(f"<{len(raw) // struct.calcsize(codes[kind])}{codes[kind]}", raw))
        for name, (kind, raw) in raw_safetensors(data).items()
        if name.startswith(begins)
    }
