"""The generic region coder: vectors that never change, its contexts, and what it refuses."""

import time
from itertools import product

import numpy as np
import pytest

from sedicfmt.bitcoding import generic_region
from sedicfmt.bitcoding.bitmap import Cells, cells_of
from sedicfmt.bitcoding.jbig2_file import wrap
from sedicfmt.coding import mask as masks
from sedicfmt.errors import LimitExceeded, Malformed

Y, X = np.mgrid[0:64, 0:96]
ELLIPSE = ((X - 50) / 30) ** 2 + ((Y - 30) / 22) ** 2 <= 1
VECTORS = [
    (np.zeros((64, 96)), "ab"),
    (np.ones((64, 96)), "ff78ea4ebb10c7"),
    (X + Y > 100, "aa79943808a1a786"),
    (
        ELLIPSE,
        "aacd62b7e837118b83bac6f7c11282a16d84dff9e3245c65e7925b742a1c2ef7"
        "c1eac543a937401cbc1a52021a1a3a9481368ea3029f80108db4f8dbf2b4e2cb85",
    ),
    (np.zeros((1, 1)), "00"),
    (np.ones((1, 1)), ""),
    (np.array([[1, 0, 1]]), "ac"),
    (np.array([[1, 1, 0, 0, 1]]).T, "e5"),
    # a carry in the byte behind FF, which must not be dropped
    (np.array([list(map(int, "010101000000011010"))]), "1bff85"),
]


@pytest.mark.parametrize(("bitmap", "payload"), VECTORS)
def test_vectors(bitmap, payload):
    cells = cells_of(bitmap.astype(np.uint8))
    assert generic_region.encode(cells).hex() == payload
    assert generic_region.decode(bytes.fromhex(payload), cells.shape) == cells


@pytest.mark.parametrize("rows", [["0111110"], ["0111", "1111"]])
def test_a_bitmap_whose_data_would_be_another_ones_is_refused(rows):
    """C written to its last bit, and 1 bits behind it, is over the interval: it was read with another last cell."""
    cells = np.array([list(map(int, row)) for row in rows], np.uint8)
    with pytest.raises(LimitExceeded):
        generic_region.encode(cells_of(cells))
    other = generic_region.decode(b"\0", cells.shape).array()
    assert np.argwhere(other != cells).tolist() == [[len(rows) - 1, len(rows[0]) - 1]]
    assert np.array_equal(masks.decode(masks.encode(cells), cells.shape), cells)


@pytest.mark.parametrize("shape", [(1, 7), (2, 4), (3, 3), (7, 1)])
def test_every_small_bitmap_has_data_of_its_own_or_none(shape):
    """All of them, each read back."""
    refused, found = 0, set()
    for values in product((0, 1), repeat=shape[0] * shape[1]):
        cells = Cells(bytes(values), shape)
        try:
            data = generic_region.encode(cells)
        except LimitExceeded:
            refused += 1
            continue
        assert generic_region.decode(data, shape) == cells
        found.add(data)
    assert refused <= 2
    assert len(found) == 2 ** (shape[0] * shape[1]) - refused


def test_contexts_are_those_of_figure_3():
    rng = np.random.default_rng(3)
    bitmap = rng.integers(0, 2, (9, 11), dtype=np.uint8)
    cell = {(x, y): int(value) for (y, x), value in np.ndenumerate(bitmap)}
    places = [(x, -2) for x in range(-2, 3)] + [(x, -1) for x in range(-3, 4)] + [(x, 0) for x in range(-4, 0)]
    for (y, x), context in np.ndenumerate(generic_region._contexts(bitmap)):
        bits = "".join(str(cell.get((x + dx, y + dy), 0)) for dx, dy in places)
        assert int(context) == int(bits, 2)


def test_an_object_at_the_default_grid_decodes_in_sixty_milliseconds():
    payload = generic_region.encode(cells_of(ELLIPSE.astype(np.uint8)))
    times = []
    for _ in range(3):
        start = time.process_time()
        generic_region.decode(payload, ELLIPSE.shape)
        times.append(time.process_time() - start)
    assert min(times) < 0.06


@pytest.mark.parametrize("tail", ["ff", "ffac", "ff7f", "ffff", "80", "7f", "ff7f80"])
@pytest.mark.parametrize(("bitmap", "payload"), VECTORS)
def test_a_longer_payload_of_the_same_bitmap_is_refused(bitmap, payload, tail):
    longer = bytes.fromhex(payload + tail)
    try:
        other = generic_region.decode(longer, bitmap.shape)
    except Malformed:
        return
    assert not np.array_equal(other.array(), bitmap)
    assert tail not in ("ff", "ffac", "ff7f", "ffff")  # nothing but 1 bits


@pytest.mark.parametrize("payload", ["ff", "ffac", "ff90", "abff", "aaff7f"])
def test_refused(payload):
    with pytest.raises(Malformed):
        generic_region.decode(bytes.fromhex(payload), (64, 96))


def test_too_many_cells():
    with pytest.raises(LimitExceeded):
        generic_region.decode(b"", (8192, 8192))
    with pytest.raises(LimitExceeded):
        generic_region.encode(cells_of(np.zeros((1024, 1025), np.uint8)))


def test_jbig2_file():
    assert wrap(b"\xab", (64, 96)).hex() == (
        "974a4232" "0d0a1a0a" "01" "00000001"
        "00000000" "30" "00" "01" "00000013" "00000060" "00000040" "00000000" "00000000" "01" "0000"
        "00000001" "26" "00" "01" "0000001d" "00000060" "00000040" "00000000" "00000000" "00"
        "00" "03fffdff02fefefe" "ab" "ffac"
        "00000002" "31" "00" "01" "00000000"
        "00000003" "33" "00" "00" "00000000"
    )  # fmt: skip
