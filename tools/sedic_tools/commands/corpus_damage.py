"""Damage to files, for `corpus.py`: to bytes, header fields, payloads and extensions, mostly with a right check."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sedic_tools.commands.corpus_content import noise_bytes, pick
from sedic_tools.commands.vector_parts import Draft, bits
from sedicfmt.bitcoding.bit_io import exp_golomb
from sedicfmt.container.checksum import checksum
from sedicfmt.model import SedicFile

Random = np.random.Generator


def damaged(rng: Random, file: SedicFile, data: bytes) -> tuple[str, bytes]:
    """(kind of damage, bytes) of a file of this content, which is written as `data`; by chance it may be no damage."""
    how = pick(rng, [of_bytes, of_header, of_payload, of_extensions, of_length], [4, 4, 5, 1, 1])
    return how.__name__.removeprefix("of_"), how(rng, file, data)


def of_bytes(rng: Random, _: SedicFile, data: bytes) -> bytes:
    """Bytes flipped, set, lost, added, or the file cut; one time in five the check is left as it was."""
    body = bytearray(data[:-2])
    for _unused in range(pick(rng, [1, 2, 4], [2, 1, 1])):
        at = int(rng.integers(0, pick(rng, [min(16, len(body)), len(body)], [1, 1]) or 1))
        how = pick(rng, ["flip", "set", "lose", "add", "cut", "more"], [8, 4, 3, 3, 2, 1])
        value = pick(rng, [0, 255, int(rng.integers(0, 256))], [1, 1, 1])
        if not body:
            break
        if how == "flip":
            body[at] ^= 1 << int(rng.integers(0, 8))
        elif how == "set":
            body[at] = value
        elif how == "lose":
            del body[at]
        elif how == "add":
            body.insert(at, value)
        elif how == "cut":
            del body[at:]
        else:
            body += rng.bytes(int(rng.integers(0, 5)))
    return bytes(body) + (checksum(bytes(body)) if rng.random() < 0.8 else data[-2:])


def of_header(rng: Random, file: SedicFile, _: bytes) -> bytes:
    """One field of another value, or of another form of the same value."""
    draft, name = Draft(replace(file, extensions=())), pick(rng, FIELDS, FIELDS.values())
    if name == "fill":
        draft.fill = "1"
        return draft.build()
    values = {
        "magic": bits(0x5ED1 ^ 1 << int(rng.integers(0, 16)), 16),
        "version": bits(int(rng.integers(0, 8)), 3),
        "objects": bits(int(rng.integers(0, 8)), 3),
        "size": size(rng, file),
        "model": exp_golomb(pick(rng, [0, 1, 3, 99, 224, 255, 256, 9999], [1] * 8), 3),
        "scale": bits(int(rng.integers(0, 32)), 5),
        "optional": pick(rng, ["100", "101" + "0" * 32, "111" + "0" * 32, "110", "101" + "1" * 32], [1] * 5),
    }
    return draft.build(**{name: values[name]})


# and odds
FIELDS = {"magic": 1, "version": 1, "objects": 1, "size": 6, "model": 2, "scale": 1, "optional": 3, "fill": 1}


def size(rng: Random, file: SedicFile) -> str:
    """The same height by another ratio or unit, or any size, too small and too large ones among them (C-5)."""
    width, height = file.width, file.height
    if rng.random() < 0.6:
        width, height = (pick(rng, [1, 8, 15, 16, 8192, int(rng.integers(1, 8193))], [1] * 6) for _ in range(2))
    ratio, how = int(rng.integers(0, 8)), pick(rng, ["single", "short", "long"], [2, 1, 1])
    if how == "single":
        return bits(ratio, 3) + "0" + bits(height - 1, 13) + (bits(width - 1, 13) if ratio == 0 else "")
    rows, columns = -(-height // 8) - 1, -(-width // 8) - 1
    lines = "1" + bits(rows, 10) if how == "long" or rows > 127 else "0" + bits(rows, 7)
    return bits(ratio, 3) + "1" + lines + (bits(columns, 10) if ratio == 0 else "")


def of_payload(rng: Random, file: SedicFile, _: bytes) -> bytes:
    """One segment's payload changed at its first byte (ids of coders) or its end, or replaced."""
    draft = Draft(replace(file, extensions=()))
    at = pick(rng, [int(rng.integers(0, len(draft.payloads))), -1], [2, 1])
    old = draft.payloads[at]
    first = bytes([int(rng.integers(0, 256))])
    other = draft.payloads[int(rng.integers(0, len(draft.payloads)))]
    noise, raw = noise_bytes(rng, int(rng.integers(1, 60))), b"\xc0" + b"x" * int(rng.integers(4000, 5000))
    changes = [first + old[1:], noise, old + b"\0", old + first, old[:-1], b"", other, b"\xff" * 5, raw]
    draft.payloads[at] = pick(rng, changes, [4, 2, 1, 1, 1, 1, 1, 1, 1])
    return draft.build()


def of_extensions(rng: Random, file: SedicFile, _: bytes) -> bytes:
    """Extensions that are critical, out of order, cut, or of lengths in another form (C-10, C-11)."""
    draft = Draft(replace(file, extensions=(), seed=0))
    draft.extra = pick(rng, EXTRAS, [1] * len(EXTRAS)) + (rng.bytes(2) if rng.random() < 0.2 else b"")
    return draft.build(optional="110")


EXTRAS = [
    b"", b"\x05", b"\x05\x00", b"\x05\x85", b"\x05\x09x", b"\x05\x81\x00x", b"\x05\x81\x80\x00x", b"\x05\x81\x80\x80\x01x",
    b"\x05\x81\x80\x40x", b"\x00\x01x", b"\x85\x01x", b"\xff\x00", b"\x05\x00\x05\x00", b"\x09\x00\x05\x00",
    b"\x05\x00\x86\x00",
]  # fmt: skip


def of_length(rng: Random, file: SedicFile, _: bytes) -> bytes:
    """A length that is too small, too large, or over the limit (C-1, C-7)."""
    draft = Draft(replace(file, extensions=()))
    draft.lengths = [len(payload) for payload in draft.payloads]
    at = int(rng.integers(0, len(draft.lengths)))
    draft.lengths[at] = pick(rng, [0, draft.lengths[at] + 1, 5000, 1 << 20, (1 << 20) + 1, 1 << 23], [1, 2, 1, 1, 1, 1])
    return draft.build()
