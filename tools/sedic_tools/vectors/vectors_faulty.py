"""Vectors that every reader must refuse: those of the drafts of version 1. Each has one defect, which its name tells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import sedicfmt
from sedic_tools.commands.vector_parts import (
    WORDS,
    Draft,
    Vector,
    bits,
    fault,
    make,
    make_av1,
    with_extra,
    with_payload,
)
from sedicfmt.bitcoding import text_table, word_huffman
from sedicfmt.bitcoding.bit_io import exp_golomb
from sedicfmt.model import SedicFile
from sedicfmt.segments import mask, text


def faulty() -> Iterator[Vector]:
    base = make()
    yield from frames(base)
    yield from sizes(base)
    yield from extensions(base)
    yield from words(base)
    yield from masks(base)
    yield from latents(base)
    yield from av1()


def frames(file: SedicFile) -> Iterator[Vector]:
    """The container's rules. Raises ValueError if a draft without a defect is not the writer's file."""
    whole, draft = sedicfmt.write(file), Draft(file)
    if draft.build() != whole:
        raise ValueError("a draft without a defect must be the writer's file")
    y_at = len(whole) - 2 - sum(map(len, draft.payloads[1:]))
    text_at = y_at + len(file.y)
    flipped = whole[:y_at] + bytes([whole[y_at] ^ 16]) + whole[y_at + 1 :]
    yield fault("empty", "C-1 C-2", "truncated", "header", b"")
    yield fault("magic-only", "C-2", "truncated", "header", whole[:2])
    yield fault("wrong-magic", "C-2", "malformed", "header.magic", b"\x5e\xd0" + whole[2:])
    yield fault("version-0", "C-2", "unsupported", "header", draft.build(version="000"))
    yield fault("version-2", "C-2", "unsupported", "header", draft.build(version="010"))
    yield fault("header-cut", "C-3", "truncated", "header", whole[:7])
    yield fault("cut-in-z", "C-1 C-14", "truncated", "", whole[:15])
    yield fault("cut-in-text", "C-1 C-14", "truncated", "", whole[: text_at + 1])
    yield fault("cut-before-the-check", "C-12 C-14", "check", "", whole[:-2])
    yield fault("last-byte-missing", "C-12 C-14", "check", "", whole[:-1])
    yield fault("trailing-byte", "C-1 C-12", "check", "", whole + b"\0")
    yield fault("check-wrong", "C-12", "check", "", whole[:-1] + bytes([whole[-1] ^ 1]))
    yield fault("bit-flipped-in-y", "C-12", "check", "", flipped)
    draft.fill = "1"
    yield fault("header-fill-not-zero", "C-8 C-13", "malformed", "header", draft.build())
    draft.fill, draft.lengths = "0", [1 << 21] + [len(p) for p in draft.payloads[1:]]
    yield fault("length-over-limit", "C-1", "limit", "header", draft.build())
    draft.lengths = [len(draft.payloads[0]), 1 << 19] + [len(p) for p in draft.payloads[2:]]
    yield fault("length-beyond-the-file", "C-1", "truncated", "", draft.build())


def sizes(file: SedicFile) -> Iterator[Vector]:
    """C-4 and C-5 on 96x64, which is 3:2 in eighths."""
    build = Draft(file).build
    free, ratio = "000", "010"
    yield fault("seed-of-zero", "C-4 C-13", "malformed", "header", build(optional="101" + bits(0, 32)))
    size = free + "10" + bits(7, 7) + bits(11, 10)
    yield fault("ratio-not-used", "C-5 C-13", "malformed", "header", build(size=size))
    yield fault("eighths-not-used", "C-5 C-13", "malformed", "header", build(size=ratio + "0" + bits(63, 13)))
    yield fault("long-not-needed", "C-5 C-13", "malformed", "header", build(size=ratio + "11" + bits(7, 10)))
    size = free + "0" + bits(63, 13) + bits(14, 13)
    yield fault("width-too-small", "C-5", "limit", "header.size.width", build(size=size))
    size = free + "10" + bits(0, 7) + bits(11, 10)
    yield fault("height-too-small", "C-5", "limit", "header.size.height", build(size=size))
    yield fault("width-too-large", "C-5", "limit", "header.size.width", build(size="110" + "11" + bits(1023, 10)))
    size = "001" + "11" + bits(1023, 10)
    large = build(size=size, scale=bits(16, 5))
    yield fault("latent-scale-too-large", "L-1", "limit", "header.latent_scale", large)


def extensions(file: SedicFile) -> Iterator[Vector]:
    first = "extensions[0]"
    yield fault("extension-announced-and-missing", "C-10", "malformed", first, with_extra(file, b""))
    yield fault("extension-critical", "C-10", "unsupported", first, with_extra(file, b"\x85\x01x"))
    yield fault("extension-type-0", "C-10", "malformed", first, with_extra(file, b"\x00\x01x"))
    falling = with_extra(file, b"\x05\x00\x05\x00")
    yield fault("extension-types-not-rising", "C-10", "malformed", "extensions[1]", falling)
    yield fault("extension-length-overlong", "C-11 C-13", "malformed", first, with_extra(file, b"\x05\x81\x00x"))
    yield fault("extension-cut", "C-10", "malformed", first, with_extra(file, b"\x05\x09x"))


def words(file: SedicFile) -> Iterator[Vector]:
    short = text.build(WORDS[5])
    t, h, r = text.build(file.text), word_huffman.pack(file.text, text_table.load()), b"\xc0" + file.text.encode()

    def refused(name: str, clauses: str, payload: bytes, code: str = "malformed") -> Vector:
        return fault(name, clauses, code, "text", with_payload(file, 2, payload))

    yield refused("text-coder-reserved", "T-1", bytes([0x80 | t[0] & 63]) + t[1:], "unsupported")
    yield refused("text-byte-too-many", "T-2 C-13", short + b"\xff")
    yield refused("text-contexts-zero-at-the-end", "T-17 L-5", t + b"\0")
    yield refused("text-huffman-but-contexts-are-shorter", "T-2 C-13", h)
    yield refused("text-huffman-padding-of-zeros", "T-4", h[:-1] + b"\0")
    yield refused("text-raw-not-utf8", "T-1 T-13", b"\xc0\xff\xfe")
    yield refused("text-raw-but-words-are-shorter", "T-2 C-13", r)


def masks(file: SedicFile) -> Iterator[Vector]:
    cells = file.objects[0].mask
    m, c = (mask.build(replace(cells, coder=name)) for name in ("run-length", "contexts"))

    def refused(name: str, clauses: str, payload: bytes, code: str = "malformed") -> Vector:
        return fault(name, clauses, code, "objects[0].mask", with_payload(file, 4, payload))

    yield refused("mask-empty", "M-1", b"")
    yield refused("mask-coder-reserved", "M-2", bytes([0xE0 | m[0] & 31]) + m[1:], "unsupported")
    yield refused("mask-reserved-bits", "M-1", bytes([m[0] | 1]) + m[1:])
    yield refused("mask-zero-at-the-end", "M-7", m + b"\0")
    yield refused("mask-cut", "M-4", m[:2])
    yield refused("mask-contexts-zero-at-the-end", "M-23 L-5", c + b"\0")
    yield refused("mask-contexts-byte-too-many", "M-23 L-5", c + b"\x77")
    yield refused("mask-contexts-of-other-coder", "M-4", c[:1] + m[1:])
    pair = make(objects=2, coder="contexts-relative")
    alone = mask.build(replace(pair.objects[1].mask, coder="contexts"))
    relative = with_payload(pair, 6, bytes([alone[0] | 0x20]) + alone[1:])
    yield fault("mask-relative-but-coded-alone", "M-4 M-24", "malformed", "objects[1].mask", relative)


def latents(file: SedicFile) -> Iterator[Vector]:
    """The latent's rules need the model, so `sedic-inspect --check` or `sedic-unpack` finds them."""
    yield fault("z-zero-at-the-end", "L-5", "malformed", "z", with_payload(file, 0, file.z + b"\0"))
    yield fault("z-byte-too-many", "L-5", "malformed", "z", with_payload(file, 0, file.z + b"\x77"))
    yield fault("y-zero-at-the-end", "L-5", "malformed", "y", with_payload(file, 1, file.y + b"\0"))
    yield fault("y-byte-too-many", "L-5", "malformed", "y", with_payload(file, 1, file.y + b"\x77"))
    for name, number in (("model-unknown", 99), ("model-withdrawn", 1)):
        yield fault(name, "R-1", "unsupported", "header.model_id", Draft(file).build(model=exp_golomb(number, 3)))


def av1() -> Iterator[Vector]:
    """Model av1's rules. What no decoder of AV1 takes for a frame was tried with three."""
    still = make_av1()

    def refused(name: str, clauses: str, at: int, payload: bytes) -> Vector:
        return fault(name, clauses, "malformed", "zy"[at], with_payload(still, at, payload))

    yield refused("av1-z-not-empty", "A-1", 0, b"\x01")
    yield refused("av1-y-empty", "A-1", 1, b"")
    yield refused("av1-zero-at-the-end", "A-1", 1, still.y + b"\0")
    yield refused("av1-header-cut", "A-3", 1, still.y[:2])
    yield refused("av1-words", "A-3", 1, b"no frame, but words")
    yield refused("av1-ones", "A-3", 1, b"\xff" * 64)
