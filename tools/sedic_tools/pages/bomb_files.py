"""The files of docs/bombs.md: bombs, which state more than is there or than is allowed, and the most that is allowed.

They are put together from bits here where the package's own writer would refuse them.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sedicfmt.bitcoding import text_table, word_contexts
from sedicfmt.bitcoding.bit_io import exp_golomb
from sedicfmt.bitcoding.text_items import STEERING
from sedicfmt.container.builder import build_frame
from sedicfmt.container.checksum import checksum
from sedicfmt.container.frame import Frame, Segment, segment_kinds
from sedicfmt.container.schema import LENGTH_ORDER, MAGIC, VERSION
from sedicfmt.container.varint import build_varint
from sedicfmt.latents.allocated import DEFAULT_MODEL
from sedicfmt.limits import MAX_FILE_BYTES, MAX_OBJECTS, MAX_SEGMENT_BYTES, MAX_TEXT_BYTES
from sedicfmt.model import Mask
from sedicfmt.segments import mask, text


@dataclass(frozen=True)
class Bomb:
    """A file, and the class and place of the error that it must be refused with."""

    refused: str
    data: bytes


def bombs() -> dict[str, Bomb]:
    """Each states one thing that is too large, or large and not there."""
    everything = "".join(exp_golomb(MAX_SEGMENT_BYTES, LENGTH_ORDER[kind]) for kind, _ in segment_kinds(MAX_OBJECTS))
    empty = "".join(exp_golomb(0, LENGTH_ORDER[kind]) for kind, _ in segment_kinds(0))
    begun = start() + "".join(exp_golomb(0, LENGTH_ORDER[kind]) for kind in ("latent.z", "latent.y"))
    extended = start(extended=True) + empty
    mebibyte, two = build_varint(1 << 20), b"\xff\xff\x7f"
    return {
        "a file of 4 MiB and a byte": Bomb("limit", whole(begun, bytes(MAX_FILE_BYTES + 1 - len(whole(begun))))),
        "17 segments of 1 MiB each, none there": Bomb(
            "truncated", whole(start(objects=MAX_OBJECTS, extended=True) + everything)
        ),
        "a segment of 1 MiB and a byte": Bomb(
            "limit, header", whole(start() + exp_golomb(MAX_SEGMENT_BYTES + 1, LENGTH_ORDER["latent.z"]))
        ),
        "a segment whose length has 700 zeros in front": Bomb("limit, header", whole(start() + "0" * 700)),
        "a model's id with 700 zeros in front": Bomb("limit, header", whole(BEGIN + f"{0:03b}" + LARGEST + "0" * 700)),
        "a picture of 14563x8192": Bomb("limit, header.size.width", whole(start(size=f"{6:03b}11{1023:010b}") + empty)),
        "a latent of 16384x16384": Bomb("limit, header.latent_scale", whole(start(latent_scale=32) + empty)),
        "an extension of 2 MiB": Bomb("limit, extensions[0]", whole(extended, b"\x01" + two)),
        "an extension of 1 MiB, not there": Bomb("malformed, extensions[0]", whole(extended, b"\x01" + mebibyte)),
        "4 MB of extensions": Bomb("malformed, extensions[1]", whole(extended, b"\x01\x00" * (2_000_000))),
        "seven masks of 8192x8192 cells": Bomb("limit, objects[0].mask", framed(8192, 8192, masks=[SCALE_1] * 7)),
        "a mask of 8192x4104 cells": Bomb("limit, objects[0].mask", framed(8192, 4104, masks=[SCALE_1])),
        "two masks of 1024x768 cells, decoded one by one": Bomb(
            "limit, objects[1].mask", framed(1024, 768, masks=[CELL_BY_CELL] * 2)
        ),
        "a text of 1 MiB": Bomb("limit, text", framed(256, 256, text=b"\x40" * MAX_SEGMENT_BYTES)),
        "a text that grows far over its limit (Huffman)": Bomb("limit, text", framed(256, 256, text=growing_text())),
        "a text that grows far over its limit (word contexts)": Bomb(
            "limit, text", framed(256, 256, text=growing_contexts())
        ),
        "a payload of 4,097 bytes that is no text": Bomb(
            "malformed, text", framed(256, 256, text=b"\x55" * (1 + MAX_TEXT_BYTES))
        ),
    }


def extremes() -> dict[str, bytes]:
    """Each has the most that the limits allow of one thing, in few bytes."""
    noise = random.Random(0).randbytes(1 << 17)
    return {
        "a latent of 8192x8192": framed(8192, 8192),
        "a mask of 8192x4096 cells, run lengths": framed(8192, 4096, masks=[SCALE_1]),
        "a mask of 65,536 changes, run lengths": framed(1024, 512, masks=[dotted(1024, 512)]),
        "a latent of 1024x1024 (the most of thin)": framed(1024, 1024),
        "a mask of 1024x1024 cells, generic region, by chance": framed(1024, 1024, masks=[GENERIC_REGION + b"\xac"]),
        "a mask of 512x512 cells, contexts (the most of thin)": framed(
            512, 512, masks=[CELL_BY_CELL + noise[: 1 << 15]]
        ),
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


def growing_contexts() -> bytes:
    """A caption of common words, six times as long as one may be, in fewer bytes than a payload may have."""
    return word_contexts.pack("in the background of the " * (6 * MAX_TEXT_BYTES // 25), word_contexts.load())


BEGIN = f"{MAGIC:016b}{VERSION:03b}"
LARGEST = f"{1:03b}11{1023:010b}"  # 8192x8192 (C-5)
SCALE_1, GENERIC_REGION, CELL_BY_CELL = b"\x00", b"\x20", b"\x40"  # tags of masks of one cell a pixel
