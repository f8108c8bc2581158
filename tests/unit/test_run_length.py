"""The run-length coder: vectors that never change, and what it refuses."""

import time

import numpy as np
import pytest

from sedicfmt.bitcoding import run_length
from sedicfmt.bitcoding.bit_io import bits_of, bytes_of, exp_golomb
from sedicfmt.errors import LimitExceeded, Malformed

VECTORS = [  # (rows of the bitmap, payload); written by hand from the clauses for the first four
    (".", ""),
    ("#", "20"),
    ("#.#", "1880"),
    ("##..#", "0cc0"),
    ("....#.. ...###. ..####. ..##### ..###.# .......", "cfa7d348"),
]


def bitmap(text):
    return np.array([[cell == "#" for cell in row] for row in text.split()], np.uint8)


def ellipse():
    y, x = np.mgrid[0:64, 0:96]
    return (((x - 50) / 30) ** 2 + ((y - 30) / 22) ** 2 <= 1).astype(np.uint8)


@pytest.mark.parametrize(("text", "payload"), VECTORS)
def test_vectors(text, payload):
    assert run_length.encode(bitmap(text)).hex() == payload
    assert np.array_equal(run_length.decode(bytes.fromhex(payload), bitmap(text).shape), bitmap(text))


def test_an_object_at_the_default_grid():
    payload = "0667011086d34d6d149b5b4d6d6d7fb49ffa7a7a69e9a642e990a990a638c1a0"
    assert run_length.encode(ellipse()).hex() == payload
    assert np.array_equal(run_length.decode(bytes.fromhex(payload), (64, 96)), ellipse())


def test_an_object_at_the_default_grid_decodes_in_five_milliseconds():
    payload = run_length.encode(ellipse())
    times = []
    for _ in range(5):
        start = time.perf_counter()
        run_length.decode(payload, (64, 96))
        times.append(time.perf_counter() - start)
    assert min(times) < 0.005


@pytest.mark.parametrize(
    ("payload", "shape", "why"),
    [
        ("188000", (1, 3), "a zero byte at the end"),
        ("1881", (1, 3), "a change behind the last cell"),
        ("5880", (1, 3), "the whole shift where the half gives no more bytes"),
        ("9880", (1, 3), "columns where rows give fewer bytes"),
        ("38", (1, 2), "the first change outside"),
        ("00000001", (1, 3), "a number longer than any bitmap"),
        ("40", (1, 3), "a choice for an empty bitmap"),
    ],
)
def test_refused(payload, shape, why):
    with pytest.raises(Malformed):
        run_length.decode(bytes.fromhex(payload), shape)


def test_noise_over_the_limit_is_refused_before_it_is_coded():
    noise = np.indices((1024, 1024)).sum(axis=0).astype(np.uint8) & 1
    with pytest.raises(LimitExceeded):
        run_length.encode(noise)


def test_a_payload_with_too_many_runs_is_refused():
    stripes = [line * 8192 + column for line in range(8192) for column in range(100, 500, 10)]
    code = "00" + run_length._encode_changes(stripes[: run_length.MAX_CHANGES + 1], (8192, 8192), 0)
    with pytest.raises(LimitExceeded):
        run_length.decode(bytes_of(code), (8192, 8192))


def test_largest_bitmap():
    cells = np.zeros((8192, 8192), np.uint8)
    cells[1000:7000, 2000:3000] = 1
    payload = run_length.encode(cells)
    assert len(payload) < 1700
    assert np.array_equal(run_length.decode(payload, cells.shape), cells)


@pytest.mark.parametrize(
    ("value", "order", "code"),
    [(0, 0, "1"), (1, 0, "010"), (2, 0, "011"), (3, 0, "00100"), (0, 3, "1000"), (8, 3, "010000")],
)
def test_exp_golomb(value, order, code):
    assert exp_golomb(value, order) == code


def test_bits_and_bytes():
    assert bytes_of("") == bytes_of("0000000000") == b""
    assert bytes_of("101") == b"\xa0"
    assert bits_of(b"\x00\xa0") == "0000000010100000"
