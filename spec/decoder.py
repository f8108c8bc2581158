"""A second decoder of the .sedic format, written from `spec/sedic.md` alone: `python spec/decoder.py FILE`.

To be read beside the specification: sections are its sections (the first chapter is `primitives.py`), functions name the
clause that they do. It needs Python, the files of `spec/` and, for the latent, the weights of the model. It prints what a file
holds as JSON, or refuses the file with the class and place of the error, and the exit code 3 malformed, 4 unsupported,
5 truncated, 6 check failed, 7 over a limit. Where the specification says what a writer does (T-2, M-4), it encodes what it
decoded and compares; with `--viewer` it leaves that out (P-4). `paint.py` beside it paints pictures.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import struct
import sys
from binascii import crc_hqx
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cache
from itertools import accumulate, islice, product
from operator import itemgetter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from other_standards import ArithmeticDecoder, holds_all_tiles, raw_safetensors, read_safetensors

# isort: off
from primitives import (
    VIEWER, Bits, RangeDecoder, RangeEncoder, Refused, canonical, exp_golomb, inside, must, packed, shortest,
)  # fmt: skip
# isort: on

HERE = Path(__file__).resolve().parent
EXIT_CODES = {"malformed": 3, "unsupported": 4, "truncated": 5, "check": 6, "limit": 7, "backend": 8}


# ---- 1. Container ----------------------------------------------------------------------------------------------------

MAX_FILE, MAX_SEGMENT = 4_194_304, 1_048_576
RATIOS = {1: (1, 1), 2: (3, 2), 3: (2, 3), 4: (4, 3), 5: (3, 4), 6: (16, 9), 7: (9, 16)}
LENGTH_ORDERS = {"latent.z": 7, "latent.y": 11, "text.overall": 6, "text.object": 6, "mask": 5}


def read_container(data: bytes) -> SimpleNamespace:
    """C-1: header, segments, extensions, check (C-12). Rules that only bind a writer are looked at behind it (C-16)."""
    must(len(data) <= MAX_FILE, "the file is too long", "limit")
    with inside("header", "truncated"):
        file, start = read_header(data)
    end = len(data) - 2
    file.lengths += [] if file.extended else [end - start - sum(file.lengths)]
    whole = file.lengths[-1] >= 0 and start + sum(file.lengths) <= end
    must(whole, "the file ends before its content does", "truncated")
    must(crc_hqx(data[:end], 0xFFFF) ^ 0xFFFF == int.from_bytes(data[end:]), "the check does not hold", "check")
    for (kind, path), length in zip(segment_kinds(file.objects), file.lengths, strict=True):
        must(length <= MAX_SEGMENT, "the segment is too long", "limit", path)
        file.segments.append(SimpleNamespace(kind=kind, path=path, offset=start, payload=data[start : start + length]))
        start += length
    file.extensions = read_extensions(data[start:end]) if file.extended else []
    with inside("header"):
        check_header(file)
    return file


def read_header(data: bytes) -> tuple[SimpleNamespace, int]:  # C-2 to C-5, C-7: the fields, and where the header ends
    bits, file = Bits(data), SimpleNamespace(lengths=[], segments=[], texts=[], masks=[])
    must(bits.take(16) == 0x5ED1, "this is not a .sedic file", path="header.magic")
    must(bits.take(3) == 1, "this version is not known", "unsupported")
    file.objects, file.ratio, file.eighths = bits.take(3), bits.take(3), bits.take(1)
    file.long = bits.take(file.eighths)
    u = 8 if file.eighths else 1
    file.height = (bits.take(13 if not file.eighths else 10 if file.long else 7) + 1) * u
    widths = {ratio: file.height * a // b for ratio, (a, b) in RATIOS.items()}
    file.width = widths[file.ratio] if file.ratio else (bits.take(10 if file.eighths else 13) + 1) * u
    file.best_ratio = next((ratio for ratio in RATIOS if widths[ratio] == file.width), 0)
    file.model = exp_golomb(bits, 3, 5, "limit")
    must(file.model <= 255, "the model id is over 255", "limit")
    file.latent_scale, file.optional = bits.take(5) + 1, bits.take(1)
    file.extended, file.seeded = bits.take(file.optional), bits.take(file.optional)
    file.seed = bits.take(32 * file.seeded)
    for kind, _ in segment_kinds(file.objects)[: None if file.extended else -1]:
        file.lengths.append(exp_golomb(bits, LENGTH_ORDERS[kind], 20, "limit"))
        must(file.lengths[-1] <= MAX_SEGMENT, "a segment is too long", "limit")
    file.fill = bits.take(-bits.at % 8)
    for side in ("width", "height"):
        must(16 <= getattr(file, side) <= 8192, f"the {side} is not within 16 to 8192", "limit", f"header.size.{side}")
    file.latent_size = [-(-side * file.latent_scale // 16) for side in (file.width, file.height)]  # L-1
    must(max(file.latent_size) <= 8192, "the latent shows too much (L-1)", "limit", "header.latent_scale")
    return file, bits.at // 8


def check_header(file: SimpleNamespace) -> None:  # C-13: what a writer MUST do in a header
    must(file.ratio == file.best_ratio, "another ratio gives the width (C-5)")
    in_eighths = file.height % 8 == 0 and (file.ratio > 0 or file.width % 8 == 0)
    must(file.eighths == in_eighths, "eighths is not as C-5 says")
    must(not file.eighths or file.long == (file.height > 1024), "long is not as C-5 says")
    must(file.optional == (file.extended or file.seeded), "optional without extended or seeded (C-3)")
    must(file.seed or not file.seeded, "a seed of 0 is left out (C-4)")
    must(not file.fill, "the bits that fill up the header are not zero (C-8)")


def segment_kinds(objects: int) -> list[tuple[str, str]]:  # C-6: kind and path of each segment
    parts = [(("text.object", f"objects[{d}].text"), ("mask", f"objects[{d}].mask")) for d in range(objects)]
    return [("latent.z", "z"), ("latent.y", "y"), ("text.overall", "text"), *(pair for part in parts for pair in part)]


def read_extensions(data: bytes) -> list[dict[str, Any]]:  # C-10
    found: list[dict[str, Any]] = []
    at = 0
    while at < len(data) or not found:
        path = f"extensions[{len(found)}]"
        must(at < len(data), "an extension is announced and missing", path=path)
        critical, kind = data[at] >> 7, data[at] & 127
        with inside(path):
            length, at = read_extension_length(data, at + 1)
        rising = kind > (found[-1]["type"] if found else 0)
        must(rising and at + length <= len(data), "types do not rise from 1 on, or the data is cut", path=path)
        must(not critical, "this critical extension is not known", "unsupported", path)
        found.append({"type": kind, "critical": False, "bytes": length})
        at += length
    return found


def read_extension_length(data: bytes, at: int) -> tuple[int, int]:  # C-11: the length, and the place behind it
    size = next((n for n in (1, 2, 3) if data[at + n - 1 : at + n] < b"\x80"), 4)
    coded = data[at : at + min(size, 3)]
    length = sum((byte & 127) << (7 * place) for place, byte in enumerate(coded))
    must(len(coded) == min(size, 3), "a length is cut (C-11)")
    must(size < 4 and length <= MAX_SEGMENT, "an extension is too long (C-11)", "limit")
    must(coded[-1] or size == 1, "a length is not in the fewest bytes (C-11)")
    return length, at + size


# ---- 2. Latent -------------------------------------------------------------------------------------------------------


@cache
def frequencies(name: str) -> list[list[int]]:  # L-4, H-8: the cumulative frequencies of each line of a table
    return [[0, *accumulate(map(int, line.split()))] for line in read_frozen(name).decode("ascii").split("\n")]


def digest(grid: Grid) -> str:  # L-8
    values = [p[k] for k in range(len(grid[0][0])) for row in grid for p in row]
    return hashlib.sha256(struct.pack(f"<{len(values)}h", *values)).hexdigest()


def decode_av1(z: bytes, y: bytes, width: int, height: int) -> dict[str, str]:
    """A-1, A-3, A-5: the digests. What is coded in a tile is left to a decoder of AV1."""
    must(not z, "the model av1 has no z (A-1)", path="z")
    with inside("y"):
        whole = y and y[-1] and holds_all_tiles(Bits(y), width, height)
        must(whole, "a frame that is empty, ends in a zero byte (A-1), or is without all of its tiles (A-3)")
    return {"z": hashlib.sha256(z).hexdigest(), "y": hashlib.sha256(y).hexdigest()}


def decode_none(z: bytes, y: bytes, width: int, height: int) -> dict[str, str]:  # N-1
    for path, payload in (("z", z), ("y", y)):
        must(not payload, f"the model none has no {path} (N-1)", path=path)
    return dict.fromkeys(("z", "y"), hashlib.sha256(b"").hexdigest())


BY_NUMBER = "bmshj2018-factorized bmshj2018-hyperprior mbt2018-mean mbt2018 cheng2020-anchor cheng2020-attn"
ARCHITECTURES = dict(enumerate(BY_NUMBER.split(), 1))


def decode_compressai(z: bytes, y: bytes, width: int, height: int) -> dict[str, str]:
    """K-2, K-4: what can be seen without the network. That is no part of this program, so there are no digests."""
    must(len(z) >= 13, "z is too short for architecture and digests (K-2)", path="z")
    must(z[0] in ARCHITECTURES, f"the architecture {z[0]} is not known (K-2)", "unsupported", "z")
    must(z[0] != 1 or len(z) == 13, "this architecture has no string of z (K-2)", path="z")
    for path, string in (("z", z[13:]), ("y", y)) if z[0] != 1 else (("y", y),):
        must(len(string) >= 8 and len(string) % 4 == 0, "a string is two words or more (K-4)", path=path)
        must(1 << 31 <= int.from_bytes(string[:8], "little") < 1 << 63, "a state outside its bounds (K-4)", path=path)
    made_by = maker(z)
    told = f"its picture needs CompressAI's {made_by['architecture']} with the checkpoint {made_by['checkpoint']}"
    raise Refused(told, "backend", "z")


def maker(z: bytes) -> dict[str, str]:  # K-2: who made a latent of model compressai, where that can be read
    if len(z) < 13 or z[0] not in ARCHITECTURES:
        return {}
    return {"architecture": ARCHITECTURES[z[0]], "checkpoint": z[1:9].hex(), "symbols": z[9:13].hex()}


# ---- 3. Hyper-synthesis in integers ----------------------------------------------------------------------------------

LAYERS = {1: "h_s.grow", 2: "h_s.leave", 3: "prior_z.look", 4: "prior_z.leave", 5: "h_s.look", 6: "h_s.leave_odd"}
OFFSET = 1 << 62  # added to what may be negative; all sums are far below it
Grid = list[list[list[int]]]  # [row][column][channel]


class Layer:
    """b[o] + sum over n of W[o, n] x[n], requantised (H-3, H-5), all o at once: as one number with 64 bits for each."""

    def __init__(self, tensors: dict[str, list[int]], name: str):
        kinds = ("weight", "bias", "multiplier", "shift")
        weights, bias, self.m, (self.shift,) = (tensors[f"{name}.{kind}"] for kind in kinds)
        self.outputs, inputs = len(bias), len(weights) // len(bias)
        self.offsets = sum(OFFSET << 64 * o for o in range(self.outputs))
        self.columns, self.bias = [self.joined(weights[n::inputs]) for n in range(inputs)], self.joined(bias)

    def joined(self, values: list[int]) -> int:
        return int.from_bytes(struct.pack(f"<{self.outputs}Q", *(v + OFFSET for v in values)), "little") - self.offsets

    def __call__(self, x: list[int], least: int) -> list[int]:
        total = self.bias + self.offsets + sum(column * v for column, v in zip(self.columns, x, strict=True) if v)
        sums = struct.unpack(f"<{self.outputs}Q", total.to_bytes(8 * self.outputs, "little"))
        half, s = 1 << (self.shift - 1), self.shift
        return [min(max(((a - OFFSET) * m + half) >> s, least), 32767) for a, m in zip(sums, self.m, strict=True)]


class NanoLatent:  # z and y of a model that section 3 describes, with C_y and C_z channels
    def __init__(self, c_y: int, c_z: int, weights: bytes):
        tensors: Any = read_safetensors(weights, "h_s.") | read_safetensors(weights, "prior_z.")
        self.c_y, self.c_z, self.layer = c_y, c_z, {k: Layer(tensors, name) for k, name in LAYERS.items()}

    def decode(self, z_data: bytes, y_data: bytes, width: int, height: int) -> dict[str, str]:  # L-1, L-8: digests
        z, y, _ = self.values(z_data, y_data, width, height)
        return {"z": digest(z), "y": digest(y)}

    def values(self, z_data: bytes, y_data: bytes, width: int, height: int) -> tuple[Grid, Grid, Grid]:
        """z, y, and the means of y in 1/64 (L-7)."""
        rows, columns = -(-height // 32), -(-width // 32)
        with inside("z"):
            z = self.decode_z(RangeDecoder(z_data), -(-rows // 2), -(-columns // 2))
        with inside("y"):
            return z, *self.decode_y(RangeDecoder(y_data), z, rows, columns)

    def decode_z(self, decoder: RangeDecoder, rows: int, columns: int) -> Grid:  # H-7
        z: Grid = [[[0] * self.c_z for _ in range(columns)] for _ in range(rows)]
        for i, j in product(range(rows), range(columns)):
            v = self.layer[4](self.layer[3](around(z, i, j, [(-1, -1), (-1, 0), (-1, 1), (0, -1)]), 0), -32767)
            indices = [min(max(index, 1), 31) for index in v[self.c_z :]]
            z[i][j] = [z_value(decoder, *of_channel) for of_channel in zip(v, indices, strict=False)]
        decoder.finish()
        return z

    def decode_y(self, decoder: RangeDecoder, z: Grid, rows: int, columns: int) -> tuple[Grid, Grid]:
        """H-9, with the tables of L-4: y and its means."""
        h, tables = self.synthesise(z, rows, columns), frequencies("gaussian_frequencies.txt")
        y: Grid = [[[0] * self.c_y for _ in range(columns)] for _ in range(rows)]
        means: Grid = [[[] for _ in range(columns)] for _ in range(rows)]
        for odd in (0, 1):
            places = [(i, j) for i, j in product(range(rows), range(columns)) if (i + j) % 2 == odd]
            indices = []
            for i, j in places:
                v = self.layers_of_y(h[i][j], y, i, j)
                means[i][j] = v[: self.c_y]  # H-6
                indices.append([min(max(index, 0), 47) for index in v[self.c_y :]])
            for k in range(self.c_y):
                for (i, j), index in zip(places, indices, strict=True):
                    y[i][j][k] = decoder.signed(tables[index[k]]) if index[k] else 0  # L-6
        decoder.finish()
        return y, means

    def synthesise(self, z: Grid, rows: int, columns: int) -> Grid:  # H-1 to H-4: h, on y's grid
        h: Grid = [[[] for _ in range(columns)] for _ in range(rows)]
        square = list(product((-1, 0, 1), repeat=2))
        for i, j in product(range(len(z)), range(len(z[0]))):
            x = around(z, i, j, square)
            grown = self.layer[1]([x[n * self.c_z + c] for c in range(self.c_z) for n in range(9)], 0)
            for p, q in product((0, 1), repeat=2):
                if 2 * i + p < rows and 2 * j + q < columns:
                    h[2 * i + p][2 * j + q] = grown[2 * p + q :: 4]
        return h

    def layers_of_y(self, h: list[int], y: Grid, i: int, j: int) -> list[int]:  # v of H-5, H-10
        if (i + j) % 2 == 0:
            return self.layer[2](h, -32767)
        beside = around(y, i, j, [(-1, 0), (0, -1), (0, 1), (1, 0)])
        e = self.layer[5](h + [256 * min(max(value, -127), 127) for value in beside], 0)
        return self.layer[6](h + e, -32767)


def around(grid: Grid, i: int, j: int, steps: list[tuple[int, int]]) -> list[int]:
    """The values at positions around one, zeros outside the grid."""
    zeros, places = [0] * len(grid[0][0]), [(i + di, j + dj) for di, dj in steps]
    parts = (grid[i][j] if 0 <= i < len(grid) and 0 <= j < len(grid[0]) else zeros for i, j in places)
    return [value for part in parts for value in part]


def z_value(decoder: RangeDecoder, mean: int, index: int) -> int:  # H-8
    base = (mean + 32) >> 6
    f = (mean - 64 * base + 32) >> 3
    coded = decoder.signed(frequencies("shifted_gaussian_frequencies.txt")[4 * (index - 1) + min(f, 7 - f)])
    value = base + coded if f < 4 else base - coded
    must(abs(value) <= 32767, "a value of z is over 32767", "limit")
    return value


# ---- 4. Text ---------------------------------------------------------------------------------------------------------

MAX_TEXT = 4096
TEXT_CODERS = {0: "word-huffman", 1: "word-contexts", 3: "raw-utf8"}
END, GAP, CASE, UPPER, SPELL = STEERING = ("{end}", "{gap}", "{case}", "{upper}", "{spell}")
LETTER_END, LETTER_OTHER = 128, 129
LOW, HIGH = "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
TO_UPPER, TO_LOWER = str.maketrans(LOW, HIGH), str.maketrans(HIGH, LOW)
INSIDE_A_WORD = re.compile("(?<=[A-Za-z])(?=[a-z])|(?<=[A-Z])(?=[A-Z])")
NO_SPACE_AFTER = "([{'#$-/ \t\n\u2013\u2014\u2018\u2019\u201c"
NO_SPACE_BEFORE = ".,;:!?)]}'%-/ \t\n\u2013\u2014\u2019\u201d\u2026"
SKIPPED_FOR_CAPITAL = " \t\n\"'()[]\u2018\u2019\u201c\u201d"


def decode_text(payload: bytes) -> tuple[str, str]:  # T-1, T-2: the text, and its coder's name
    if not payload:
        return "", "empty"
    must(len(payload) <= MAX_TEXT + 1, "the payload is too long", "limit")
    coder = payload[0] >> 6
    must(coder in TEXT_CODERS, "the text coder 2 is reserved", "unsupported")
    decode = {0: decode_huffman, 1: decode_contexts}.get(coder)
    text = decode(payload) if decode else decode_raw(payload)
    must(text, "a payload of no items, or of no characters (T-9)")
    canonical(lambda: payload == shortest_payload(text), "this is not the payload of its text (T-2)")
    return text, TEXT_CODERS[coder]


def decode_raw(payload: bytes) -> str:  # T-1
    must(payload[0] == 0xC0, "the six bits behind the coder's id are not zero (T-1)")
    try:
        return payload[1:].decode()
    except UnicodeDecodeError as error:
        raise Refused(f"no UTF-8 (T-1): {error}") from error


def shortest_payload(text: str) -> bytes:  # T-2; `min` takes the first of equals
    return min(huffman_payload(text), contexts_payload(text), b"\xc0" + text.encode(), key=len)


def canonical_code(lengths: dict[Any, int]) -> tuple[dict[Any, str], dict[str, Any]]:
    """T-3: the codes, as strings of 0 and 1, of symbols in the order of their numbers; and the symbols by code."""
    codes, code, before = {}, 0, 0
    for symbol, length in sorted(lengths.items(), key=itemgetter(1)):
        code <<= length - before
        codes[symbol], before = format(code, f"0{length}b"), length
        code += 1
    return codes, {code: symbol for symbol, code in codes.items()}


@cache
def huffman_table() -> list[tuple[dict[Any, str], dict[str, Any]]]:  # T-5: the entries' code, three of letters
    lines = [line.split("\t") for line in read_frozen("text_words.txt").decode().splitlines() if line[0] != "#"]
    words = {entry: int(line[0]) for line in lines if line[0] != "letters" for entry in line[1:]}
    letters = [map(int, line[2].split()) for line in lines if line[0] == "letters"]
    return [canonical_code(words), *(canonical_code({s: n for s, n in enumerate(code) if n}) for code in letters)]


def boundaries(text: str) -> list[int]:  # T-6
    return [at for at in range(len(text) + 1) if not INSIDE_A_WORD.match(text, at)]


def expects_space(before: str, first: str) -> bool:  # T-7
    if not before or before[-1] in NO_SPACE_AFTER or first in NO_SPACE_BEFORE:
        return False
    if '"' in (before[-1], first):
        return before.count('"') % 2 == 0
    return not (before[-1] in "0123456789" and first in "0123456789")


def expects_capital(before: str) -> bool:  # T-8
    return before.rstrip(SKIPPED_FOR_CAPITAL)[-1:] in ("", *".!?")


def read_items(first: Callable[[], str], word: Callable[[], str], letters: Callable[[], Iterator[str]]) -> str:
    """T-9: `first` gives the first symbol of an item, or END, `word` a further one, `letters` what is spelled."""
    text = ""
    while (symbol := first()) != END:
        gap = symbol == GAP
        symbol = word() if gap else symbol
        if symbol == SPELL:
            characters = "".join(islice(letters(), MAX_TEXT + 1))
            must(characters, "nothing is spelled (T-11)")
        else:
            steer = symbol if symbol in (CASE, UPPER) else ""
            entry = word() if steer else symbol
            must(entry not in STEERING, "steering symbols in a wrong order (T-9)")
            characters = spoken(entry, steer, expects_capital(text))
        text += " " * (expects_space(text, characters[0]) != gap) + characters
        must(len(text.encode()) <= MAX_TEXT, "the text is too long (T-1)", "limit")
    return text


def spoken(entry: str, steer: str, capital: bool) -> str:  # T-10
    if steer == UPPER:
        return entry.translate(TO_UPPER)
    return entry[0].translate(TO_UPPER) + entry[1:] if capital != (steer == CASE) else entry


def beyond_ascii(point: int) -> str:  # T-11
    must(128 <= point <= 0x10FFFF and not 0xD800 <= point <= 0xDFFF, "no code point that is spelled so (T-11)")
    return chr(point)


def decode_huffman(payload: bytes) -> str:  # T-4, T-9, T-11
    bits = Bits(payload, 2)

    def read(table: int = 0) -> Any:
        code, symbols = "", huffman_table()[table][1]
        while code not in symbols:
            code += "01"[bits.take(1)]
        return symbols[code]

    def first() -> str:
        left = 8 * len(payload) - bits.at
        return END if left < 8 and Bits(payload, bits.at).take(left) == (1 << left) - 1 else read()

    def letters() -> Iterator[str]:
        before = ""
        while (symbol := read(letter_code(before))) != LETTER_END:
            before = beyond_ascii(bits.take(21)) if symbol == LETTER_OTHER else chr(symbol)
            yield before

    return read_items(first, read, letters)


def letter_code(before: str) -> int:  # T-11: the table for the letter behind the spelled `before`, "" at first
    return 1 if not before else 2 if before in LOW else 3 if before in HIGH else 1


def letter_bits(before: str, letter: str) -> str:  # T-11; "" as letter is the end
    codes, _ = huffman_table()[letter_code(before)]
    if letter >= "\x80":
        return codes[LETTER_OTHER] + f"{ord(letter):021b}"
    return codes[ord(letter) if letter else LETTER_END]


def starts(text: str, p: int) -> list[tuple[int, tuple[str, ...]]]:
    """Where an item at p may have its characters: behind its space if there can be one (T-12, T-16), and at p; and
    for each of these `{gap}` if there is a space and none is expected, or the other way round (T-9)."""
    places = [p + 1, p] if text[p] == " " and p + 1 < len(text) else [p]
    return [(s, (GAP,) if expects_space(text[:p], text[s]) != (s > p) else ()) for s in places]


def huffman_payload(text: str) -> bytes:
    """T-12: the cheapest items, found from the text's end; `min` takes the first of equals, so trials stand in order."""
    (words, _), end = huffman_table()[0], len(text)
    longest, ends = max(map(len, words)), boundaries(text)
    cost, best = {end: 0}, {}
    spelled: dict[int, tuple[int, int]] = {}  # behind a spelled character: bits to the text's end, and the item's end

    def trials(p: int) -> Iterator[tuple[int, tuple[str, ...], int, int]]:
        capital = expects_capital(text[:p])
        for s, gap in starts(text, p):
            for e in ends[bisect_right(ends, s) : bisect_right(ends, s + longest)]:
                for way in ways_to_say(text[s:e], capital):
                    if way[-1] in words:
                        yield sum(len(words[symbol]) for symbol in gap + way) + cost[e], gap + way, s, e
            bits = sum(len(words[symbol]) for symbol in (*gap, SPELL)) + len(letter_bits("", text[s]))
            yield bits + spelled[s + 1][0], (*gap, SPELL), s, spelled[s + 1][1]

    for p in range(end, -1, -1):
        if p < end and not INSIDE_A_WORD.match(text, p):
            cost[p], *best[p] = min(trials(p), key=itemgetter(0))
        if p > 0:
            ways = [(len(letter_bits(text[p - 1], "")) + cost[p], p)] if p in cost else []
            if p < end:
                ways.append((len(letter_bits(text[p - 1], text[p])) + spelled[p + 1][0], spelled[p + 1][1]))
            spelled[p] = min(ways, key=itemgetter(0))
    out, p = ["00"], 0
    while p < end:
        symbols, s, p = best[p]
        out += [words[symbol] for symbol in symbols]
        if symbols[-1] == SPELL:
            out += [*map(letter_bits, ["", *text[s : p - 1]], text[s:p]), letter_bits(text[p - 1], "")]
    return packed("".join(out), "1")


def ways_to_say(w: str, capital: bool) -> list[tuple[str, ...]]:  # T-12, 3
    ways: list[tuple[str, ...]] = [(CASE, w) if capital and w[0] in LOW else (w,)] if w not in STEERING else []
    if w[0] in HIGH:
        lowered = w[0].translate(TO_LOWER) + w[1:]
        ways.append((lowered,) if capital else (CASE, lowered))
        if not any(c in LOW for c in w) and sum(c in HIGH for c in w) > 1:
            ways.append((UPPER, w.translate(TO_LOWER)))
    return ways


class Trie:  # T-14
    def __init__(self, data: bytes):
        (depth,) = struct.unpack_from("<I", data)
        counts = struct.unpack_from(f"<{depth}I", data, 4)
        layout = [f"<{n}H" for n in counts for _ in range(2)] + [f"<{n + 1}I" for n in counts[:-1]]
        starts = accumulate(map(struct.calcsize, layout), initial=4 + 4 * depth)
        parts = [struct.unpack_from(part, data, at) for part, at in zip(layout, starts, strict=False)]
        self.symbols, self.frequencies, self.first = parts[: 2 * depth : 2], parts[1::2][:depth], parts[2 * depth :]

    def find(self, history: list[int]) -> tuple[int, int]:
        """T-15: where the list of what follows `history` begins and ends in its level; alike if there is none."""
        start, end = 0, len(self.symbols[0])
        for level, symbol in enumerate(history):
            entry = bisect_left(self.symbols[level], symbol, start, end)
            if entry == end or self.symbols[level][entry] != symbol:
                return 0, 0
            start, end = self.first[level][entry : entry + 2]
        return start, end

    def tables(self, history: list[int]) -> Iterator[tuple[Sequence[int], list[int]]]:
        """T-15: symbols and cumulative frequencies to try in turn, of symbols tried before 0; a last one is the escape's."""
        tried: Sequence[int] = ()
        for k in range(min(len(self.symbols) - 1, len(history)), -1, -1):
            start, end = self.find(history[len(history) - k :])
            if start < end:
                symbols, frequencies = self.symbols[k][start:end], list(self.frequencies[k][start:end])
                escape = [65536 - sum(frequencies)] if k else []
                for symbol in tried:
                    frequencies[bisect_left(symbols, symbol)] = 0
                yield symbols, [0, *accumulate(frequencies + escape)]
                tried = symbols

    def code(self, coder: RangeDecoder | RangeEncoder, history: list[int], wanted: int = -1) -> int:
        """T-15: the next symbol, decoded, or encoded if it is `wanted`."""
        for symbols, c in self.tables(history):
            place = coder.symbol(c, symbols.index(wanted) if wanted in symbols else len(symbols))
            if place < len(symbols):
                break
        history.append(symbols[place])
        return symbols[place]


@cache
def context_tables() -> tuple[list[str], dict[str, int], Trie, Trie]:  # T-14: words, their symbols, the two tries
    alphabet = [*STEERING, *read_frozen("context_words.txt").decode().split("\n")[:-1]]
    words, letters = (Trie(read_frozen(f"context_{kind}.trie")) for kind in ("words", "letters"))
    return alphabet, {entry: number for number, entry in enumerate(alphabet)}, words, letters


def decode_contexts(payload: bytes) -> str:  # T-17
    alphabet, _, words, letters = context_tables()
    decoder, history = RangeDecoder(payload, 1 << 30, 1 << 30), [0]

    def spelled() -> Iterator[str]:
        before = [LETTER_END]
        while (symbol := letters.code(decoder, before)) != LETTER_END:
            high = decoder.symbol(range(33)) << 16 if symbol == LETTER_OTHER else 0
            yield beyond_ascii(high | decoder.symbol(range(65537))) if symbol == LETTER_OTHER else chr(symbol)

    def word() -> str:
        return alphabet[words.code(decoder, history)]

    return read_items(word, word, spelled)


def entry_by_rule(w: str, capital: bool) -> tuple[str, ...]:
    """T-16, the rules 1 to 5: the symbols that say `w`, none if it is to be spelled. (The ways are those of T-12.)"""
    ways = ways_to_say(w, capital)
    if capital and w[0] in HIGH:
        ways[:2] = ways[1::-1]
    return next((way for way in ways if way[-1] in context_tables()[1] and way[-1] not in STEERING), ())


def cut(text: str) -> Iterator[tuple[tuple[str, ...], str]]:  # T-16: items, as word symbols and what is spelled
    ends, p = boundaries(text), 0
    while p < len(text):
        (s, gap), *_ = starts(text, p)
        capital, p = expects_capital(text[:p]), ends[bisect_right(ends, s)]
        symbols = entry_by_rule(text[s:p], capital)
        while not symbols and p < len(text) and text[p] != " ":
            following = ends[bisect_right(ends, p)]
            if entry_by_rule(text[p:following], capital):
                break
            p = following
        yield gap + (symbols or (SPELL,)), "" if symbols else text[s:p]


def contexts_payload(text: str) -> bytes:  # T-17
    _, symbol_of, words, letters = context_tables()
    encoder, history = RangeEncoder(1 << 30, 1 << 30), [0]
    for symbols, spelled in [*cut(text), ((END,), "")]:
        for symbol in symbols:
            words.code(encoder, history, symbol_of[symbol])
        before = [LETTER_END]
        for point in map(ord, spelled):
            letters.code(encoder, before, point if point < 128 else LETTER_OTHER)
            if point >= 128:
                encoder.symbol(range(33), point >> 16)
                encoder.symbol(range(65537), point & 65535)
        if spelled:
            letters.code(encoder, before, LETTER_END)
    return shortest(encoder.low, encoder.range, encoder.count)


# ---- 5. Masks --------------------------------------------------------------------------------------------------------

MAX_CHANGES, MAX_CODED_CELLS, MAX_CELLS = 65_536, 1_048_576, 33_554_432
MASK_CODERS = ["run-length", "generic-region", "contexts", "contexts-relative", *4 * ["reserved"]]


def mask_tag(payload: bytes, file: SimpleNamespace) -> tuple[int, int, int, int]:  # M-1, M-3: coder, scale, h and w
    scale = 1 << (payload[0] >> 2 & 7)
    return payload[0] >> 5, scale, -(-file.height // scale), -(-file.width // scale)


def check_cells(file: SimpleNamespace) -> None:  # M-5, for all masks before any is decoded (S-1)
    cells = coded = 0
    for segment in (s for s in file.segments if s.kind == "mask" and s.payload):
        coder, _, h, w = mask_tag(segment.payload, file)
        cells, coded = cells + h * w, coded + h * w * (coder in (1, 2, 3))
        must(cells <= MAX_CELLS and coded <= MAX_CODED_CELLS, "too many cells (M-5)", "limit", segment.path)


def decode_mask(payload: bytes, file: SimpleNamespace) -> SimpleNamespace:
    """M-1 to M-4; `file.masks` are those before. Cells are bytes 0 and 1, row by row."""
    must(payload and not payload[0] & 3, "no tag, or its last bits are not zero (M-1)")
    coder, scale, h, w = mask_tag(payload, file)
    data, mask = payload[1:], SimpleNamespace(scale=scale, rows=h, columns=w, coder=MASK_CODERS[coder])
    must(coder < 4, f"the mask coder {coder} is reserved", "unsupported")
    if coder == 0:
        mask.cells = decode_run_length(data, h, w)
        canonical(lambda: data == run_length_data(mask.cells, h, w), "this is not the data of its bitmap (M-13)")
    elif coder == 1:
        decoder = ArithmeticDecoder(data)
        mask.cells = generic_region(h, w, decoder)
        canonical(lambda: data == decoder.encoded(), "this is not the data of its bitmap (M-16)")
    else:
        earlier = [m.cells for m in file.masks if coder == 3 and m.scale == scale]
        mask.cells = decode_mask_contexts(data, h, w, bytes(map(max, zip(bytes(h * w), *earlier, strict=True))))
    return mask


def changes_after(first: int, w: int, n: int, whole: int, code: Callable[[int, int | None], int | None]) -> list[int]:
    """M-10: all changes; `code`, given p and e (None: no expectation), reads or writes the next, None where they end."""
    changes, lean, least = [first], [0], [0, 1]  # `least`: q for even and for odd i; it only grows, as p does
    while True:
        i, p = len(changes), changes[-1]
        while least[i % 2] < i and changes[least[i % 2]] + w <= p:
            least[i % 2] += 2
        q: int | None = least[i % 2] if least[i % 2] < i else None
        change = code(p, None if q is None else min(max(changes[q] + w + lean[q], p + 1), n - 1))
        if change is None:
            return changes
        must(i < MAX_CHANGES, "too many changes (M-5)", "limit")
        shift = 9 if q is None else change - changes[q] - w
        lean.append(0 if abs(shift) > 8 else shift if whole else int(shift / 2))
        changes.append(change)


def decode_run_length(data: bytes, h: int, w: int) -> bytes:  # M-6 to M-9, M-11, M-12: the cells
    must(not data or data[-1], "a zero byte at the end (M-7)")
    bits, n = Bits(data + bytes(16)), h * w  # behind the data all bits are zero; no code has 16 bytes
    last_one = 8 * len(data) - (data[-1] & -data[-1]).bit_length() if data else -1
    columns, whole, first = bits.take(1), bits.take(1), bits.take(n.bit_length())
    must(first <= n, "the first change lies behind the last cell (M-9)")
    must(first or bits.at > last_one, "something follows where there are no changes (M-9)")

    def read(p: int, e: int | None) -> int | None:
        if bits.at > last_one:
            return None
        v, m = exp_golomb(bits, 3 if e is None else 0, 27), -1 if e is None else e - p - 1
        change = p + 1 + v if e is None or v > 2 * m else e + (v + 1) // 2 if v % 2 else e - v // 2
        must(change < n, "a change lies behind the last cell (M-12)")
        return change

    edges = [0, *(changes_after(first - 1, h if columns else w, n, whole, read) if first else []), n]
    cells = b"".join(bytes([i % 2]) * (edges[i + 1] - edges[i]) for i in range(len(edges) - 1))
    return turned(cells, h) if columns else cells


def turned(cells: bytes, stride: int) -> bytes:  # Rows of `stride` cells become columns
    return b"".join(cells[x::stride] for x in range(stride))


def run_length_data(cells: bytes, h: int, w: int) -> bytes:  # M-13
    ways = []
    for columns in (0, 1):
        line, changes, at = turned(cells, w) if columns else cells, [], 0
        while (at := line.find(1 - len(changes) % 2, at)) >= 0:
            changes.append(at)
        if len(changes) <= MAX_CHANGES:
            ways += [run_length_bits(changes, h if columns else w, h * w, columns, whole) for whole in (0, 1)]
    return min(ways, key=len)


def run_length_bits(changes: list[int], w: int, n: int, columns: int, whole: int) -> bytes:  # M-7 to M-12
    out, coming = [f"{columns}{whole}", f"{changes[0] + 1 if changes else 0:0{n.bit_length()}b}"], iter(changes[1:])

    def write(p: int, e: int | None) -> int | None:
        change = next(coming, None)
        if change is None:
            return None
        k, v = 3, change - p - 1
        if e is not None:  # M-11
            d, m = change - e, e - p - 1
            k, v = 0, m + d if d > m else 2 * d - 1 if d > 0 else -2 * d
        digits = f"{v + (1 << k):b}"
        out.append("0" * (len(digits) - k - 1) + digits)
        return change

    if changes:
        changes_after(changes[0], w, n, whole, write)
    return packed("".join(out), "0").rstrip(b"\0")


def generic_region(h: int, w: int, coder: ArithmeticDecoder) -> bytes:
    """M-14, T.88 6.2.5: the cells. All contexts begin alike, so any numbers will do for them.
    Template 0 with these adaptive pixels: five pixels of the row two above, seven of the row above, four before."""
    stride = w + 7
    cells = bytearray(stride * (h + 3))  # zeros around: two rows above, four columns to the left, three to the right
    starts = range(2 * stride + 4, (h + 2) * stride, stride)
    for start in starts:
        up, upper, before = start - stride, start - 2 * stride, 0
        above, above2 = cells[up] << 2 | cells[up + 1] << 1 | cells[up + 2], cells[upper] << 1 | cells[upper + 1]
        for x in range(w):
            above2 = (above2 << 1 | cells[upper + x + 2]) & 31
            above = (above << 1 | cells[up + x + 3]) & 127
            cells[start + x] = coder.bit(above2 << 11 | above << 4 | before)
            before = (before << 1 | cells[start + x]) & 15
    return b"".join(cells[start : start + w] for start in starts)


def mask_tree(lines: Iterator[str], stride: int, bitmaps: dict[str, bytes | bytearray]) -> Any:
    """M-20, M-21: a question as (bitmap, distance to the place asked about, "no", "yes"), a leaf as its frequency."""
    kind, *values = next(lines).split()
    if kind == "p":
        return int(values[0])
    r, c = map(int, values)
    return bitmaps[kind], r * stride + c, mask_tree(lines, stride, bitmaps), mask_tree(lines, stride, bitmaps)


def decode_mask_contexts(data: bytes, h: int, w: int, earlier: bytes) -> bytes:
    """M-19 to M-24. All bitmaps have a margin that no question leaves, so that a place is one number."""
    margin, decoder, any_before = 16, RangeDecoder(data), 0
    stride = w + 2 * margin
    starts = range(margin * stride + margin, (h + margin) * stride, stride)
    cells, before, seen = (bytearray(stride * (h + 2 * margin)) for _ in range(3))
    outside = bytearray(b"\1" * len(cells))
    for y, start in enumerate(starts):
        outside[start : start + w] = bytes(w)
        before[start : start + w] = earlier[y * w : y * w + w]
    lines = (line for line in read_frozen("mask_contexts.txt").decode("ascii").splitlines() if line[0] != "#")
    root = mask_tree(lines, stride, {"c": cells, "o": outside, "e": before, "b": seen})
    must(decoder.code < decoder.range, "no bitmap has this data (M-22)")
    for start in starts:
        seen[start - 1] = any_before
        for at in range(start, start + w):
            seen[at] = any_before
            node = root
            while node.__class__ is tuple:
                node = node[3] if node[0][at + node[1]] else node[2]
            cells[at] = decoder.bit(node)
            any_before |= cells[at]
    decoder.finish()
    return b"".join(cells[start : start + w] for start in starts)


# ---- 6. Models and tables --------------------------------------------------------------------------------------------

# by id, the name, the coder, the weights file ("" if there is none), and what makes of its bytes a LatentDecoder:
# z, y and the latent's width and height -> digests.
LatentDecoder = Callable[[bytes, bytes, int, int], dict[str, str]]
MODELS: dict[int, tuple[str, str, str, Callable[[bytes], LatentDecoder]]] = {
    2: ("sedic-nano-2", "range", "sedic-nano-2.safetensors", lambda weights: NanoLatent(192, 24, weights).decode),
    3: ("av1", "av1", "", lambda _: decode_av1),
    4: ("none", "empty", "", lambda _: decode_none),
    5: ("compressai", "rans", "", lambda _: decode_compressai),
    6: ("sedic-nano-3", "range", "sedic-nano-3.safetensors", lambda weights: NanoLatent(192, 24, weights).decode),
}
WEIGHTS = HERE.parent / "sedicfmt" / "latents" / "nano"


@cache
def latent_decoder(model: int, weights: Path | None) -> LatentDecoder:
    must(model in MODELS, f"the model {model} is not known", "unsupported", "header.model_id")
    name, _, file, make = MODELS[model]
    return make(read_weights(name, weights or WEIGHTS / file) if file else b"")


def read_weights(name: str, path: Path, part: str = "entropy") -> bytes:
    data = path.read_bytes()
    whole = hashlib.sha256(data).hexdigest() == digests()[f"{name}.safetensors"]
    try:
        same = whole or tensors_digest(data, f"{name} {part}") == digests()[f"{name} {part}"]
    except ValueError:
        same = False
    must(same, f"these are not the weights of {name} (SHA-256 differs)", "backend")
    return data


PARTS = {  # how names begin, and the number of tensors
    "sedic-nano-2 entropy": (("h_s.", "prior_z."), 24),
    "sedic-nano-2 painter": (("g_s.",), 76),
    "sedic-nano-3 entropy": (("h_s.", "prior_z."), 24),
    "sedic-nano-3 painter": (("g_s.",), 138),
}


def tensors_digest(weights: bytes, part: str) -> str:
    """R-5. Raises ValueError for no weights file and for other types or another count: the digest does not cover them."""
    (begins, count), there = PARTS[part], raw_safetensors(weights)
    found = {name: raw for name, (_, raw) in there.items() if name.startswith(begins)}
    for name in found:
        if there[name][0] != type_of(name, found):
            raise ValueError(f"{name} is of the type {there[name][0]}")
    if len(found) != count:  # two tensors told as one have the same digest
        raise ValueError(f"{len(found)} tensors of {part}, {count} wanted")
    return hashlib.sha256(b"".join(name.encode() + b"\0" + found[name] for name in sorted(found))).hexdigest()


def type_of(name: str, beside: Collection[str]) -> str:  # R-5, G-8
    if name.startswith("g_s."):
        return "I8" if f"{name}.unit" in beside else "F16"
    return "I8" if name.endswith(".weight") else "I32"


@cache
def digests() -> dict[str, str]:  # the SHA-256 of each file, from the tables of the specification itself
    return dict(re.findall(r"`([\w. -]+)` \| `([0-9a-f]{64})`", (HERE / "sedic.md").read_text("utf-8")))


@cache
def read_frozen(name: str, path: Path | None = None) -> bytes:
    """R-1, R-3: a table, or the file at `path`, if it is what the specification means by this name."""
    data = (path or HERE / "tables" / name).read_bytes()
    same = hashlib.sha256(data).hexdigest() == digests()[name]
    must(same, f"this is not the {name} of the specification (SHA-256 differs)", "backend")
    return data


# ---- The command -----------------------------------------------------------------------------------------------------


def view(data: bytes) -> dict[str, Any]:
    """As `decode`, without what a viewer may leave out (P-4)."""
    token = VIEWER.set(True)
    try:
        return decode(data)
    finally:
        VIEWER.reset(token)


def decode(data: bytes, latent: bool = True, weights: Path | None = None) -> dict[str, Any]:
    """All that a file says, with the names of `sedic-inspect --json --check`. Raises Refused."""
    file = read_container(data)
    check_cells(file)
    for segment in file.segments:
        segment.coder = MODELS[file.model][1] if file.model in MODELS else "unknown"
        with inside(segment.path):
            if segment.kind == "mask":
                file.masks.append(decode_mask(segment.payload, file))
                segment.coder = file.masks[-1].coder
            elif segment.kind.startswith("text"):
                text, segment.coder = decode_text(segment.payload)
                file.texts.append(text)
    if not latent:
        return report(file, len(data))
    whole = file.model != 4 or file.latent_scale == 16
    must(whole, "the model none has the scale 16 (N-1)", path="header.latent_scale")
    z, y = (segment.payload for segment in file.segments[:2])
    return report(file, len(data)) | {"digests": latent_decoder(file.model, weights)(z, y, *file.latent_size)}


def report(file: SimpleNamespace, size: int) -> dict[str, Any]:
    pixels, made_by = file.width * file.height, maker(file.segments[0].payload) if file.model == 5 else {}
    payloads = sum(len(segment.payload) for segment in file.segments) + sum(e["bytes"] for e in file.extensions)
    masks = [
        {"scale": m.scale, "rows": m.rows, "columns": m.columns, "cells": sum(m.cells),
         "share": sum(m.cells) / len(m.cells), "sha256": hashlib.sha256(m.cells).hexdigest()}
        for m in file.masks
    ]  # fmt: skip
    segments = [
        {"kind": s.kind, "path": s.path, "coder": s.coder, "offset": s.offset, "bytes": len(s.payload),
         "bits": 8 * len(s.payload), "bpp": 8 * len(s.payload) / pixels, "share": len(s.payload) / size}
        for s in file.segments
    ]  # fmt: skip
    return {
        "version": 1, "complete": True, "file_bytes": size, "width": file.width, "height": file.height,
        "pixels": pixels, "bpp": 8 * size / pixels, "overhead_bytes": size - payloads, "seed": file.seed,
        "latent_scale": file.latent_scale, "extensions": file.extensions, "masks": masks, "segments": segments,
        "models": {"latent": {"id": file.model, "name": MODELS.get(file.model, [None])[0], **made_by}},
        "texts": {"overall": file.texts[0], "objects": file.texts[1:]},
    }  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description="Decode a .sedic file by the specification; print it as JSON.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--no-latent", action="store_true", help="leave the latent's values out")
    parser.add_argument("--viewer", action="store_true", help="leave out whether payloads are a writer's (P-4)")
    parser.add_argument("--weights", type=Path, help="the model's weights file")
    options = parser.parse_args()
    VIEWER.set(options.viewer)
    try:
        print(json.dumps(decode(options.file.open("rb").read(MAX_FILE + 1), not options.no_latent, options.weights)))
    except OSError as error:
        print(f"decoder: {error}", file=sys.stderr)
        return 74
    except Refused as error:
        print(json.dumps({"error": {"code": error.code, "path": error.path, "message": str(error)}}))
        print(f"decoder: {error.code}: {error} ({error.path})", file=sys.stderr)
        return EXIT_CODES[error.code]
    return 0


if __name__ == "__main__":
    sys.exit(main())
