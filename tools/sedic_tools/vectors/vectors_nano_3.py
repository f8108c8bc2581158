"""Vectors of model 6, sedic-nano-3 (R-1, G-7, G-8). It is of the draft of 1.1: while its weights may change, so may these."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from sedic_tools.commands.vector_parts import Vector, make, with_latent, with_payload

MODEL = 6
DRAFT = "1.1"


def valid() -> Iterator[Vector]:
    rng = np.random.default_rng(6)
    photo = make(768, 512, 3, model_id=MODEL, latent_scale=8)
    noise = with_latent(
        make(64, 96, model_id=MODEL), lambda s: rng.integers(-2, 3, s), lambda i: rng.integers(-2, 3, i.shape)
    )
    for name, clauses, shows, file in (
        ("768x512", "R-1 L-1 H-7 H-9 H-10", "three objects, the latent at 8/16", photo),
        ("smallest-size", "R-1 G-7 G-8", "16x16: one place of y", make(16, 16, 0, model_id=MODEL)),
        ("odd-size", "R-1 L-1 G-7 G-8", "17x33: two rows of y", make(17, 33, model_id=MODEL)),
        ("noise", "R-1 L-6 H-8", "small values at random", noise),
    ):
        yield Vector(f"nano-3-{name}", clauses, f"sedic-nano-3: {shows}", file, since=DRAFT)


def uncommon() -> Iterator[Vector]:
    rng = np.random.default_rng(7)
    base = make(32, 32, 0, model_id=MODEL)
    wide = with_latent(base, lambda s: rng.integers(-90, 91, s), lambda i: rng.integers(-200, 201, i.shape))
    yield Vector(
        "nano-3-escapes", "R-1 L-3 H-8 H-10", "sedic-nano-3: values behind escapes, both signs", wide, since=DRAFT
    )
    nothing = replace(base, z=b"", y=b"")
    yield Vector("nano-3-no-bytes", "R-1 L-2 L-5", "sedic-nano-3: z and y are empty", nothing, since=DRAFT)


def faulty() -> Iterator[Vector]:
    file = make(32, 32, 0, model_id=MODEL)
    for at, name in enumerate("zy"):
        longer = with_payload(file, at, (file.z, file.y)[at] + b"\x01\x02")
        yield Vector(f"nano-3-{name}-bytes-too-many", "L-5", "", longer, "malformed", name, DRAFT)
