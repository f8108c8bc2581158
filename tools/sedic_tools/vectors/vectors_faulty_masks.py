"""Vectors that every reader must refuse: masks. Payloads are wrong from the first bit on, at their end, or over a limit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np

from sedic_tools.commands.vector_parts import WORDS, Draft, Vector, bits, fault, flat_av1, make, with_payload
from sedic_tools.vectors.vectors_valid_masks import SHAPES, drawn, with_masks
from sedicfmt.bitcoding import contexts, generic_region, run_length
from sedicfmt.bitcoding.bit_io import bits_of, bytes_of, exp_golomb
from sedicfmt.bitcoding.bitmap import Cells
from sedicfmt.bitcoding.mq_coder import MARKER
from sedicfmt.model import Mask, SedicObject
from sedicfmt.segments.mask import as_cells

PATH = "objects[0].mask"
TAGS = {"run-length": 0x00, "generic-region": 0x20, "contexts": 0x40, "contexts-relative": 0x60}  # at scale 1
SHAPE = (24, 32)


def faulty() -> Iterator[Vector]:
    file = with_masks(drawn("ring"))
    for name, clauses, code, payload in (*tags(), *run_lengths(), *generic_regions(), *by_contexts()):
        yield fault(f"mask-{name}", clauses, code, PATH, with_payload(file, 4, payload))
    yield from relative()
    yield from limits()


Case = tuple[str, str, str, bytes]  # name, clauses, error's code, payload


def tags() -> Iterator[Case]:
    """M-1, M-2, M-4."""
    data = run_length.encode(cells("ring"))
    for coder in (4, 5, 6):
        yield f"coder-{coder}", "M-2", "unsupported", bytes([coder << 5]) + data
    for low in (2, 3):
        yield f"reserved-bits-{low}", "M-1", "malformed", bytes([low]) + data
    yield "of-another-scale", "M-4 M-3", "malformed", b"\x0c" + data
    for name, tag in TAGS.items():
        if name != "run-length":
            yield f"{name}-of-run-lengths", "M-4", "malformed", bytes([tag]) + data


def cells(shape: str) -> Cells:
    return as_cells(SHAPES[shape])


def changed(shape: str, columns: int, whole: int) -> bytes:
    """The run-length data of a shape with the other choices of M-8, by M-9 to M-12."""
    changes = run_length._changes(cells(shape), columns)
    lines = SHAPE[::-1] if columns else SHAPE
    return bytes_of(f"{columns}{whole}" + run_length._encode_changes(changes, lines, whole))


def run_lengths() -> Iterator[Case]:
    """M-6 to M-13; the first change of 24x32 cells has ten bits."""
    shortest = {"stripes": "00", "diagonal": "01", "disc": "10", "slope": "11"}
    for shape, head in shortest.items():
        other_way = changed(shape, 1 - int(head[0]), int(head[1]))
        yield f"run-length-{shape}-the-other-way", "M-13 M-4", "malformed", b"\0" + other_way
    yield "run-length-nothing-but-columns", "M-13 M-4", "malformed", b"\0" + bytes_of("10")
    yield "run-length-nothing-but-whole", "M-13 M-4", "malformed", b"\0" + bytes_of("01")
    first = bits(4, 10)
    for name, clauses, code in (
        ("first-change-outside", "M-9", "00" + bits(769, 10)),
        ("first-change-of-all-ones", "M-9", "00" + "1" * 10),
        ("run-past-the-end", "M-12", "00" + first + exp_golomb(800, 3)),
        ("expected-run-past-the-end", "M-11 M-12", "00" + first + exp_golomb(5, 3) + exp_golomb(1500, 0)),
        ("number-of-28-zeros", "M-12", "00" + first + "0" * 28 + "1" * 32),
    ):
        yield f"run-length-{name}", clauses, "malformed", b"\0" + bytes_of(code)
    whole = run_length.encode(cells("ring"))
    yield "run-length-only-zeros", "M-7", "malformed", b"\0" + bytes(3)
    yield "run-length-bit-flipped", "M-4", "malformed", b"\0" + bytes_of(flipped(bits_of(whole), 0))


def flipped(text: str, at: int) -> str:
    """A string of binary digits with one of them changed."""
    return text[:at] + "10"[int(text[at])] + text[at + 1 :]


def generic_regions() -> Iterator[Case]:
    """M-14 to M-17."""
    tag, ring = bytes([TAGS["generic-region"]]), generic_region.encode(cells("ring"))
    for name, data in (
        ("with-its-marker", ring + MARKER),
        ("ends-in-ff", ring + b"\xff"),
        ("byte-too-many", ring + b"\x77"),
        ("zero-at-the-end", ring + b"\0"),
        ("empty-but-not-shortest", b"\xff"),
    ):
        yield f"generic-region-{name}", "M-16 M-4", "malformed", tag + data


def by_contexts() -> Iterator[Case]:
    """M-19 to M-23."""
    tag, ring = bytes([TAGS["contexts"]]), contexts.encode(cells("ring"))
    for name, clauses, data in (
        ("code-not-below-range", "M-22", b"\xff\xff\xff\xff"),
        ("code-not-below-range-and-more", "M-22", b"\xff" * 9),
        ("zeros-at-the-end", "M-23 L-5", ring + bytes(3)),
        ("of-nothing-zero", "M-23 L-5", b"\0"),
    ):
        yield f"contexts-{name}", clauses, "malformed", tag + data


def relative() -> Iterator[Vector]:
    """M-24: data that was made without, or with other, earlier masks."""
    ring, disc = drawn("ring", 1, "contexts"), drawn("disc", 1, "contexts-relative")
    tag, path = bytes([TAGS["contexts-relative"]]), "objects[1].mask"
    file = with_masks(ring, disc)
    ring_cells, disc_cells = cells("ring"), cells("disc")
    alone = with_payload(file, 6, tag + contexts.encode(disc_cells))
    yield fault("mask-relative-to-none", "M-24 M-4", "malformed", path, alone)
    first = with_masks(disc)
    data = with_payload(first, 4, tag + contexts.encode(disc_cells, ring_cells))
    yield fault("mask-relative-without-the-earlier", "M-24 M-4", "malformed", PATH, data)
    absolute = with_payload(file, 6, bytes([TAGS["contexts"]]) + contexts.encode(disc_cells, ring_cells))
    yield fault("mask-relative-called-contexts", "M-24 M-4", "malformed", path, absolute)
    yield fault(
        "mask-relative-code-not-below-range", "M-22", "malformed", path, with_payload(file, 6, tag + b"\xff" * 4)
    )


def limits() -> Iterator[Vector]:
    """M-5: refused by what the tags and the size say, before any cell is decoded."""
    one = Mask(np.zeros((64, 64), np.uint8), 128, "run-length")
    huge = replace(flat_av1(8192, 8192), objects=(SedicObject(WORDS[5], one),))
    for name, tag in TAGS.items():
        data = bytes([tag | (name != "run-length") << 2])  # run-length at scale 1, the others at scale 2
        yield fault(f"mask-{name}-of-too-many-cells", "M-5 P-1 P-2 S-1", "limit", PATH, with_payload(huge, 4, data))
    three = Draft(replace(huge, objects=huge.objects * 3))
    three.payloads[4] = three.payloads[6] = three.payloads[8] = b"\x04"
    yield fault("masks-of-too-many-cells", "M-5 P-1 P-2 S-1", "limit", "objects[2].mask", three.build())
    two = Draft(replace(huge, objects=huge.objects * 2))
    two.payloads[4], two.payloads[6] = b"\x4c", b"\x2c"
    yield fault("masks-of-too-many-coded-cells", "M-5", "limit", "objects[1].mask", two.build())
    y, x = np.indices((130, 512))
    chequered = as_cells((x + y) % 2).values
    changes = [place for place, (before, value) in enumerate(pairwise(b"\0" + chequered)) if before != value]
    codes = "01" + run_length._encode_changes(changes, (130, 512), 1)
    many = with_payload(make(512, 130, 1, 128, latent_scale=1), 4, b"\0" + bytes_of(codes))
    yield fault("mask-of-too-many-changes", "M-5", "limit", PATH, many)
