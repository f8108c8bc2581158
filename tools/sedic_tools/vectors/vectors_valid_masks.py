"""Vectors of masks that every reader must read: each coder on shapes that take its branches, each scale."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from sedic_tools.commands.vector_parts import WORDS, Vector, disc, make
from sedicfmt.bitcoding import run_length
from sedicfmt.bitcoding.bit_io import bits_of
from sedicfmt.bitcoding.bitmap import cells_of
from sedicfmt.model import Mask, SedicFile, SedicObject

Y, X = np.mgrid[0:24, 0:32]
SHAPES = {
    "nothing": X < 0,
    "everything": X >= 0,
    "first-cell": (X == 0) & (Y == 0),
    "last-cell": (X == 31) & (Y == 23),
    "stripes": Y % 6 < 3,
    "diagonal": X > 2 * Y - 9,
    "disc": disc(24, 32) == 1,
    "slope": 3 * X > Y,
    "ring": (np.hypot(X - 16, Y - 12) < 10) & (np.hypot(X - 16, Y - 12) > 5.5),
    "noise": np.random.default_rng(1).random((24, 32)) < 0.5,
}
RUN_LENGTH_HEADS = {"stripes": "00", "diagonal": "01", "disc": "10", "slope": "11"}  # `columns`, `whole` (M-8, M-13)
CLAUSES = {
    "run-length": "M-6 M-7 M-8 M-9 M-10 M-11 M-12 M-13",
    "generic-region": "M-14 M-15 M-16 M-17",
    "contexts": "M-19 M-20 M-21 M-22 M-23",
    "contexts-relative": "M-22 M-24",
}


def valid() -> Iterator[Vector]:
    yield from shapes()
    yield from scales()
    yield from relative()
    yield carry()


def with_masks(*masks: Mask, width: int = 32, height: int = 24) -> SedicFile:
    """A small file with these masks."""
    parts = tuple(SedicObject(WORDS[5], one) for one in masks)
    return replace(make(width, height, 0, text=WORDS[5]), objects=parts)


def drawn(shape: str, scale: int = 1, coder: str = "auto") -> Mask:
    """One of SHAPES, cut to a picture of 32x24 at that scale."""
    return Mask(SHAPES[shape][: -(-24 // scale), : -(-32 // scale)].astype(np.uint8), scale, coder)


def shapes() -> Iterator[Vector]:
    """Each coder on each shape that shows something of it; M-4: a writer chooses the coder."""
    for shape, head in RUN_LENGTH_HEADS.items():
        if bits_of(run_length.encode(cells_of(drawn(shape).cells)))[:2] != head:
            raise ValueError(f"the run lengths of {shape} do not begin with {head}")
    for coder, names in (
        ("run-length", ["nothing", "everything", "first-cell", "last-cell", *RUN_LENGTH_HEADS, "ring", "noise"]),
        ("generic-region", ["nothing", "everything", "first-cell", "last-cell", "ring", "noise"]),
        ("contexts", ["nothing", "everything", "first-cell", "last-cell", "ring", "noise"]),
    ):
        for shape in names:
            shows = f"{coder}, 24 rows of 32 cells"
            yield Vector(f"{coder}-{shape}", f"M-4 M-5 {CLAUSES[coder]}", shows, with_masks(drawn(shape, 1, coder)))


def carry() -> Vector:
    """One row of the specification's table: dropping the data's last byte would lose a carry."""
    row = Mask(np.array([list(map(int, "010101000000011010"))], np.uint8), 16, "generic-region")
    shows = "the data's last byte stands behind FF and takes a carry"
    return Vector("generic-region-carry", "M-14 M-16 M-17", shows, with_masks(row, width=288, height=16))


def scales() -> Iterator[Vector]:
    """M-1, M-3: each scale, with cells at the border that stand for fewer pixels."""
    for scale, coder in ((2, "contexts"), (4, "generic-region"), (16, "run-length"), (32, "contexts")):
        mask = Mask(disc(-(-45 // scale), -(-75 // scale)), scale, coder)
        yield Vector(
            f"mask-scale-{scale}", "M-1 M-3", "border cells of fewer pixels", with_masks(mask, width=75, height=45)
        )
    one = with_masks(*(drawn("slope", scale, "contexts") for scale in (1, 2, 4, 8, 16, 32, 64)))
    yield Vector("mask-of-each-scale", "M-1 M-3", "seven masks, seven scales", one)


def relative() -> Iterator[Vector]:
    """M-24: what the earlier masks are."""
    ring, disc_ = drawn("ring", 1, "contexts"), drawn("disc", 1, "contexts-relative")
    yield Vector("relative-to-one", "M-4 M-22 M-24", "behind a mask that it overlaps", with_masks(ring, disc_))
    other = replace(drawn("ring", 2), coder="run-length")
    yield Vector(
        "relative-to-another-scale", "M-24", "an earlier mask of another scale is none", with_masks(other, disc_)
    )
    yield Vector("relative-to-itself", "M-24", "twice the same mask", with_masks(disc_, disc_))
    far = with_masks(drawn("first-cell", 1, "run-length"), drawn("slope", 8), ring, disc_)
    yield Vector("relative-to-two", "M-24", "the union of two earlier masks of its scale, between them another", far)
