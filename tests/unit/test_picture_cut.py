"""A file that ends too early is a picture with an honest share, or our error; what it shows never decides."""

from __future__ import annotations

import io
import re
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from sedicfmt.errors import EncodeError, SedicError
from sedicfmt.pipeline.picture import open_picture, to_rgb
from sedicfmt.pipeline.picture_cut_png import doubled
from tests.conftest import draw_photo

PHOTO = draw_photo(64, 96)
NOISY = Image.fromarray(np.random.default_rng(1).integers(0, 256, (96, 64, 3), np.uint8))


def seen(data: bytes) -> tuple[np.ndarray, list[str]]:
    warnings: list[str] = []
    return to_rgb(open_picture(data, "photo"), warnings.append), warnings


def encoded(image: Image.Image, kind: str, **save: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **save)
    return file.getvalue()


def bmp_with_runs(image: Image.Image) -> bytes:
    """RLE8, which Pillow does not write."""
    grey = np.asarray(image.convert("L")) & 0xF0
    body = b"".join(b"".join(bytes([1, value]) for value in row) + b"\0\0" for row in grey[::-1]) + b"\0\1"
    head = struct.pack("<IiiHHIIiiII", 40, *image.size, 1, 8, 1, len(body), 0, 0, 256, 0)
    palette = b"".join(bytes([value, value, value, 0]) for value in range(255, -1, -1))
    return b"BM" + struct.pack("<IHHI", 1078 + len(body), 0, 0, 1078) + head + palette + body


def plain_ppm(image: Image.Image) -> bytes:
    values = b" ".join(b"%d" % value for value in np.asarray(image).ravel())
    return b"P3 %d %d 255\n%s\n" % (*image.size, values)


FILES = {
    "BMP": encoded(NOISY, "BMP"),
    "BMP with runs": bmp_with_runs(NOISY),
    "TGA": encoded(NOISY, "TGA"),
    "TGA with runs": encoded(NOISY, "TGA", compression="tga_rle"),
    "PPM": encoded(NOISY, "PPM"),
    "plain PPM": plain_ppm(NOISY),
    "QOI": encoded(NOISY, "QOI"),
    "GIF": encoded(NOISY.quantize(64), "GIF", interlace=0),
    "GIF interlaced": encoded(NOISY.quantize(64), "GIF"),
    "PNG": encoded(NOISY, "PNG"),
    "TIFF": encoded(NOISY, "TIFF"),
    "JPEG": encoded(NOISY, "JPEG", quality=90),
    "JPEG with restarts": encoded(NOISY, "JPEG", quality=90, restart_marker_rows=1),
    "WEBP": encoded(NOISY, "WEBP"),
    "JPEG2000": encoded(NOISY, "JPEG2000"),
    "JPEG2000 codestream": encoded(NOISY, "JPEG2000", no_jp2=True),
    "JPEG2000 in tiles": encoded(NOISY, "JPEG2000", tile_size=(32, 32)),
}


def share(warnings: list[str]) -> int:
    return int(re.search(r"about (\d+)% of the picture", " ".join(warnings))[1])  # type: ignore[index]


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("kept", [0.9, 0.7])
def test_the_share_is_that_of_the_bytes(kind, kept):
    """For noise, every row costs the same."""
    data = FILES[kind]
    pixels, warnings = seen(data[: int(len(data) * kept)])
    assert abs(share(warnings) - 100 * kept) <= (15 if kind[:4] in ("WEBP", "JPEG") else 8)  # rows of blocks
    whole, _ = seen(data)
    if kind != "JPEG2000 in tiles":
        alike = (np.abs(pixels.astype(int) - whole) <= 8).all(-1).mean()
        assert kind.startswith("JPEG2000") or alike >= kept - 0.18
    with pytest.raises(EncodeError, match="ends too early; about"):
        seen(data[: int(len(data) * 0.3)])


@pytest.mark.parametrize("kind", ["JPEG", "TIFF", "BMP", "PPM", "JPEG2000", "WEBP", "GIF", "TGA", "QOI", "PNG"])
def test_two_bytes_less_are_a_whole_picture(kind):
    pixels, warnings = seen(FILES[kind][:-2])
    assert not warnings or "light" in warnings[-1] or share(warnings) >= 80
    assert (np.abs(pixels.astype(int) - seen(FILES[kind])[0]) <= 1).all(-1).mean() >= 0.8


@pytest.mark.parametrize("lower", [0, 128, 255])
@pytest.mark.parametrize("kind", ["JPEG", "BMP", "PPM", "TIFF"])
def test_what_it_shows_never_decides(kind, lower):
    """A night with a lamp above, fog, snow."""
    values = np.asarray(PHOTO).copy()
    values[20:] = lower
    data = encoded(Image.fromarray(values), kind)
    pixels, warnings = seen(data[:-2])
    assert share(warnings) >= 98
    assert (pixels[1:20] == seen(data)[0][1:20]).all()


@pytest.mark.parametrize("subsampling", [0, 2])
def test_a_progressive_picture_counts_its_scans(subsampling):
    """Its share falls with its bytes, though the whole picture is seen."""
    data = encoded(NOISY, "JPEG", progressive=True, quality=80, subsampling=subsampling)
    shares = [share(seen(data[: int(len(data) * kept)])[1]) for kept in (0.99, 0.9, 0.8)]
    assert shares == sorted(shares, reverse=True) and shares[0] > 90 and shares[-1] < 90
    with pytest.raises(EncodeError, match=r"ends too early; about \d+%"):
        seen(data[: int(len(data) * 0.2)])


def test_a_compressed_tiff_counts_its_strips():
    """With its directory before them; the strips that are missing are blank."""
    rows = np.asarray(NOISY)
    strips = [Image.fromarray(rows[i : i + 16]) for i in range(0, 96, 16)]
    packed = [zlib.compress(strip.tobytes()) for strip in strips]
    fields = [(256, 3, 1, 64), (257, 3, 1, 96), (258, 3, 3, 200), (259, 3, 1, 8), (262, 3, 1, 2), (273, 4, 6, 208),
              (277, 3, 1, 3), (278, 3, 1, 16), (279, 4, 6, 232)]  # fmt: skip
    head = (
        b"II*\0"
        + struct.pack("<IH", 8, len(fields))
        + b"".join(struct.pack("<HHII", *field) for field in fields)
        + bytes(4)
    )
    offsets = np.cumsum([256, *map(len, packed[:-1])])
    data = head.ljust(200, b"\0") + struct.pack("<3H2x", 8, 8, 8) + struct.pack("<12I", *offsets, *map(len, packed))
    data += b"".join(packed)
    assert np.array_equal(seen(data)[0], rows)
    pixels, warnings = seen(data[: int(offsets[4]) + 10])
    assert share(warnings) == 67
    assert np.array_equal(pixels[:64], rows[:64]) and not pixels[64:].any()


def test_an_interlaced_png_is_filled_up():
    """The rows of the last pass as those above them."""
    image = NOISY.copy()
    found = np.asarray(doubled(image, 10))
    rows = np.asarray(NOISY)
    assert np.array_equal(found[:20], rows[:20]) and np.array_equal(found[20::2], rows[20::2])
    assert np.array_equal(found[21::2], rows[20::2])


@given(st.sampled_from(sorted(FILES)), st.floats(0, 1))
@settings(max_examples=80)
def test_a_file_cut_anywhere_is_a_picture_or_our_error(kind, kept):
    try:
        pixels, warnings = seen(FILES[kind][: int(len(FILES[kind]) * kept)])
    except SedicError:
        return
    assert pixels.shape == (96, 64, 3)
    assert not any("%" in line for line in warnings) or 50 <= share(warnings) <= 100
