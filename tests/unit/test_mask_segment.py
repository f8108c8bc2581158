"""The mask segment, the grid of cells and the public face."""

from dataclasses import replace

import numpy as np
import pytest

from sedicfmt.coding import mask as masks
from sedicfmt.errors import EncodeError, LimitExceeded, Malformed, Unsupported
from sedicfmt.limits import MAX_MASK_SCALE
from sedicfmt.model import Mask, grid_shape
from sedicfmt.segments import mask as segment
from sedicfmt.segments.mask import ParsedMask
from sedicfmt.segments.mask_grid import downscale, upscale

WIDTH, HEIGHT = 100, 50
SCALES = (1, 2, 4, 8, 16, 32, 64, 128)
CODERS = ("run-length", "generic-region", "contexts", "contexts-relative")
GOLDEN_RUN_LENGTH, GOLDEN_GENERIC_REGION = "0c096f80", "2c8af5a1ea9c3f13ec"  # of square(8); never to change


def square(scale):
    cells = np.zeros(grid_shape(scale, WIDTH, HEIGHT), np.uint8)
    rows, columns = cells.shape
    cells[rows // 4 : rows // 4 + rows // 2, columns // 3 : columns // 3 + columns // 2] = 1
    return cells


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("coder", CODERS)
def test_round_trip(scale, coder):
    payload = segment.build(Mask(square(scale), scale, coder))
    assert payload[0] == CODERS.index(coder) << 5 | SCALES.index(scale) << 2
    parsed = segment.parse(payload, WIDTH, HEIGHT)
    assert (parsed.scale, parsed.coder) == (scale, coder)
    assert np.array_equal(parsed.as_mask().cells, square(scale))
    assert parsed.as_mask().cells.dtype == np.uint8
    assert segment.build(parsed.as_mask()) == payload


def test_golden():
    assert segment.build(Mask(square(8), 8, "run-length")).hex() == GOLDEN_RUN_LENGTH
    assert segment.build(Mask(square(8), 8, "generic-region")).hex() == GOLDEN_GENERIC_REGION


def test_auto_takes_the_smallest():
    for scale in (1, 8, 128):
        sizes = {coder: len(segment.build(Mask(square(scale), scale, coder))) for coder in CODERS}
        payload = segment.build(Mask(square(scale), scale))
        assert len(payload) == min(sizes.values())
        assert segment.parse(payload, WIDTH, HEIGHT).coder == min(CODERS, key=lambda coder: sizes[coder])


def two_neighbours():
    """The cells above and below a wavy line, at scale 1."""
    rows, columns = np.indices(grid_shape(1, WIDTH, HEIGHT))
    above = (rows < HEIGHT / 2 + 6 * np.sin(columns / 5)).astype(np.uint8)
    return Mask(above, 1), Mask(1 - above, 1, "contexts-relative")


def test_relative_only_to_masks_of_the_same_scale():
    above, below = two_neighbours()
    alone = segment.build(replace(below, coder="contexts"))
    relative, to_another_scale = (segment.build(below, [replace(above, scale=scale)]) for scale in (1, 2))
    assert len(relative) < len(alone)
    assert to_another_scale[1:] == alone[1:]
    before = ParsedMask(segment.as_cells(above.cells), 1, "contexts")
    assert segment.parse(relative, WIDTH, HEIGHT, [before]).as_mask() == below
    assert segment.parse(to_another_scale, WIDTH, HEIGHT, [before._replace(scale=2)]).as_mask() == below
    with pytest.raises(Malformed):
        segment.parse(relative, WIDTH, HEIGHT)


def test_auto_uses_the_masks_before():
    above, below = two_neighbours()
    alone, behind = (segment.build(replace(below, coder="auto"), earlier) for earlier in ([], [above]))
    assert len(behind) < len(alone)
    assert behind == segment.build(below, [above])


def test_earlier_masks_have_the_same_grid():
    with pytest.raises(EncodeError, match="earlier"):
        segment.build(Mask(square(8), 8), [Mask(np.zeros((3, 3), np.uint8), 8)])
    with pytest.raises(EncodeError, match="earlier"):
        masks.encode(square(8), "contexts-relative", np.zeros((3, 3), np.uint8))


def test_auto_leaves_out_a_coder_that_refuses():
    checkers = np.indices((1000, 1000)).sum(axis=0) & 1
    assert masks.encode(checkers)[0] >> 5 == 1
    tall = np.zeros((8192, 8192), bool)
    tall[5:, 7:] = True
    assert masks.encode(tall)[0] >> 5 == 0


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        ("", Malformed),
        ("0d", Malformed),  # reserved bit 0
        ("0e", Malformed),  # reserved bit 1
        ("8c", Unsupported),  # coder 4
        ("ec", Unsupported),  # coder 7
        ("0c00", Malformed),
        ("2cffac", Malformed),
        ("4c00", Malformed),
        ("6c00", Malformed),
    ],
)
def test_refused(payload, error):
    with pytest.raises(error) as caught:
        segment.parse(bytes.fromhex(payload), WIDTH, HEIGHT)
    assert caught.value.offset is None or 0 <= caught.value.offset <= len(payload) // 2


def test_offset_counts_from_the_tag():
    with pytest.raises(Malformed) as caught:
        segment.parse(b"\x0c\x00", WIDTH, HEIGHT)
    assert caught.value.offset == 1


def test_too_many_bytes():
    with pytest.raises(LimitExceeded):
        segment.parse(b"\x0c" + b"\xff" * (1 << 20), WIDTH, HEIGHT)


@pytest.mark.parametrize("scale", [0, -8, 3, 12, 256, 2 * MAX_MASK_SCALE])
def test_scale_is_a_power_of_two(scale):
    with pytest.raises(EncodeError):
        segment.build(Mask(np.zeros((4, 4), np.uint8), scale))


@pytest.mark.parametrize(
    "array",
    [np.zeros(5), np.zeros((2, 0), bool), np.zeros((1, 2, 3), bool), np.full((2, 2), 2), np.full((2, 2), -1), [[0.5]],
     np.zeros((1, 8193), bool), "words", None],
)  # fmt: skip
def test_no_bitmap(array):
    with pytest.raises(EncodeError):
        masks.encode(array)


def test_wrong_coder_or_shape():
    with pytest.raises(EncodeError, match="run-length"):
        masks.encode(square(8), coder="mmr")
    with pytest.raises(EncodeError):
        masks.decode(b"", (4, 4), coder="mmr")
    with pytest.raises(EncodeError):
        masks.decode(b"", (4, 8193), coder="run-length")
    with pytest.raises(Malformed):
        masks.decode(b"\x04", (4, 4))


def test_public_face():
    cells = square(4).astype(bool)
    data = masks.encode(cells)
    assert np.array_equal(masks.decode(data, cells.shape), cells)
    assert masks.encode(cells, CODERS[data[0] >> 5]) == data[1:]


def test_downscale_is_the_majority_of_the_pixels_that_exist():
    pixels = np.zeros((10, 13), np.uint8)
    pixels[0:4, 0:8] = 1  # exactly half of cell (0, 0)
    pixels[8, 8:12] = 1  # 4 of the 10 pixels of cell (1, 1)
    assert downscale(pixels, 8).tolist() == [[1, 0], [0, 0]]
    pixels[9, 8] = 1
    assert downscale(pixels, 8).tolist() == [[1, 0], [0, 1]]


def test_downscale_never_loses_an_object():
    pixels = np.zeros((64, 64), np.uint8)
    pixels[20:22, 30] = 1
    pixels[40, 9] = 1
    assert np.argwhere(downscale(pixels, 8)).tolist() == [[2, 3]]
    assert not downscale(np.zeros((64, 64), np.uint8), 8).any()


@pytest.mark.parametrize("scale", SCALES)
def test_upscale_and_back(scale):
    pixels = upscale(square(scale), scale, WIDTH, HEIGHT)
    assert pixels.shape == (HEIGHT, WIDTH)
    assert np.array_equal(downscale(pixels, scale), square(scale))
    with pytest.raises(EncodeError):
        upscale(square(scale), scale, WIDTH + scale, HEIGHT)
