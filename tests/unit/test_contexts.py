"""The contexts coder: golden data, another decoder written from the clauses, refusals, limits, the frozen tree."""

import hashlib
import json
from itertools import product
from pathlib import Path

import numpy as np
import pytest

import sedic_tables
from sedicfmt.bitcoding import context_tree, contexts
from sedicfmt.bitcoding.bitmap import cells_of
from sedicfmt.bitcoding.range_coder import TOTAL, RangeDecoder, RangeEncoder
from sedicfmt.errors import LimitExceeded, Malformed

TABLES = Path(next(iter(sedic_tables.__path__)))
SHA256 = "a046f41bb448630e873ba4aad0e66c836d8a8ecc2c80d2be8b072ffeea217658"  # of the frozen tree

VECTORS = [  # (rows of the bitmap, data, data behind `BEFORE` cut to the shape); never to change
    (".", "", ""),
    ("#", "fe", "fe"),
    ("#.#", "fd1a59", "fd1a59"),
    ("##..#", "fd33", "fd33"),
    ("....#.. ...###. ..####. ..##### ..###.# .......", "c08a8d4a70", "c0914ffa9f"),
]


def bitmap(text):
    return cells_of(np.array([[cell == "#" for cell in row] for row in text.split()], np.uint8))


def before(shape):
    """Earlier masks: all cells left of a slanting line."""
    rows, columns = np.indices(shape)
    return cells_of((2 * columns < rows + shape[1] // 2).astype(np.uint8))


def ellipse():
    y, x = np.mgrid[0:64, 0:96]
    return (((x - 50) / 30) ** 2 + ((y - 30) / 22) ** 2 <= 1).astype(np.uint8)


@pytest.mark.parametrize(("text", "data", "relative"), VECTORS)
def test_vectors(text, data, relative):
    cells = bitmap(text)
    earlier = before(cells.shape)
    assert (contexts.encode(cells).hex(), contexts.encode(cells, earlier).hex()) == (data, relative)
    assert contexts.decode(bytes.fromhex(data), cells.shape) == cells
    assert contexts.decode(bytes.fromhex(relative), cells.shape, earlier) == cells


def test_an_object_at_the_default_grid():
    data = "d0ce84b7c6de9744d28d1557c9b46fc62b72ebc29c7ab8"  # 32 bytes by run-lengths
    assert contexts.encode(cells_of(ellipse())).hex() == data
    assert np.array_equal(contexts.decode(bytes.fromhex(data), (64, 96)).array(), ellipse())


def test_nothing_left_to_tell_costs_nothing():
    assert contexts.encode(cells_of(np.zeros((64, 96), np.uint8))) == b""
    corner = np.zeros((64, 96), np.uint8)
    corner[0, 0] = 1
    tall = np.pad(corner, ((0, 400), (0, 0)))
    assert len(contexts.encode(cells_of(tall))) <= len(contexts.encode(cells_of(corner))) + 1


def unfolded_by_the_clauses(cells, earlier):
    """M-19 to M-24 word for word, without borders and tables of offsets: fills `cells` with the bits that come."""
    lines = (TABLES / "mask_contexts.txt").read_text("ascii").splitlines()
    nodes = iter(line.split(" ") for line in lines if not line.startswith("#"))

    def subtree():
        kind, *numbers = next(nodes)
        values = [int(number) for number in numbers]
        return values[0] if kind == "p" else (kind, *values, subtree(), subtree())

    root, (h, w) = subtree(), cells.shape
    for y, x in product(range(h), range(w)):
        node = root
        while isinstance(node, tuple):
            kind, r, c, no, yes = node
            inside = 0 <= y + r < h and 0 <= x + c < w
            answer = {
                "c": lambda inside=inside, r=r, c=c: inside and cells[y + r, x + c],
                "e": lambda inside=inside, r=r, c=c: inside and earlier[y + r, x + c],
                "o": lambda inside=inside: not inside,
                "b": lambda: cells.any(),
            }[kind]()
            node = yes if answer else no
        cells[y, x] = yield node


def test_another_decoder_reads_the_same():
    cells = ellipse()[4:44, 10:60] | np.eye(40, 50, dtype=np.uint8)
    for earlier in (cells_of(np.zeros(cells.shape, np.uint8)), before(cells.shape)):
        data, read = contexts.encode(cells_of(cells), earlier), np.zeros(cells.shape, np.uint8)
        RangeDecoder(data).decode_bits(unfolded_by_the_clauses(read, earlier.array()))
        assert np.array_equal(read, cells)


@pytest.mark.parametrize("change", ["byte more", "zero at the end", "cut", "other bits"])
def test_refused(change):
    data = contexts.encode(cells_of(ellipse()))
    changed = {
        "byte more": data + b"\1",
        "zero at the end": data + b"\0",
        "cut": data[:-1],
        "other bits": data[:-1] + bytes([data[-1] ^ 0xFF]),
    }[change]
    try:
        cells = contexts.decode(changed, (64, 96))
    except Malformed:
        return
    assert change in ("cut", "other bits")  # may be another bitmap's data
    assert contexts.encode(cells) == changed


def test_data_alone_is_not_data_behind_others():
    earlier = cells_of(np.roll(ellipse(), 40, axis=1))
    with pytest.raises(Malformed):
        contexts.decode(contexts.encode(cells_of(ellipse()), earlier), (64, 96))


def test_limits():
    for shape in ((1024, 1025), (8192, 8192)):
        with pytest.raises(LimitExceeded):
            contexts.decode(b"", shape)
        with pytest.raises(LimitExceeded):
            contexts.encode(cells_of(np.zeros(shape, np.uint8)))


@pytest.mark.parametrize("ones", [1, 2, 777, TOTAL // 2, TOTAL // 2 + 1, TOTAL - 777, TOTAL - 1])
def test_bits_cost_what_their_odds_say(ones):
    random = np.random.default_rng(ones)
    bits = (random.random(20_000) * TOTAL < ones).astype(int).tolist()
    encoder = RangeEncoder()
    encoder.encode_bits(bits, [ones] * len(bits))
    data = encoder.finish()
    ideal = -sum(np.log2((ones if bit else TOTAL - ones) / TOTAL) for bit in bits) / 8
    assert len(data) < ideal * 1.003 + 2
    read = []

    def likely():
        while len(read) < len(bits):
            read.append((yield ones))

    RangeDecoder(data).decode_bits(likely())
    assert read == bits


def test_the_tree_is_frozen():
    table = (TABLES / "mask_contexts.txt").read_bytes()
    assert hashlib.sha256(table).hexdigest() == SHA256
    record = json.loads((TABLES / "mask_contexts.json").read_text())
    assert record["table"]["sha256"] == SHA256
    assert record["table"]["leaves"] == sum(test is None for test in context_tree.load().tests)
    assert len(table) <= 1 << 16


@pytest.mark.parametrize(
    "lines",
    [[], ["c 0 -1", "p 5"], ["p 5", "p 6"], ["p 0"], ["p 65536"], ["c 0 0", "p 1", "p 2"], ["c 0 -11", "p 1", "p 2"],
     ["x 0 -1", "p 1", "p 2"], ["c 0 -1", "p 1", "p 2", "p 3"]],
)  # fmt: skip
def test_what_is_no_tree(lines):
    with pytest.raises(ValueError):
        context_tree.parse(lines)


def test_a_small_tree():
    tree = context_tree.parse(["# one", "c 0 -1", "o 0 1", "p 1", "p 2", "p 3", ""])
    assert tree.tests == (("c", 0, -1), ("o", 0, 1), None, None, None)
    assert (tree.yes, tree.ones) == ((4, 3, 0, 0, 0), (0, 0, 1, 2, 3))
