"""The run-length coder: vectors that never change, and what it refuses."""

import time

import numpy as np
import pytest

from sedicfmt.bitcoding import run_length
from sedicfmt.bitcoding.bit_io import bits_of, bytes_of, exp_golomb
from sedicfmt.bitcoding.bitmap import cells_of
from sedicfmt.errors import LimitExceeded, Malformed

VECTORS = [  # (rows of the bitmap, payload); written by hand from the clauses for the first four
    (".", ""),
    ("#", "20"),
    ("#.#", "1880"),
    ("##..#", "0cc0"),
    ("....#.. ...###. ..####. ..##### ..###.# .......", "cfa7d348"),
]


def bitmap(text):
    return cells_of(np.array([[cell == "#" for cell in row] for row in text.split()], np.uint8))


def ellipse():
    y, x = np.mgrid[0:64, 0:96]
    return cells_of((((x - 50) / 30) ** 2 + ((y - 30) / 22) ** 2 <= 1).astype(np.uint8))


@pytest.mark.parametrize(("text", "payload"), VECTORS)
def test_vectors(text, payload):
    assert run_length.encode(bitmap(text)).hex() == payload
    assert run_length.decode(bytes.fromhex(payload), bitmap(text).shape) == bitmap(text)


def test_an_object_at_the_default_grid():
    payload = "0667011086d34d6d149b5b4d6d6d7fb49ffa7a7a69e9a642e990a990a638c1a0"
    assert run_length.encode(ellipse()).hex() == payload
    assert run_length.decode(bytes.fromhex(payload), (64, 96)) == ellipse()


def test_an_object_at_the_default_grid_decodes_in_five_milliseconds():
    payload = run_length.encode(ellipse())
    times = []
    for _ in range(9):
        start = time.process_time()
        run_length.decode(payload, (64, 96))
        times.append(time.process_time() - start)
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
        run_length.encode(cells_of(noise))


def test_a_payload_with_too_many_runs_is_refused():
    stripes = [line * 8192 + column for line in range(8192) for column in range(100, 500, 10)]
    code = "00" + run_length._encode_changes(stripes[: run_length.MAX_CHANGES + 1], (8192, 8192), 0)
    with pytest.raises(LimitExceeded):
        run_length.decode(bytes_of(code), (8192, 8192))


def test_largest_bitmap():
    bitmap = np.zeros((8192, 8192), np.uint8)
    bitmap[1000:7000, 2000:3000] = 1
    payload = run_length.encode(cells_of(bitmap))
    assert len(payload) < 1700
    assert np.array_equal(run_length.decode(payload, bitmap.shape).array(), bitmap)


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


def straight_from_the_clauses(data, shape):
    """M-6 to M-12 word by word, slowly: a second decoder to hold the first against."""
    bits = "".join(f"{byte:08b}" for byte in data) + "0" * 64
    columns, whole = int(bits[0]), int(bits[1])
    h, w = shape[::-1] if columns else shape
    place = 2 + len(f"{h * w:b}")
    c, lean = [int(bits[2:place], 2) - 1], [0]
    while c[0] >= 0 and "1" in bits[place:]:
        i, p = len(c), c[-1]
        q = next((q for q in range(i % 2, i, 2) if c[q] + w > p), None)
        k = 3 if q is None else 0
        zeros = bits[place:].index("1")
        place += 2 * zeros + k + 1
        v = int(bits[place - zeros - k - 1 : place], 2) - 2**k
        if q is None:
            c.append(p + 1 + v)
        else:
            e = min(max(c[q] + w + lean[q], p + 1), h * w - 1)
            c.append(p + 1 + v if v > 2 * (e - p - 1) else e + (v + 1) // 2 * (1 if v % 2 else -1))
        shift = 0 if q is None else c[-1] - c[q] - w
        lean.append(0 if abs(shift) > 8 else shift if whole else int(shift / 2))
    changes = [change for change in c if change >= 0]
    cells = np.array([sum(change <= cell for change in changes) % 2 for cell in range(h * w)]).reshape(h, w)
    return cells.T if columns else cells


@pytest.mark.parametrize("seed", range(60))
def test_the_clauses_give_the_same(seed):
    rng = np.random.default_rng(seed)
    cells = np.zeros((int(rng.integers(1, 30)), int(rng.integers(1, 30))), np.uint8)
    for _ in range(seed % 5):
        y, x = np.indices(cells.shape)
        cells |= ((y - rng.integers(30)) ** 2 + (x - rng.integers(30)) ** 2 * rng.random() < rng.integers(90)).astype(
            np.uint8
        )
    cells ^= (rng.random(cells.shape) < (seed % 7) / 30).astype(np.uint8)
    payload = run_length.encode(cells_of(cells))
    assert np.array_equal(straight_from_the_clauses(payload, cells.shape), cells)
    assert np.array_equal(run_length.decode(payload, cells.shape).array(), cells)
