"""Vectors that every reader must refuse when it decodes the latent: values over the limit, endings, models."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from sedic_tools.commands.vector_parts import Draft, Vector, fault, make, make_av1, with_latent, with_payload
from sedicfmt.bitcoding.bit_io import exp_golomb
from sedicfmt.bitcoding.cumulative_table import EVEN, CumulativeTable
from sedicfmt.bitcoding.range_coder import TOTAL, RangeEncoder
from sedicfmt.latents.nano.context import prior_of_z, walk
from sedicfmt.latents.nano.weights import load_latent_model
from sedicfmt.model import SedicFile
from sedicfmt.segments.latent import gaussian_tables, shifted


def faulty() -> Iterator[Vector]:
    base = make(32, 32, 1, 16)
    yield from too_large(with_latent(base, np.zeros, np.zeros_like))
    yield from endings(base)
    yield from models(base)
    yield from av1()


def escape(table: CumulativeTable, magnitude: int, negative: int, zeros: int | None = None) -> bytes:
    """A payload of one value behind an escape (L-3), of any magnitude; with `zeros`, of that many zeros in front."""
    coder = RangeEncoder()
    coder.encode(table.cumulative[-2], TOTAL - table.cumulative[-2])
    rest = magnitude - table.largest
    code = f"{rest:b}" if zeros is None else "1"
    for bit in f"{negative}" + "0" * (len(code) - 1 if zeros is None else zeros) + code:
        coder.encode(EVEN[int(bit)], TOTAL // 2)
    return coder.finish()


def too_large(file: SedicFile) -> Iterator[Vector]:
    """L-3, H-8: one value beyond 32767. `file` has zeros only, so that y's first table follows from them."""
    mean, index = first_of_z(file)
    base, _, table = next(shifted(mean[:1], index[:1]))
    for name, negative in (("large", 0), ("small", 1)):
        data = with_payload(file, 0, escape(table, 32768 + abs(base), negative))
        yield fault(f"z-value-too-{name}", "L-3", "limit", "z", data)
    yield fault("z-escape-of-endless-zeros", "L-3", "limit", "z", with_payload(file, 0, escape(table, 0, 0, 16)))
    y_table = gaussian_tables()[first_of_y(file)]
    for name, negative in (("large", 0), ("small", 1)):
        yield fault(f"y-value-too-{name}", "L-3", "limit", "y", with_payload(file, 1, escape(y_table, 32768, negative)))
    yield fault("y-escape-of-endless-zeros", "L-3", "limit", "y", with_payload(file, 1, escape(y_table, 0, 0, 16)))
    yield fault("z-value-beyond-its-base", "H-8", "limit", "z", with_payload(file, 0, beyond_its_base(mean, index)))


def first_of_z(file: SedicFile) -> tuple[np.ndarray, np.ndarray]:
    """Mean and index of z's first position, (C_z,) each."""
    model = load_latent_model(file.model_id)
    channels = model.grids(*file.coded_size)[1][0]
    return prior_of_z(np.zeros(4 * channels, np.int64), model.weights)


def first_of_y(file: SedicFile) -> int:
    """The scale index of the first value of y that is coded, if z is zero."""
    model = load_latent_model(file.model_id)
    shape_y, shape_z = model.grids(*file.coded_size)
    indices: list[int] = []

    def choose(_: np.ndarray, index: np.ndarray) -> np.ndarray:
        indices.extend(index.ravel()[index.ravel() > 0].tolist())
        return np.zeros(index.shape, np.int32)

    walk(model.scan(np.zeros(shape_z, np.int32), *shape_y[1:]), choose)
    return indices[0]


def beyond_its_base(mean: np.ndarray, index: np.ndarray) -> bytes:
    """z's payload with one value that L-3 can say and H-8 forbids: 32767 off a base that is not 0, away from 0.

    Raises ValueError where all means round to 0.
    """
    coder, found = RangeEncoder(), False
    for base, sign, table in shifted(mean, index):
        table.encode(sign * (32767 if base > 0 else -32767) if base and not found else 0, coder)
        found = found or base != 0
    if not found:
        raise ValueError("no mean of z is beyond 1/2")
    return coder.finish()


def endings(file: SedicFile) -> Iterator[Vector]:
    """L-2, L-5."""
    for at, name in enumerate("zy"):
        payload = (file.z, file.y)[at]
        for what, clauses, other in (
            ("no-symbol", "L-2", b"\xff" * 4),
            ("no-symbol-and-more", "L-2", b"\xff" * 4 + payload),
            ("bytes-too-many", "L-5", payload + b"\x01\x02"),
            ("zeros-at-the-end", "L-5", payload + bytes(3)),
            ("of-a-single-zero", "L-5", b"\0"),
        ):
            yield fault(f"{name}-{what}", clauses, "malformed", name, with_payload(file, at, other))
    yield fault("z-and-y-swapped", "L-5", "malformed", "z", swapped(file))


def swapped(file: SedicFile) -> bytes:
    draft = Draft(file)
    draft.payloads[:2] = [file.y, file.z]
    return draft.build()


def models(file: SedicFile) -> Iterator[Vector]:
    """R-1: ids that are reserved or private."""
    for name, number in (("0-reserved", 0), ("224-private", 224), ("255-private", 255)):
        data = Draft(file).build(model=exp_golomb(number, 3))
        yield fault(f"model-{name}", "R-1 R-4", "unsupported", "header.model_id", data)


def av1() -> Iterator[Vector]:
    """A-1: what a reader sees before it asks a decoder of AV1."""
    still = make_av1(48, 48, 0, latent_scale=8)
    learned = make(48, 48, 0, latent_scale=8)
    for name, path, z, y in (
        ("z-of-a-learned-model", "z", learned.z, still.y),
        ("y-of-one-zero", "y", b"", b"\0"),
        ("zeros-at-the-end", "y", b"", still.y + bytes(2)),
        ("y-in-z", "z", still.y, b""),
    ):
        yield fault(f"av1-{name}", "A-1", "malformed", path, Draft(replace(still, z=z, y=y)).build())
