"""Small files that state large things: how soon, and in how much memory, each is refused.

    nice -n 10 python -m sedic_tools.bomb_table --out docs/bombs.md

Whatever a file states (its own size, its segments' and extensions', its picture's, its latent's, how many cells its masks
have) is held against the limits before anything is allocated for it. What is within the limits is decoded before it can be
refused; the second table says what that costs at most.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from sedicfmt.bitcoding import text_table
from sedicfmt.bitcoding.bit_io import exp_golomb
from sedicfmt.bitcoding.text_items import STEERING
from sedicfmt.container.builder import build_frame
from sedicfmt.container.checksum import checksum
from sedicfmt.container.content import read_file
from sedicfmt.container.frame import Frame, Segment, segment_kinds
from sedicfmt.container.schema import LENGTH_ORDER, MAGIC, VERSION
from sedicfmt.container.varint import build_varint
from sedicfmt.decoders.reference import decode_latent
from sedicfmt.errors import SedicError
from sedicfmt.limits import MAX_FILE_BYTES, MAX_OBJECTS, MAX_SEGMENT_BYTES, MAX_TEXT_BYTES
from sedicfmt.model import Mask, SedicFile
from sedicfmt.models.registry import DEFAULT_MODEL
from sedicfmt.segments import mask, text

MOST_SECONDS, MOST_BYTES = 0.05, 32 << 20
Read = Callable[[bytes], object]


def main(arguments: list[str] | None = None) -> int:
    """Command line; exit code 1 if a bomb was not refused within 50 ms and 32 MB."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, help="the page to write (default: standard output)")
    options = parser.parse_args(arguments)
    warm_up()
    refused = [measured(name, data, read_file) for name, data in bombs().items()]
    costly = [measured(name, data, read_whole if "latent" in name else read_file) for name, data in extremes().items()]
    page = PAGE.format(bombs="\n".join(row for row, _ in refused), extremes="\n".join(row for row, _ in costly))
    if options.out:
        options.out.write_text(page, encoding="utf-8", newline="\n")
    else:
        print(page)
    return int(not all(good for _, good in refused))


def warm_up() -> None:
    """Load the tables that every reader loads once."""
    read_whole(framed(256, 256, text=text.build("A dog."), masks=[CELL_BY_CELL]))


def read_whole(data: bytes) -> SedicFile:
    """Texts, masks and the latent's symbols."""
    file = read_file(data)
    decode_latent(file)
    return file


def measured(name: str, data: bytes, read: Read) -> tuple[str, bool]:
    """A line of the table, and whether the file was refused within the bounds: the fastest of three, and the most memory."""
    runs = []
    for _ in range(3):
        text.build.cache_clear()  # else a text read before costs nothing
        start = time.process_time()
        verdict = verdict_of(data, read)
        runs.append(time.process_time() - start)
    peak = peak_memory(data, read)
    good = verdict != "read" and min(runs) <= MOST_SECONDS and peak <= MOST_BYTES
    return f"| {name} | {len(data):,} | {verdict} | {1000 * min(runs):,.1f} | {peak / (1 << 20):,.1f} |", good


def verdict_of(data: bytes, read: Read) -> str:
    """The code of the refusal and its place, or "read"."""
    try:
        read(data)
    except SedicError as error:
        return f"{error.code}, {error.path}" if error.path else error.code
    return "read"


def peak_memory(data: bytes, read: Read) -> int:
    """The most bytes that were allocated at a time, numpy's included, beside the file itself."""
    text.build.cache_clear()
    tracemalloc.start()
    verdict_of(data, read)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


# --- the files


def bombs() -> dict[str, bytes]:
    """Each states one thing that is too large, or large and not there."""
    everything = "".join(exp_golomb(MAX_SEGMENT_BYTES, LENGTH_ORDER[kind]) for kind, _ in segment_kinds(MAX_OBJECTS))
    empty = "".join(exp_golomb(0, LENGTH_ORDER[kind]) for kind, _ in segment_kinds(0))
    extended = start(extended=True) + empty
    mebibyte, two = build_varint(1 << 20), b"\xff\xff\x7f"
    return {
        "a file of 4 MiB and a byte": bytes(MAX_FILE_BYTES + 1),
        "17 segments of 1 MiB each, none there": whole(start(objects=MAX_OBJECTS, extended=True) + everything),
        "a segment of 1 MiB and a byte": whole(start() + exp_golomb(MAX_SEGMENT_BYTES + 1, LENGTH_ORDER["latent.z"])),
        "a segment whose length has 700 zeros in front": whole(start() + "0" * 700),
        "a model's id with 700 zeros in front": whole(BEGIN + f"{0:03b}" + LARGEST + "0" * 700),
        "a picture of 14563x8192": whole(start(size=f"{6:03b}11{1023:010b}") + empty),
        "a latent of 16384x16384": whole(start(latent_scale=32) + empty),
        "an extension of 2 MiB": whole(extended, b"\x01" + two),
        "an extension of 1 MiB, not there": whole(extended, b"\x01" + mebibyte),
        "extensions without end": whole(extended, b"\x01\x00" * (2_000_000)),
        "seven masks of 8192x8192 cells": framed(8192, 8192, masks=[SCALE_1] * 7),
        "a mask of 8192x4104 cells": framed(8192, 4104, masks=[SCALE_1]),
        "two masks of 1024x768 cells, decoded one by one": framed(1024, 768, masks=[CELL_BY_CELL] * 2),
        "a text of 1 MiB": framed(256, 256, text=b"\x40" * MAX_SEGMENT_BYTES),
        "a text that grows far over its limit (Huffman)": framed(256, 256, text=growing_text()),
        "a text of 4,097 bytes (word contexts)": framed(256, 256, text=b"\x55" * (1 + MAX_TEXT_BYTES)),
    }


def extremes() -> dict[str, bytes]:
    """Each has the most that the limits allow of one thing, in few bytes."""
    noise = random.Random(0).randbytes(1 << 17)
    return {
        "a latent of 8192x8192": framed(8192, 8192),
        "a mask of 8192x4096 cells, run lengths": framed(8192, 4096, masks=[SCALE_1]),
        "a mask of 65,536 changes, run lengths": framed(1024, 512, masks=[dotted(1024, 512)]),
        "a mask of 1024x1024 cells, contexts": framed(1024, 1024, masks=[CELL_BY_CELL + noise]),
        "a mask of 1024x1024 cells, generic region": framed(1024, 1024, masks=[GENERIC_REGION + noise]),
        "a text of 4,096 bytes": framed(256, 256, text=long_text()),
    }


def start(objects: int = 0, size: str = "", latent_scale: int = 16, extended: bool = False) -> str:
    """A header's bits up to the lengths (C-2, C-3), of model 2."""
    model = exp_golomb(DEFAULT_MODEL, 3)
    return f"{BEGIN}{objects:03b}{size or LARGEST}{model}{latent_scale - 1:05b}{'110' if extended else '0'}"


def whole(bits: str, rest: bytes = b"") -> bytes:
    """The header's bits up to a whole byte, what follows, and the right check."""
    bits += "0" * (-len(bits) % 8)
    data = int(bits, 2).to_bytes(len(bits) // 8, "big") + rest
    return data + checksum(data)


def framed(width: int, height: int, text: bytes = b"", masks: Sequence[bytes] = ()) -> bytes:
    """A file of these payloads in its right form."""
    payloads = [b"", b"", text, *(part for mask in masks for part in (b"", mask))]
    kinds = segment_kinds(len(masks))
    segments = tuple(Segment(kind, path, payload) for (kind, path), payload in zip(kinds, payloads, strict=True))
    return build_frame(Frame(width, height, DEFAULT_MODEL, 16, 0, segments))


def dotted(width: int, height: int) -> bytes:
    """A mask with a dot in every sixteenth cell: one change for each eighth cell."""
    cells = np.zeros((height, width), np.uint8)
    cells[:, ::16] = 1
    return mask.build(Mask(cells, 1, "run-length"))


def long_text() -> bytes:
    """Words of all kinds; not kept for when the reader compares."""
    words = random.Random(0).choices(("a", "zq", "dog", "Iq", "in the background of the", ",", "7"), k=1300)
    payload = text.build(" ".join(words)[:MAX_TEXT_BYTES])
    text.build.cache_clear()
    return payload


def growing_text() -> bytes:
    """The entry of the most letters a bit, again and again, in as many bytes as a payload may have."""
    table = text_table.load()
    entries = [i for i, entry in enumerate(table.entries) if entry not in STEERING]
    densest = max(entries, key=lambda i: len(table.entries[i]) / table.code.lengths[i])
    code = table.code.bits(densest).to01()
    bits = "00" + code * (8 * MAX_TEXT_BYTES // len(code))
    return int(bits + "1" * (-len(bits) % 8), 2).to_bytes(-(-len(bits) // 8), "big")


BEGIN = f"{MAGIC:016b}{VERSION:03b}"
LARGEST = f"{1:03b}11{1023:010b}"  # 8192x8192 (C-5)
SCALE_1, GENERIC_REGION, CELL_BY_CELL = b"\x00", b"\x20", b"\x40"  # tags of masks of one cell a pixel

PAGE = """\
# Bombs: small files that state large things

Whatever a file states is held against the limits before anything is allocated for it: it must be refused within 50 ms and
32 MB (a processor's time, the fastest of three; all that Python and numpy allocate). `tests/unit/test_bombs.py` holds the
memory in CI.

    nice -n 10 python -m sedic_tools.bomb_table --out docs/bombs.md

| file | bytes | refused as | ms | MiB |
|---|---|---|---|---|
{bombs}

What lies within the limits (`sedicfmt/limits.py`, M-5) is decoded before it can be refused. The most that small files cost
then, read with the latent's symbols:

| file | bytes | | ms | MiB |
|---|---|---|---|---|
{extremes}
"""

if __name__ == "__main__":
    sys.exit(main())
