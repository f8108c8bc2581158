"""A second decoder of the .sedic format, written from `spec/sedic.md` alone: `python spec/decoder.py FILE`.

It is meant to be read beside the specification: its sections are the specification's, its functions name the clause that
they do, and it needs nothing but Python and the files of `spec/` (and, for the latent, the model's weights). It prints what
a file holds as JSON, or refuses the file with the class of the error, the place, and the exit code 3 malformed,
4 unsupported, 5 truncated, 6 check failed, 7 over a limit. What a reader MUST refuse it refuses, so it has encoders too, where the
specification says what a writer does (T-2, M-4). It says what the pictures are made of; it paints none.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import struct
import sys
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
EXIT_CODES = {"malformed": 3, "unsupported": 4, "truncated": 5, "check": 6, "limit": 7, "backend": 8}


class Refused(Exception):
    """The file is refused, for one of the classes at the end of section 1; `path` is the place in the file."""

    def __init__(self, code: str, message: str, path: str = ""):
        super().__init__(message)
        self.code, self.path = code, path


@contextmanager
def inside(path: str) -> Iterator[None]:
    """Errors raised in here are of the segment `path`, where what is missing is missing for good (T-13)."""
    try:
        yield
    except Refused as error:
        error.path = error.path or path
        error.code = "malformed" if error.code == "truncated" else error.code
        raise


class Bits:
    """The bits of `data`, from the most significant of each byte on, beginning with bit `at`."""

    def __init__(self, data: bytes, at: int = 0):
        self.data, self.at = data, at

    def take(self, count: int) -> int:
        """The next `count` bits as a number."""
        end = self.at + count
        if end > 8 * len(self.data):
            raise Refused("truncated", "the bits end inside a code or a field")
        first, last = self.at // 8, -(-end // 8)
        self.at = end
        return (int.from_bytes(self.data[first:last]) >> (8 * last - end)) & ((1 << count) - 1)


def exp_golomb(bits: Bits | RangeDecoder, order: int, most_zeros: int, code: str = "malformed") -> int:
    """An Exp-Golomb code (C-7; L-3 and M-12 have the same). One of more zeros is refused with class `code`."""
    zeros = 0
    while not bits.take(1):
        zeros += 1
        if zeros > most_zeros:
            raise Refused(code, "a number is too large")
    return bits.take(zeros + order) + (1 << order) * ((1 << zeros) - 1)


# ---------------------------------------------------------------------------------------------------------------------
# 1. Container
# ---------------------------------------------------------------------------------------------------------------------

MAX_FILE, MAX_SEGMENT = 4_194_304, 1_048_576
RATIOS = {1: (1, 1), 2: (3, 2), 3: (2, 3), 4: (4, 3), 5: (3, 4), 6: (16, 9), 7: (9, 16)}
LENGTH_ORDERS = {"latent.z": 7, "latent.y": 11, "text.overall": 6, "text.object": 6, "mask": 5}


@dataclass
class Segment:
    kind: str
    path: str
    offset: int
    payload: bytes
    coder: str = "range"


@dataclass
class Sedic:
    """A file's header and its segments; what is decoded is added to it."""

    width: int = 0
    height: int = 0
    model: int = 0
    latent_scale: int = 0
    seed: int = 0
    segments: list[Segment] = field(default_factory=list)
    extensions: list[dict[str, Any]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    masks: list[Mask] = field(default_factory=list)


def read_container(data: bytes) -> Sedic:
    """C-1: header, segments, extensions, check."""
    if len(data) > MAX_FILE:
        raise Refused("limit", "the file is too long")
    file = Sedic()
    try:
        bits, lengths, extended = read_header(data, file)
    except Refused as error:
        error.path = error.path or "header"
        raise
    start, end = bits.at // 8, len(data) - 2
    stated = sum(length for length in lengths if length is not None)
    if start + stated > end:
        raise Refused("truncated", "the file ends before its content does")
    if check(data[:end]) != data[end:]:
        raise Refused("check", "the check over the file does not hold")
    for (kind, path), length in zip(segment_kinds((len(lengths) - 3) // 2), lengths, strict=True):
        length = end - start if length is None else length
        if length > MAX_SEGMENT:
            raise Refused("limit", "a segment is too long", path)
        file.segments.append(Segment(kind, path, start, data[start : start + length]))
        start += length
    if extended:
        file.extensions = read_extensions(data[start:end])
    return file


def read_header(data: bytes, file: Sedic) -> tuple[Bits, list[int | None], bool]:
    """C-2 to C-5, C-7, C-8: the place behind the header, the segments' lengths (None: up to the end), `extended`."""
    bits = Bits(data)
    if bits.take(16) != 0x5ED1:
        raise Refused("malformed", "this is not a .sedic file", "header.magic")
    if bits.take(3) != 1:
        raise Refused("unsupported", "this version is not known")
    objects = bits.take(3)
    read_size(bits, file)
    file.model = exp_golomb(bits, 3, 5)
    if file.model > 255:
        raise Refused("malformed", "the model id is over 255")
    file.latent_scale = bits.take(5) + 1
    optional = bits.take(1)
    extended, seeded = (bits.take(1), bits.take(1)) if optional else (0, 0)
    if optional and not extended and not seeded:
        raise Refused("malformed", "optional without extended or seeded (C-3)")
    file.seed = bits.take(32) if seeded else 0
    if seeded and not file.seed:
        raise Refused("malformed", "a seed of 0 is left out (C-4)")
    check_latent_size(file)
    lengths = [read_length(bits, kind) for kind, _ in segment_kinds(objects)[: None if extended else -1]]
    if bits.take(-bits.at % 8):
        raise Refused("malformed", "the bits that fill up the header are not zero (C-8)")
    return bits, lengths if extended else [*lengths, None], bool(extended)


def read_size(bits: Bits, file: Sedic) -> None:
    """C-5, and that a writer would have written it so (C-13)."""
    ratio, eighths = bits.take(3), bits.take(1)
    long = bits.take(1) if eighths else 0
    u = 8 if eighths else 1
    file.height = (bits.take(13 if not eighths else 10 if long else 7) + 1) * u
    if ratio:
        file.width = width_by(ratio, file.height)
    else:
        file.width = (bits.take(10 if eighths else 13) + 1) * u
    for side in ("height", "width"):
        if not 16 <= getattr(file, side) <= 8192:
            raise Refused("limit", f"the {side} is not within 16 to 8192", f"header.size.{side}")
    fitting = [r for r in RATIOS if width_by(r, file.height) == file.width]
    if fitting and ratio != fitting[0]:
        raise Refused("malformed", "another ratio gives the width (C-5)")
    if eighths != (file.height % 8 == 0 and (ratio > 0 or file.width % 8 == 0)):
        raise Refused("malformed", "eighths is not as C-5 says")
    if eighths and long != (file.height > 1024):
        raise Refused("malformed", "long is not as C-5 says")


def width_by(ratio: int, height: int) -> int:
    """C-5."""
    a, b = RATIOS[ratio]
    return height * a // b


def read_length(bits: Bits, kind: str) -> int:
    """C-7."""
    length = exp_golomb(bits, LENGTH_ORDERS[kind], 20, "limit")
    if length > MAX_SEGMENT:
        raise Refused("limit", "a segment is too long")
    return length


def segment_kinds(objects: int) -> list[tuple[str, str]]:
    """C-6: kind and path of each segment."""
    kinds = [("latent.z", "z"), ("latent.y", "y"), ("text.overall", "text")]
    for d in range(objects):
        kinds += [("text.object", f"objects[{d}].text"), ("mask", f"objects[{d}].mask")]
    return kinds


def read_extensions(data: bytes) -> list[dict[str, Any]]:
    """C-10."""
    found: list[dict[str, Any]] = []
    at = 0
    while at < len(data) or not found:
        path = f"extensions[{len(found)}]"
        if at == len(data):
            raise Refused("malformed", "an extension is announced and missing", path)
        critical, kind = data[at] >> 7, data[at] & 127
        length, at = read_extension_length(data, at + 1)
        if kind <= (found[-1]["type"] if found else 0):
            raise Refused("malformed", "the types do not rise from 1 on", path)
        if at + length > len(data):
            raise Refused("malformed", "the extension is longer than what is left", path)
        if critical:
            raise Refused("unsupported", "this critical extension is not known", path)
        found.append({"type": kind, "critical": False, "bytes": length})
        at += length
    return found


def read_extension_length(data: bytes, at: int) -> tuple[int, int]:
    """C-11: the length, and the place behind it."""
    length = 0
    for count in range(3):
        if at + count >= len(data):
            break
        byte = data[at + count]
        length |= (byte & 127) << (7 * count)
        if byte < 128:
            if count and not byte:
                break
            return length, at + count + 1
    raise Refused("malformed", "a length is cut, too long, or not in the fewest bytes (C-11)")


def check(data: bytes) -> bytes:
    """C-12."""
    value = 0xFFFF
    for byte in data:
        value = (value << 8 & 0xFFFF) ^ check_table()[value >> 8 ^ byte]
    return (value ^ 0xFFFF).to_bytes(2)


@cache
def check_table() -> list[int]:
    table = []
    for value in range(0, 1 << 16, 256):
        for _ in range(8):
            value = (value << 1 ^ 0x1021 if value & 0x8000 else value << 1) & 0xFFFF
        table.append(value)
    return table


# ---------------------------------------------------------------------------------------------------------------------
# 2. Latent
# ---------------------------------------------------------------------------------------------------------------------


def latent_size(file: Sedic) -> tuple[int, int]:
    """L-1: width and height of the picture that the latent shows."""
    return -(-file.width * file.latent_scale // 16), -(-file.height * file.latent_scale // 16)


def check_latent_size(file: Sedic) -> None:
    """L-1."""
    if max(latent_size(file)) > 8192:
        raise Refused("limit", "the latent shows more than 8192 pixels a side", "header.latent_scale")


class RangeDecoder:
    """L-2. T-17 begins with another interval: `low` is where it begins, `size` is how long it is."""

    def __init__(self, data: bytes, low: int = 0, size: int = 2**32 - 1):
        self.data, self.read = data, 4
        self.code, self.range = int.from_bytes(data[:4].ljust(4, b"\0")) - low, size

    def symbol(self, c: Sequence[int]) -> int:
        """A symbol of the table with the cumulative frequencies `c`."""
        r = self.range // c[-1]
        t = self.code // r
        if t >= c[-1]:
            raise Refused("malformed", "no value has this code (L-2)")
        s = bisect_right(c, t) - 1
        self.narrow(r * c[s], r * (c[s + 1] - c[s]))
        return s

    def bit(self, f: int) -> int:
        """M-22."""
        r = self.range >> 16
        zeros = self.range - r * f if f <= 32768 else r * (65536 - f)
        one = self.code >= zeros
        self.narrow(zeros * one, self.range - zeros if one else zeros)
        return int(one)

    def narrow(self, start: int, size: int) -> None:
        self.code -= start
        self.range = size
        while self.range < 1 << 24:
            byte = self.data[self.read] if self.read < len(self.data) else 0
            self.code, self.range, self.read = self.code << 8 | byte, self.range << 8, self.read + 1

    def take(self, count: int) -> int:
        """`count` bits, each a symbol of two equally frequent ones."""
        value = 0
        for _ in range(count):
            value = value << 1 | self.symbol([0, 32768, 65536])
        return value

    def signed(self, c: list[int]) -> int:
        """L-3."""
        k = len(c) // 2 - 1
        s = self.symbol(c)
        if s <= 2 * k:
            return s - k
        negative = self.take(1)
        magnitude = exp_golomb(self, 0, 15) + k + 1
        if magnitude > 32767:
            raise Refused("malformed", "a value is over 32767")
        return -magnitude if negative else magnitude

    def finish(self) -> None:
        """L-5. What is read less `code` is the writer's `low`, so that a reader sees by itself how the payload must end."""
        low = int.from_bytes(self.data[: self.read].ljust(self.read, b"\0")) - self.code
        if shortest(low, self.range, self.read) != self.data:
            raise Refused("malformed", "the data is not what a writer makes of its values (L-5)")


def shortest(low: int, size: int, count: int) -> bytes:
    """L-5, for low in units of the last of `count` bytes. As 2^24 <= size < 2^32, only two lengths come in question.

    A multiple of 2^32 inside is the only one, and the one of the fewest bytes; if there is none, multiples of 2^24 are."""
    for unit in (1 << 32, 1 << 24):
        number = -(-low // unit) * unit
        if number < low + size:
            break
    return number.to_bytes(count).rstrip(b"\0")


class RangeEncoder:
    """The writer's side of L-2, for T-2: low is kept whole, so that nothing has to be carried."""

    def __init__(self, low: int, size: int):
        self.low, self.range, self.count = low, size, 4

    def symbol(self, c: Sequence[int], s: int) -> None:
        r = self.range // c[-1]
        self.low, self.range = self.low + r * c[s], r * (c[s + 1] - c[s])
        while self.range < 1 << 24:
            self.low, self.range, self.count = self.low << 8, self.range << 8, self.count + 1

    def finish(self) -> bytes:
        return shortest(self.low, self.range, self.count)


def read_frequencies(name: str) -> list[list[int]]:
    """L-4, H-8: cumulative frequencies, one list for each line."""
    lines = read_table(name).decode("ascii").split("\n")
    return [[0, *accumulate(map(int, line.split()))] for line in lines]


def digest(grid: list[list[list[int]]]) -> str:
    """L-8, of values [row][column][channel]."""
    values = [p[k] for k in range(len(grid[0][0])) for row in grid for p in row]
    return hashlib.sha256(struct.pack(f"<{len(values)}h", *values)).hexdigest()


# ---------------------------------------------------------------------------------------------------------------------
# 3. Hyper-synthesis in integers
# ---------------------------------------------------------------------------------------------------------------------

LAYERS = {1: "h_s.grow", 2: "h_s.leave", 3: "prior_z.look", 4: "prior_z.leave", 5: "h_s.look", 6: "h_s.leave_odd"}
OFFSET = 1 << 62  # keeps lanes positive; sums stay far below it


class Layer:
    """b[o] + sum over n of W[o, n] x[n], requantised (H-3, H-5).

    A column of W is one long integer with 64 bits for each o, so that all of them are multiplied and added at once."""

    def __init__(self, tensors: dict[str, array[int]], name: str):
        bias, self.m = tensors[f"{name}.bias"], tensors[f"{name}.multiplier"]
        self.shift = tensors[f"{name}.shift"][0]
        self.outputs = len(bias)
        weights = tensors[f"{name}.weight"]
        inputs = len(weights) // self.outputs
        self.columns = [self.lanes(weights[n::inputs]) for n in range(inputs)]
        self.bias = self.lanes(bias) + self.lanes(array("q", [OFFSET] * self.outputs))

    def lanes(self, values: array[int]) -> int:
        return int.from_bytes(struct.pack(f"<{self.outputs}Q", *(v + OFFSET for v in values)), "little") - sum(
            OFFSET << 64 * o for o in range(self.outputs)
        )

    def __call__(self, x: list[int], least: int, most: int = 32767) -> list[int]:
        total = self.bias + sum(column * v for column, v in zip(self.columns, x, strict=True) if v)
        sums = struct.unpack(f"<{self.outputs}Q", total.to_bytes(8 * self.outputs, "little"))
        half = 1 << (self.shift - 1)
        return [min(max((a - OFFSET) * m + half >> self.shift, least), most) for a, m in zip(sums, self.m, strict=True)]


class NanoLatent:
    """z and y of the models that section 3 describes."""

    def __init__(self, c_y: int, c_z: int, weights: bytes):
        self.c_y, self.c_z = c_y, c_z
        tensors = read_safetensors(weights)
        self.layer = {k: Layer(tensors, name) for k, name in LAYERS.items()}

    def decode(self, z_data: bytes, y_data: bytes, width: int, height: int) -> dict[str, str]:
        """L-1, L-8: the digests of z and y, of a latent that shows width x height pixels."""
        rows, columns = -(-height // 32), -(-width // 32)
        with inside("z"):
            z = self.decode_z(RangeDecoder(z_data), -(-rows // 2), -(-columns // 2))
        with inside("y"):
            y = self.decode_y(RangeDecoder(y_data), z, rows, columns)
        return {"z": digest(z), "y": digest(y)}

    def decode_z(self, decoder: RangeDecoder, rows: int, columns: int) -> list[list[list[int]]]:
        """H-7."""
        z = [[[0] * self.c_z for _ in range(columns)] for _ in range(rows)]
        for i in range(rows):
            for j in range(columns):
                x = [
                    v for di, dj in ((-1, -1), (-1, 0), (-1, 1), (0, -1)) for v in self.at(z, i + di, j + dj, self.c_z)
                ]
                v = self.layer[4](self.layer[3](x, 0), -32767)
                z[i][j] = [decode_z_value(decoder, v[k], min(max(v[self.c_z + k], 1), 31)) for k in range(self.c_z)]
        decoder.finish()
        return z

    def decode_y(
        self, decoder: RangeDecoder, z: list[list[list[int]]], rows: int, columns: int
    ) -> list[list[list[int]]]:
        """H-9."""
        h = self.synthesise(z, rows, columns)
        y = [[[0] * self.c_y for _ in range(columns)] for _ in range(rows)]
        for odd in (0, 1):
            places = [(i, j) for i in range(rows) for j in range(columns) if (i + j) % 2 == odd]
            indices = {(i, j): self.indices(h[i][j], self.neighbours(y, i, j) if odd else None) for i, j in places}
            for k in range(self.c_y):
                for i, j in places:
                    if indices[i, j][k]:  # L-6
                        y[i][j][k] = decoder.signed(gaussian_frequencies()[indices[i, j][k]])
        decoder.finish()
        return y

    def synthesise(self, z: list[list[list[int]]], rows: int, columns: int) -> list[list[list[int]]]:
        """H-1 to H-4: h on y's grid, [row][column][n]."""
        h: list[list[list[int]]] = [[[] for _ in range(columns)] for _ in range(rows)]
        for i, line in enumerate(z):
            for j in range(len(line)):
                around = [self.at(z, i + p - 1, j + q - 1, self.c_z) for p in range(3) for q in range(3)]
                grown = self.layer[1]([v for channel in zip(*around, strict=True) for v in channel], 0)
                for p in range(min(2, rows - 2 * i)):
                    for q in range(min(2, columns - 2 * j)):
                        h[2 * i + p][2 * j + q] = grown[2 * p + q :: 4]
        return h

    def indices(self, h: list[int], neighbours: list[int] | None) -> list[int]:
        """H-5, H-6, and H-10 where there are neighbours: the scale indices at one position. (Means are for painting.)"""
        if neighbours is None:
            v = self.layer[2](h, -32767)
        else:
            e = self.layer[5](h + neighbours, 0)
            v = self.layer[6](h + e, -32767)
        return [min(max(index, 0), 47) for index in v[self.c_y :]]

    def neighbours(self, y: list[list[list[int]]], i: int, j: int) -> list[int]:
        """H-10."""
        around = [self.at(y, i + di, j + dj, self.c_y) for di, dj in ((-1, 0), (0, -1), (0, 1), (1, 0))]
        return [256 * min(max(v, -127), 127) for values in around for v in values]

    @staticmethod
    def at(grid: list[list[list[int]]], i: int, j: int, channels: int) -> list[int]:
        """The values at a position, zeros outside the grid."""
        return grid[i][j] if 0 <= i < len(grid) and 0 <= j < len(grid[0]) else [0] * channels


def decode_z_value(decoder: RangeDecoder, mean: int, index: int) -> int:
    """H-8."""
    base = (mean + 32) >> 6
    f = (mean - 64 * base + 32) >> 3
    coded = decoder.signed(shifted_frequencies()[4 * (index - 1) + min(f, 7 - f)])
    value = base + coded if f < 4 else base - coded
    if abs(value) > 32767:
        raise Refused("malformed", "a value of z is over 32767")
    return value


@cache
def gaussian_frequencies() -> list[list[int]]:
    return read_frequencies("gaussian_frequencies.txt")


@cache
def shifted_frequencies() -> list[list[int]]:
    return read_frequencies("shifted_gaussian_frequencies.txt")


# ---------------------------------------------------------------------------------------------------------------------
# 4. Text
# ---------------------------------------------------------------------------------------------------------------------

MAX_TEXT = 4096
END, GAP, CASE, UPPER, SPELL = STEERING = ("{end}", "{gap}", "{case}", "{upper}", "{spell}")
LETTER_END, LETTER_OTHER = 128, 129
LOW, HIGH = "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
TO_UPPER, TO_LOWER = str.maketrans(LOW, HIGH), str.maketrans(HIGH, LOW)
NO_SPACE_AFTER = "([{'#$-/ \t\n\u2013\u2014\u2018\u2019\u201c"
NO_SPACE_BEFORE = ".,;:!?)]}'%-/ \t\n\u2013\u2014\u2019\u201d\u2026"
SKIPPED_FOR_CAPITAL = " \t\n\"'()[]\u2018\u2019\u201c\u201d"
TEXT_CODERS = {0: "word-huffman", 1: "word-contexts", 3: "raw-utf8"}


def decode_text(payload: bytes) -> tuple[str, str]:
    """T-1, T-2: the text, and its coder's name."""
    if not payload:
        return "", "empty"
    if len(payload) > MAX_TEXT + 1:
        raise Refused("limit", "the payload is too long")
    coder = payload[0] >> 6
    if coder == 2:
        raise Refused("unsupported", "the coder 2 is reserved")
    text = {0: decode_huffman, 1: decode_contexts, 3: decode_raw}[coder](payload)
    if payload != text_payload(text):
        raise Refused("malformed", "this is not the payload of its text (T-2)")
    return text, TEXT_CODERS[coder]


def text_payload(text: str) -> bytes:
    """T-2."""
    if not text:
        return b""
    return min(huffman_payload(text), contexts_payload(text), b"\xc0" + text.encode(), key=len)


def decode_raw(payload: bytes) -> str:
    """T-1."""
    if payload[0] & 63:
        raise Refused("malformed", "the six bits behind the coder id are not zero")
    try:
        return payload[1:].decode()
    except UnicodeDecodeError as error:
        raise Refused("malformed", "this is not UTF-8") from error


class HuffmanCode:
    """T-3: the codes as strings of 0 and 1, of the symbols 0, 1, 2, ... with these lengths."""

    def __init__(self, lengths: list[int]):
        self.codes = [""] * len(lengths)
        code = before = 0
        for length, symbol in sorted((length, symbol) for symbol, length in enumerate(lengths) if length):
            code <<= length - before
            self.codes[symbol] = format(code, f"0{length}b")
            code, before = code + 1, length
        self.symbols = {code: symbol for symbol, code in enumerate(self.codes) if code}

    def read(self, bits: Bits) -> int:
        code = ""
        while code not in self.symbols:
            code += "01"[bits.take(1)]
        return self.symbols[code]


@cache
def huffman_table() -> tuple[list[str], HuffmanCode, list[HuffmanCode]]:
    """T-5: entries, their code, the letter codes."""
    entries: list[str] = []
    lengths: list[int] = []
    letters = []
    for line in read_table("text_words.txt").decode().split("\n"):
        first, *more = line.split("\t")
        if first == "letters":
            letters.append(HuffmanCode([int(length) for length in more[1].split()]))
        elif line and not line.startswith("#"):
            entries += more
            lengths += [int(first)] * len(more)
    return entries, HuffmanCode(lengths), letters


def is_letter(character: str) -> bool:
    return character in LOW or character in HIGH


def is_boundary(text: str, at: int) -> bool:
    """T-6."""
    if at in (0, len(text)):
        return True
    before, after = text[at - 1], text[at]
    return not (after in LOW and is_letter(before) or after in HIGH and before in HIGH)


def expects_space(before: str, first: str) -> bool:
    """T-7."""
    if not before or before[-1] in NO_SPACE_AFTER or first in NO_SPACE_BEFORE:
        return False
    if '"' in (before[-1], first):
        return before.count('"') % 2 == 0
    return not (before[-1] in "0123456789" and first in "0123456789")


def expects_capital(before: str) -> bool:
    """T-8."""
    rest = before.rstrip(SKIPPED_FOR_CAPITAL)
    return not rest or rest[-1] in ".!?"


class HuffmanSource:
    """T-4, T-9, T-11: the symbols of a word Huffman payload."""

    def __init__(self, payload: bytes):
        self.bits = Bits(payload, 2)
        self.entries, self.code, self.letter_codes = huffman_table()

    def first_word(self) -> str:
        """The first symbol of the next item, or END at the padding."""
        left = 8 * len(self.bits.data) - self.bits.at
        if left < 8 and Bits(self.bits.data, self.bits.at).take(left) == (1 << left) - 1:
            return END
        return self.word()

    def word(self) -> str:
        return self.entries[self.code.read(self.bits)]

    def letters(self) -> Iterator[str]:
        before = ""
        while (symbol := self.letter_codes[letter_code(before)].read(self.bits)) != LETTER_END:
            before = chr(symbol) if symbol != LETTER_OTHER else character_beyond_ascii(self.bits.take(21))
            yield before


def letter_code(before: str) -> int:
    """T-11: the letter code behind the spelled character `before` ("" at first)."""
    return 0 if not before else 1 if before in LOW else 2 if before in HIGH else 0


def character_beyond_ascii(point: int) -> str:
    """T-11."""
    if not 128 <= point <= 0x10FFFF or 0xD800 <= point <= 0xDFFF:
        raise Refused("malformed", "this is no code point that is spelled so (T-11)")
    return chr(point)


def decode_huffman(payload: bytes) -> str:
    return read_items(HuffmanSource(payload))


def read_items(source: HuffmanSource | ContextsSource) -> str:
    """T-9."""
    text = ""
    while (symbol := source.first_word()) != END:
        gap = symbol == GAP
        symbol = source.word() if gap else symbol
        if symbol == SPELL:
            characters = spelled(source.letters())
        else:
            steer = symbol if symbol in (CASE, UPPER) else ""
            symbol = source.word() if steer else symbol
            if symbol in STEERING:
                raise Refused("malformed", "steering symbols in a wrong order (T-9)")
            characters = spoken(symbol, steer, expects_capital(text))
        text += " " * (expects_space(text, characters[0]) != gap) + characters
        check_text_size(text)
    return text


def check_text_size(text: str) -> None:
    """T-1."""
    if len(text.encode()) > MAX_TEXT:
        raise Refused("limit", "the text is too long")


def spelled(letters: Iterator[str]) -> str:
    """T-11."""
    characters = ""
    for letter in letters:
        characters += letter
        check_text_size(characters)
    if not characters:
        raise Refused("malformed", "nothing is spelled (T-11)")
    return characters


def spoken(entry: str, steer: str, capital: bool) -> str:
    """T-10."""
    if steer == UPPER:
        return entry.translate(TO_UPPER)
    raised = capital != (steer == CASE)
    return entry[0].translate(TO_UPPER) + entry[1:] if raised else entry


def lowered(word: str) -> str:
    return word[0].translate(TO_LOWER) + word[1:]


def is_upper(word: str) -> bool:
    """No a-z and at least two A-Z (T-12, T-16)."""
    return not any(c in LOW for c in word) and sum(c in HIGH for c in word) > 1


def huffman_payload(text: str) -> bytes:
    """T-12: the cheapest items, from the text's end to its beginning; of equally cheap ones the first tried."""
    _, code, _ = huffman_table()
    numbers, longest = huffman_entries()
    ends = [at for at in range(len(text) + 1) if is_boundary(text, at)]
    bits = {symbol: len(code.codes[number]) for symbol, number in numbers.items()}
    cost, best, spelling = {len(text): 0}, {}, Spelling(text)
    spelling.step(len(text), 0)
    for p in range(len(text) - 1, -1, -1):
        if is_boundary(text, p):
            capital = expects_capital(text[:p])
            trials = []
            for s in places(text, p):
                gap = (GAP,) if expects_space(text[:p], text[s]) != (s > p) else ()
                for e in ends[bisect_right(ends, s) : bisect_right(ends, s + longest)]:
                    for symbols in ways_to_say(text[s:e], capital):
                        if symbols[-1] in bits:
                            symbols = gap + symbols
                            trials.append((sum(map(bits.__getitem__, symbols)) + cost[e], symbols, s, e))
                symbols = (*gap, SPELL)
                total, e = spelling.start(s)
                trials.append((sum(map(bits.__getitem__, symbols)) + total, symbols, s, e))
            best[p] = min(trials, key=lambda trial: trial[0])
            cost[p] = best[p][0]
        spelling.step(p, cost.get(p))
    out, p = ["00"], 0
    while p < len(text):
        _, symbols, s, p = best[p]
        out += [code.codes[numbers[symbol]] for symbol in symbols]
        out += spelling.bits(s, p) if symbols[-1] == SPELL else []
    joined = "".join(out)
    joined += "1" * (-len(joined) % 8)
    return int(joined, 2).to_bytes(len(joined) // 8)


@cache
def huffman_entries() -> tuple[dict[str, int], int]:
    """Number of each entry; the longest one's characters."""
    entries = huffman_table()[0]
    return {entry: number for number, entry in enumerate(entries)}, max(map(len, entries))


def places(text: str, p: int) -> list[int]:
    """Where the characters of an item at p may begin: behind its space if there can be one, else at p (T-12, 1)."""
    return [p + 1, p] if text[p] == " " and p + 1 < len(text) else [p]


def ways_to_say(w: str, capital: bool) -> list[tuple[str, ...]]:
    """T-12, 3."""
    if w in STEERING:
        return []
    ways: list[tuple[str, ...]] = [(CASE, w) if capital and w[0] in LOW else (w,)]
    if w[0] in HIGH:
        ways.append((lowered(w),) if capital else (CASE, lowered(w)))
        if is_upper(w):
            ways.append((UPPER, w.translate(TO_LOWER)))
    return ways


class Spelling:
    """T-12, 4: for each place behind a spelled character, the bits from there to the text's end, and the item's end."""

    def __init__(self, text: str):
        self.text, self.codes = text, [code.codes for code in huffman_table()[2]]
        self.best: dict[int, tuple[int, int]] = {}

    def letter(self, before: str, letter: str) -> str:
        """T-11."""
        codes = self.codes[letter_code(before)]
        return codes[ord(letter)] if letter < "\x80" else codes[LETTER_OTHER] + format(ord(letter), "021b")

    def end(self, before: str) -> str:
        return self.codes[letter_code(before)][LETTER_END]

    def start(self, s: int) -> tuple[int, int]:
        total, end = self.best[s + 1]
        return total + len(self.letter("", self.text[s])), end

    def step(self, at: int, cost: int | None) -> None:
        """`cost` from `at` on is known if that is a boundary."""
        if not at:
            return
        before, ways = self.text[at - 1], []
        if cost is not None:
            ways.append((len(self.end(before)) + cost, at))
        if at < len(self.text):
            total, end = self.best[at + 1]
            ways.append((len(self.letter(before, self.text[at])) + total, end))
        self.best[at] = min(ways, key=lambda way: way[0])

    def bits(self, s: int, e: int) -> list[str]:
        letters = self.text[s:e]
        return [*map(self.letter, ["", *letters[:-1]], letters), self.end(letters[-1])]


class Trie:
    """T-14: lists of symbols by what stands before."""

    def __init__(self, data: bytes):
        self.symbols: list[array[int]] = []
        self.frequencies: list[array[int]] = []
        self.first: list[array[int]] = []
        (depth,) = struct.unpack_from("<I", data)
        counts = struct.unpack_from(f"<{depth}I", data, 4)
        at = 4 + 4 * depth
        for n in counts:
            self.symbols.append(numbers("H", data[at : at + 2 * n]))
            self.frequencies.append(numbers("H", data[at + 2 * n : at + 4 * n]))
            at += 4 * n
        for n in counts[:-1]:
            self.first.append(numbers("I", data[at : at + 4 * (n + 1)]))
            at += 4 * (n + 1)

    def find(self, history: list[int]) -> tuple[int, int] | None:
        """Where the list of what follows `history` begins and ends in its level; None if there is none."""
        start, end = 0, len(self.symbols[0])
        for level, symbol in enumerate(history):
            entry = bisect_left(self.symbols[level], symbol, start, end)
            if entry == end or self.symbols[level][entry] != symbol:
                return None
            start, end = self.first[level][entry : entry + 2]
            if start == end:
                return None
        return start, end

    def tables(self, history: list[int]) -> Iterator[tuple[list[int], list[int]]]:
        """T-15: symbols and cumulative frequencies to try, one after the other; a last frequency is the escape's."""
        tried: set[int] = set()
        for k in range(min(len(self.symbols) - 1, len(history)), -1, -1):
            found = self.find(history[len(history) - k :])
            if found:
                symbols, frequencies = (part[k][slice(*found)] for part in (self.symbols, self.frequencies))
                left = [(s, f) for s, f in zip(symbols, frequencies, strict=True) if s not in tried]
                escape = [65536 - sum(frequencies)] if k else []
                yield [s for s, _ in left], [0, *accumulate([f for _, f in left] + escape)]
                tried = set(symbols)

    def decode(self, decoder: RangeDecoder, history: list[int]) -> int:
        for symbols, c in self.tables(history):
            place = decoder.symbol(c)
            if place < len(symbols):
                break
        history.append(symbols[place])
        return symbols[place]

    def encode(self, encoder: RangeEncoder, history: list[int], symbol: int) -> None:
        for symbols, c in self.tables(history):
            place = symbols.index(symbol) if symbol in symbols else len(symbols)
            encoder.symbol(c, place)
            if place < len(symbols):
                break
        history.append(symbol)


@cache
def context_tables() -> tuple[list[str], dict[str, int], Trie, Trie]:
    """T-14: the word alphabet, its symbols by name, the tries of words and letters."""
    alphabet = [*STEERING, *read_table("context_words.txt").decode().split("\n")[:-1]]
    words, letters = (Trie(read_table(f"context_{kind}.trie")) for kind in ("words", "letters"))
    return alphabet, {entry: number for number, entry in enumerate(alphabet)}, words, letters


class ContextsSource:
    """T-17: the symbols of a word contexts payload."""

    def __init__(self, payload: bytes):
        self.decoder = RangeDecoder(payload, 1 << 30, 1 << 30)
        self.alphabet, _, self.words, self.letters_trie = context_tables()
        self.history = [0]

    def word(self) -> str:
        return self.alphabet[self.words.decode(self.decoder, self.history)]

    first_word = word

    def letters(self) -> Iterator[str]:
        history = [LETTER_END]
        while (symbol := self.letters_trie.decode(self.decoder, history)) != LETTER_END:
            if symbol == LETTER_OTHER:
                high = self.decoder.symbol(range(33))
                yield character_beyond_ascii(high << 16 | self.decoder.symbol(range(65537)))
            else:
                yield chr(symbol)


def decode_contexts(payload: bytes) -> str:
    return read_items(ContextsSource(payload))


def entry_by_rule(w: str, capital: bool) -> tuple[str, ...]:
    """T-16, the rules 1 to 5: the symbols that say `w`, none if it is to be spelled."""
    numbers = context_tables()[1]
    if w[0] in LOW:
        ways: list[tuple[str, ...]] = [(CASE, w) if capital else (w,)]
    else:
        ways = [(w,)]
        if w[0] in HIGH:
            ways = [(lowered(w),), (w,)] if capital else [(w,), (CASE, lowered(w))]
        if is_upper(w):
            ways.append((UPPER, w.translate(TO_LOWER)))
    return next((way for way in ways if way[-1] in numbers and way[-1] not in STEERING), ())


def cut(text: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """T-16: the items, each as its word symbols and what is spelled."""
    ends = [at for at in range(1, len(text) + 1) if is_boundary(text, at)]
    p = 0
    while p < len(text):
        s, capital = places(text, p)[0], expects_capital(text[:p])
        gap = (GAP,) if expects_space(text[:p], text[s]) != (s > p) else ()
        p = ends[bisect_right(ends, s)]
        symbols = entry_by_rule(text[s:p], capital)
        if symbols:
            yield gap + symbols, ""
            continue
        while p < len(text) and text[p] != " " and not entry_by_rule(text[p : ends[bisect_right(ends, p)]], capital):
            p = ends[bisect_right(ends, p)]
        yield (*gap, SPELL), text[s:p]


def contexts_payload(text: str) -> bytes:
    """T-17."""
    _, numbers, words, letters = context_tables()
    encoder, history = RangeEncoder(1 << 30, 1 << 30), [0]
    for symbols, spelling in [*cut(text), ((END,), "")]:
        for symbol in symbols:
            words.encode(encoder, history, numbers[symbol])
        spelled_before = [LETTER_END]
        for character in spelling:
            point = ord(character)
            letters.encode(encoder, spelled_before, point if point < 128 else LETTER_OTHER)
            if point >= 128:
                encoder.symbol(range(33), point >> 16)
                encoder.symbol(range(65537), point & 65535)
        if spelling:
            letters.encode(encoder, spelled_before, LETTER_END)
    return encoder.finish()


# ---------------------------------------------------------------------------------------------------------------------
# 5. Masks
# ---------------------------------------------------------------------------------------------------------------------

MAX_CHANGES, MAX_CODED_CELLS, MAX_CELLS = 65_536, 1_048_576, 33_554_432
MASK_CODERS = ["run-length", "generic-region", "contexts", "contexts-relative"]


@dataclass
class Mask:
    """M-3: cells are bytes 0 and 1, row by row."""

    rows: int
    columns: int
    cells: bytes
    scale: int
    coder: str


def decode_mask(payload: bytes, file: Sedic) -> Mask:
    """M-1 to M-5; `file.masks` are those before."""
    if not payload or payload[0] & 3:
        raise Refused("malformed", "no tag, or its reserved bits are set (M-1)")
    coder, scale, data = payload[0] >> 5, 1 << (payload[0] >> 2 & 7), payload[1:]
    if coder > 3:
        raise Refused("unsupported", f"the mask coder {coder} is reserved")
    h, w = -(-file.height // scale), -(-file.width // scale)
    check_cells(h * w, MASK_CODERS[coder], file.masks)
    if coder == 0:
        cells = decode_run_length(data, h, w)
        canonical = run_length_data(cells, h, w)
    elif coder == 1:
        cells = generic_region(h, w, ArithmeticDecoder(data).bit)
        canonical = generic_region_data(cells, h, w)
    else:
        earlier = bytes(h * w)
        for mask in file.masks:
            if coder == 3 and mask.scale == scale:
                earlier = bytes(map(max, earlier, mask.cells))
        cells = decode_mask_contexts(data, h, w, earlier)
        canonical = data  # M-23 was checked
    if data != canonical:
        raise Refused("malformed", "this is not the data of its bitmap (M-4)")
    return Mask(h, w, cells, scale, MASK_CODERS[coder])


def check_cells(cells: int, coder: str, before: list[Mask]) -> None:
    """M-5."""
    sizes = [(coder, cells), *((mask.coder, len(mask.cells)) for mask in before)]
    coded = sum(size for name, size in sizes if name != "run-length")
    if sum(size for _, size in sizes) > MAX_CELLS or (coder != "run-length" and coded > MAX_CODED_CELLS):
        raise Refused("limit", "the file's masks have too many cells (M-5)")


# Run-length


class Expectation:
    """M-10 for changes that come one after the other."""

    def __init__(self, w: int, n: int, whole: int):
        self.w, self.n, self.whole = w, n, whole
        self.changes: list[int] = []
        self.lean: list[int] = []
        self.q = [0, 1]  # for even and odd i; grows only, as p does

    def next(self) -> int | None:
        """e for the change to come, None if there is none."""
        i, p = len(self.changes), self.changes[-1]
        while self.q[i % 2] < i and self.changes[self.q[i % 2]] + self.w <= p:
            self.q[i % 2] += 2
        q = self.q[i % 2]
        if q >= i:
            return None
        return min(max(self.changes[q] + self.w + self.lean[q], p + 1), self.n - 1)

    def add(self, change: int) -> None:
        i = len(self.changes)
        q = self.q[i % 2]
        shift = change - self.changes[q] - self.w if q < i else 0
        leans = i > 0 and q < i and abs(shift) <= 8
        self.lean.append((shift if self.whole else int(shift / 2)) if leans else 0)
        self.changes.append(change)


def decode_run_length(data: bytes, h: int, w: int) -> bytes:
    """M-6 to M-9, M-11, M-12: the cells."""
    if data and not data[-1]:
        raise Refused("malformed", "a zero byte at the end (M-7)")
    bits, n = Bits(data + bytes(16)), h * w  # behind the data all bits are zero; no code is longer than 16 bytes
    last_one = 8 * len(data) - (data[-1] & -data[-1]).bit_length() if data else -1
    columns, whole = bits.take(1), bits.take(1)
    expectation = Expectation(h if columns else w, n, whole)
    first = bits.take(n.bit_length())
    if first > n:
        raise Refused("malformed", "the first change lies behind the last cell (M-9)")
    if first:
        expectation.add(first - 1)
    while bits.at <= last_one:
        if not first:
            raise Refused("malformed", "something follows where there are no changes (M-9)")
        if len(expectation.changes) == MAX_CHANGES:
            raise Refused("limit", "too many changes (M-5)")
        p, e = expectation.changes[-1], expectation.next()
        v = exp_golomb(bits, 3 if e is None else 0, 27)
        change = p + 1 + v if e is None else change_of(v, e, p)
        if change >= n:
            raise Refused("malformed", "a change lies behind the last cell (M-12)")
        expectation.add(change)
    cells = cells_of(expectation.changes, n)
    return turned(cells, h) if columns else cells


def change_of(v: int, e: int, p: int) -> int:
    """M-11, read backwards."""
    m = e - p - 1
    if v > 2 * m:
        return p + 1 + v
    return e + (v + 1) // 2 if v % 2 else e - v // 2


def value_of(change: int, e: int, p: int) -> int:
    """M-11."""
    d, m = change - e, e - p - 1
    return m + d if d > m else 2 * d - 1 if d > 0 else -2 * d


def cells_of(changes: list[int], n: int) -> bytes:
    """M-6: cells from one change up to the next, 0 and 1 in turn."""
    edges = [0, *changes, n]
    return b"".join(bytes([i % 2]) * (edges[i + 1] - edges[i]) for i in range(len(edges) - 1))


def changes_of(cells: bytes) -> list[int]:
    """M-6."""
    changes, at, looked_for = [], 0, b"\1"
    while (at := cells.find(looked_for, at)) >= 0:
        changes.append(at)
        looked_for = b"\0" if looked_for == b"\1" else b"\1"
    return changes


def turned(cells: bytes, stride: int) -> bytes:
    """Rows of `stride` cells become columns."""
    return b"".join(cells[x::stride] for x in range(stride))


def run_length_data(cells: bytes, h: int, w: int) -> bytes:
    """M-13."""
    ways = []
    for columns in (0, 1):
        changes = changes_of(turned(cells, w) if columns else cells)
        if len(changes) <= MAX_CHANGES:
            ways += [run_length_bits(changes, h if columns else w, h * w, columns, whole) for whole in (0, 1)]
    return min(ways, key=len)


def run_length_bits(changes: list[int], w: int, n: int, columns: int, whole: int) -> bytes:
    """M-7 to M-12, as a writer does them."""
    out = [f"{columns}{whole}", format(changes[0] + 1 if changes else 0, f"0{n.bit_length()}b")]
    expectation = Expectation(w, n, whole)
    for change in changes:
        if expectation.changes:
            p, e = expectation.changes[-1], expectation.next()
            v, k = (change - p - 1, 3) if e is None else (value_of(change, e, p), 0)
            digits = format(v + (1 << k), "b")
            out.append("0" * (len(digits) - k - 1) + digits)
        expectation.add(change)
    joined = "".join(out)
    joined += "0" * (-len(joined) % 8)
    return int(joined, 2).to_bytes(len(joined) // 8).rstrip(b"\0")


# Generic region


def generic_region(h: int, w: int, bit: Callable[[int], int]) -> bytes:
    """M-14, T.88 6.2.5.7: the cells; `bit` codes one in a context. All contexts begin alike, so their numbers are free.

    With its adaptive pixels template 0 is five pixels of the row two above, seven of the row above, and four before."""
    stride = w + 7
    padded = bytearray(stride * (h + 2) + 7)  # zeros: two rows above, four columns to the left, three to the right
    for y in range(h):
        at = (y + 2) * stride + 4
        above2, above, before = 0, 0, 0
        for column in range(2):
            above2 = above2 << 1 | padded[at - 2 * stride + column]
        for column in range(3):
            above = above << 1 | padded[at - stride + column]
        for at in range(at, at + w):
            above2 = (above2 << 1 | padded[at - 2 * stride + 2]) & 31
            above = (above << 1 | padded[at - stride + 3]) & 127
            padded[at] = bit(above2 << 11 | above << 4 | before)
            before = (before << 1 | padded[at]) & 15
    return b"".join(padded[at : at + w] for at in range(2 * stride + 4, (h + 2) * stride, stride))


class Contexts:
    """T.88 E.2: index and MPS of each context."""

    def __init__(self) -> None:
        self.states = [(0, 0)] * (1 << 16)

    def move(self, cx: int, likelier: bool) -> None:
        """T.88 E.3.3, E.3.4: the next index behind an MPS or an LPS, exchanged meanings included."""
        index, mps = self.states[cx]
        _, next_mps, next_lps, switch = PROBABILITIES[index]
        self.states[cx] = (next_mps, mps) if likelier else (next_lps, mps ^ switch)


class ArithmeticDecoder(Contexts):
    """T.88 E.3, with M-15."""

    def __init__(self, data: bytes):
        super().__init__()
        self.data, self.at = data + b"\xff\xac", 0
        self.c, self.a = self.data[0] << 16, 0x8000
        self.byte_in()
        self.c <<= 7
        self.ct -= 7

    def byte_in(self) -> None:
        """T.88 E.3.4."""
        byte, following = self.data[self.at], self.data[self.at + 1 : self.at + 2]
        if byte == 0xFF and (not following or following[0] > 0x8F):
            self.c, self.ct = self.c + 0xFF00, 8
            return
        self.at += 1
        self.c += following[0] << (9 if byte == 0xFF else 8)
        self.ct = 7 if byte == 0xFF else 8

    def bit(self, cx: int) -> int:
        """T.88 E.3.2."""
        index, mps = self.states[cx]
        qe = PROBABILITIES[index][0]
        self.a -= qe
        if self.c >> 16 >= qe:
            self.c -= qe << 16
            if self.a & 0x8000:
                return mps
            likelier = self.a >= qe
        else:
            likelier, self.a = self.a < qe, qe
        self.move(cx, likelier)
        while not self.a & 0x8000:
            if not self.ct:
                self.byte_in()
            self.a, self.c, self.ct = self.a << 1, self.c << 1, self.ct - 1
        return mps if likelier else 1 - mps


class ArithmeticEncoder(Contexts):
    """T.88 E.2, for M-16."""

    def __init__(self, cells: bytes):
        super().__init__()
        self.cells = iter(cells)
        self.c, self.a, self.ct, self.shifts = 0, 0x8000, 12, 0
        self.out = bytearray(1)  # the first byte stands before the data

    def bit(self, cx: int) -> int:
        """T.88 E.2.3 to E.2.6, of the next cell."""
        bit = next(self.cells)
        index, mps = self.states[cx]
        qe = PROBABILITIES[index][0]
        self.a -= qe
        if (bit == mps) == (self.a >= qe):
            self.c += qe
        else:
            self.a = qe
        if not self.a & 0x8000:
            self.move(cx, bit == mps)
        while not self.a & 0x8000:
            self.a <<= 1
            self.shift(1)
        return bit

    def shift(self, count: int) -> None:
        self.c, self.ct, self.shifts = self.c << count, self.ct - count, self.shifts + count
        if not self.ct:
            self.byte_out()

    def byte_out(self) -> None:
        """T.88 E.2.7."""
        if self.out[-1] < 0xFF and self.c >= 0x8000000:
            self.out[-1] += 1
            self.c &= 0x7FFFFFF
        stuffed = self.out[-1] == 0xFF
        self.out.append(self.c >> (20 if stuffed else 19))
        self.c &= 0xFFFFF if stuffed else 0x7FFFF
        self.ct = 7 if stuffed else 8

    def finish(self) -> bytes:
        """M-17. A number is taken in units of the last bit written."""
        last_bit = 15 + self.shifts
        while sum(self.widths()) < last_bit:
            self.shift(self.ct)
        data, widths = self.out[1:], self.widths()
        number = 0
        for byte, width in zip(data, widths, strict=True):
            number = (number << width) + byte
        unit = sum(widths) - last_bit
        limit, ones = number + (self.a << unit), 0
        while data:
            number, ones = number - (data[-1] << ones), ones + widths.pop()
            if number + (1 << ones) - 1 >= limit:
                break
            data.pop()
        return bytes(data)

    def widths(self) -> list[int]:
        """How many bits each byte has."""
        return [7 if before == 0xFF else 8 for before in self.out[:-1]]


def generic_region_data(cells: bytes, h: int, w: int) -> bytes:
    """M-16."""
    encoder = ArithmeticEncoder(cells)
    generic_region(h, w, encoder.bit)
    return encoder.finish()


# Index: Qe, the next index behind an MPS and behind an LPS, SWITCH (T.88 Table E.1).
PROBABILITIES = [
    (0x5601, 1, 1, 1), (0x3401, 2, 6, 0), (0x1801, 3, 9, 0), (0x0AC1, 4, 12, 0), (0x0521, 5, 29, 0), (0x0221, 38, 33, 0),
    (0x5601, 7, 6, 1), (0x5401, 8, 14, 0), (0x4801, 9, 14, 0), (0x3801, 10, 14, 0), (0x3001, 11, 17, 0), (0x2401, 12, 18, 0),
    (0x1C01, 13, 20, 0), (0x1601, 29, 21, 0), (0x5601, 15, 14, 1), (0x5401, 16, 14, 0), (0x5101, 17, 15, 0), (0x4801, 18, 16, 0),
    (0x3801, 19, 17, 0), (0x3401, 20, 18, 0), (0x3001, 21, 19, 0), (0x2801, 22, 19, 0), (0x2401, 23, 20, 0), (0x2201, 24, 21, 0),
    (0x1C01, 25, 22, 0), (0x1801, 26, 23, 0), (0x1601, 27, 24, 0), (0x1401, 28, 25, 0), (0x1201, 29, 26, 0), (0x1101, 30, 27, 0),
    (0x0AC1, 31, 28, 0), (0x09C1, 32, 29, 0), (0x08A1, 33, 30, 0), (0x0521, 34, 31, 0), (0x0441, 35, 32, 0), (0x02A1, 36, 33, 0),
    (0x0221, 37, 34, 0), (0x0141, 38, 35, 0), (0x0111, 39, 36, 0), (0x0085, 40, 37, 0), (0x0049, 41, 38, 0), (0x0025, 42, 39, 0),
    (0x0015, 43, 40, 0), (0x0009, 44, 41, 0), (0x0005, 45, 42, 0), (0x0001, 45, 43, 0), (0x5601, 46, 46, 0),
]  # fmt: skip


# Contexts


@cache
def mask_tree() -> Any:
    """M-20: a question as (kind, r, c, branch for "no", branch for "yes"), a leaf as its frequency of a 1."""
    lines = (line.split() for line in read_table("mask_contexts.txt").decode("ascii").splitlines() if line[0] != "#")

    def tree() -> Any:
        kind, *values = next(lines)
        return int(values[0]) if kind == "p" else (kind, int(values[0]), int(values[1]), tree(), tree())

    return tree()


def decode_mask_contexts(data: bytes, h: int, w: int, earlier: bytes) -> bytes:
    """M-19 to M-24. All bitmaps have a margin that no question leaves, so that a place is one number."""
    stride = w + 2 * MARGIN
    cells, inside_flags = bytearray(stride * (h + 2 * MARGIN)), bytearray(stride * (h + 2 * MARGIN))
    before, seen = bytearray(cells), bytearray(cells)
    starts = range(MARGIN * stride + MARGIN, (h + MARGIN) * stride, stride)
    for y, start in enumerate(starts):
        inside_flags[start : start + w] = b"\1" * w
        before[start : start + w] = earlier[y * w : y * w + w]
    outside = bytes(1 - flag for flag in inside_flags)
    root = placed(mask_tree(), stride, {"c": cells, "o": outside, "e": before, "b": seen})
    decoder, any_before = RangeDecoder(data), 0
    if decoder.code >= decoder.range:
        raise Refused("malformed", "no bitmap has this data (M-22)")
    for start in starts:
        for at in range(start, start + w):
            seen[at] = any_before
            node = root
            while node.__class__ is tuple:
                node = node[3] if node[0][at + node[1]] else node[2]
            cells[at] = decoder.bit(node)
            any_before |= cells[at]
    decoder.finish()
    return b"".join(cells[start : start + w] for start in starts)


def placed(node: Any, stride: int, bitmaps: dict[str, Any]) -> Any:
    """M-21: questions as (bitmap, how far the place asked about is, "no", "yes")."""
    if isinstance(node, int):
        return node
    kind, r, c, no, yes = node
    return bitmaps[kind], 0 if kind == "b" else r * stride + c, placed(no, stride, bitmaps), placed(yes, stride, bitmaps)


MARGIN = 16  # cells; the table asks about places up to 8 cells away


# ---------------------------------------------------------------------------------------------------------------------
# 6. Models and tables
# ---------------------------------------------------------------------------------------------------------------------

# id, name, and what makes the decoder of z and y from the weights file. A model without one is (name, None).
MODELS: dict[int, tuple[str, Callable[[bytes], NanoLatent]]] = {
    2: ("sedic-nano-2", lambda weights: NanoLatent(192, 24, weights)),
}
WEIGHTS = HERE.parent / "sedicfmt" / "models"


@cache
def digests() -> dict[str, str]:
    """R-1, R-3: the SHA-256 of each file, from the tables of the specification itself."""
    text = (HERE / "sedic.md").read_text("utf-8")
    return dict(re.findall(r"`([\w.-]+)` \| `([0-9a-f]{64})`", text))


def read_frozen(path: Path, name: str) -> bytes:
    """R-1, R-3: a file, if it is the one that the specification means."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Refused("backend", f"{path} cannot be read: {error}") from error
    if hashlib.sha256(data).hexdigest() != digests()[name]:
        raise Refused("backend", f"{path} is not the {name} of the specification (SHA-256 differs)")
    return data


@cache
def read_table(name: str) -> bytes:
    """R-3."""
    return read_frozen(HERE / "tables" / name, name)


def decode_latent(file: Sedic, weights: Path | None) -> dict[str, str]:
    """R-1: the digests of z and y."""
    if file.model not in MODELS:
        raise Refused("unsupported", f"the model {file.model} is not known", "header.model_id")
    name, make = MODELS[file.model]
    model = make(read_frozen(weights or WEIGHTS / f"{name}.safetensors", f"{name}.safetensors"))
    return model.decode(file.segments[0].payload, file.segments[1].payload, *latent_size(file))


def read_safetensors(data: bytes) -> dict[str, array[int]]:
    """The integers of a safetensors file: 64 bits length, a JSON header, the tensors, little-endian."""
    size = int.from_bytes(data[:8], "little")
    codes = {"I8": "b", "I32": "i"}
    tensors = {}
    for name, about in json.loads(data[8 : 8 + size]).items():
        if about.get("dtype") in codes:
            start, end = about["data_offsets"]
            tensors[name] = numbers(codes[about["dtype"]], data[8 + size + start : 8 + size + end])
    return tensors


def numbers(code: str, data: bytes) -> array[int]:
    """An array of the numbers of `data`, low byte first."""
    values = array(code, data)
    if sys.byteorder == "big":
        values.byteswap()
    return values


# ---------------------------------------------------------------------------------------------------------------------
# The command
# ---------------------------------------------------------------------------------------------------------------------


def decode(data: bytes, latent: bool = True, weights: Path | None = None) -> dict[str, Any]:
    """All that a file says, with the names of `sedic-inspect --json --check`. Raises Refused."""
    file = read_container(data)
    for segment in file.segments[2:]:
        with inside(segment.path):
            if segment.kind == "mask":
                file.masks.append(decode_mask(segment.payload, file))
                segment.coder = file.masks[-1].coder
            else:
                text, segment.coder = decode_text(segment.payload)
                file.texts.append(text)
    report = describe(file, len(data))
    if latent:
        report["digests"] = decode_latent(file, weights)
    return report


def describe(file: Sedic, size: int) -> dict[str, Any]:
    """The report without the latent's values."""
    pixels = file.width * file.height
    payloads = sum(len(segment.payload) for segment in file.segments) + sum(e["bytes"] for e in file.extensions)
    return {
        "version": 1, "complete": True, "file_bytes": size, "width": file.width, "height": file.height,
        "pixels": pixels, "bpp": 8 * size / pixels, "overhead_bytes": size - payloads, "seed": file.seed,
        "latent_scale": file.latent_scale,
        "models": {"latent": {"id": file.model, "name": MODELS[file.model][0] if file.model in MODELS else None}},
        "texts": {"overall": file.texts[0], "objects": file.texts[1:]},
        "masks": [describe_mask(mask) for mask in file.masks],
        "segments": [describe_segment(segment, pixels, size) for segment in file.segments],
        "extensions": file.extensions,
    }  # fmt: skip


def describe_mask(mask: Mask) -> dict[str, Any]:
    cells = sum(mask.cells)
    return {
        "scale": mask.scale, "rows": mask.rows, "columns": mask.columns, "cells": cells,
        "share": cells / len(mask.cells), "sha256": hashlib.sha256(mask.cells).hexdigest(),
    }  # fmt: skip


def describe_segment(segment: Segment, pixels: int, size: int) -> dict[str, Any]:
    count = len(segment.payload)
    return {
        "kind": segment.kind, "path": segment.path, "coder": segment.coder, "offset": segment.offset, "bytes": count,
        "bits": 8 * count, "bpp": 8 * count / pixels, "share": count / size,
    }  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(
        description="Decode a .sedic file by the specification; print what it holds as JSON."
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--no-latent", action="store_true", help="leave the latent's values out")
    parser.add_argument("--weights", type=Path, help="the model's weights file")
    options = parser.parse_args()
    try:
        report = decode(options.file.read_bytes(), not options.no_latent, options.weights)
    except OSError as error:
        print(f"decoder: {error}", file=sys.stderr)
        return 74
    except Refused as error:
        print(json.dumps({"error": {"code": error.code, "path": error.path, "message": str(error)}}))
        print(f"decoder: {error.code}: {error} ({error.path})", file=sys.stderr)
        return EXIT_CODES[error.code]
    print(json.dumps(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
