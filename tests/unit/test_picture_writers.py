"""What real programs write, made here byte for byte: planes, palettes, profiles and alpha that decoders take for others."""

from __future__ import annotations

import contextlib
import io
import struct
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sedicfmt.errors import EncodeError
from sedicfmt.pipeline.picture import open_picture, to_rgb
from tests.conftest import draw_photo

FOLDER = Path(__file__).parents[1] / "outside/pictures"
PHOTO = np.asarray(draw_photo(48, 32))
GREY = np.asarray(draw_photo(48, 32).convert("L"))


def seen(data: bytes) -> tuple[np.ndarray, list[str]]:
    warnings: list[str] = []
    return to_rgb(open_picture(data, "photo"), warnings.append), warnings


def encoded(image: Image.Image, kind: str = "PNG", **save: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **save)
    return file.getvalue()


def profile(name: str) -> bytes:
    return Image.open(FOLDER / name).info["icc_profile"]


def tiff(order: str, strips: list[bytes], tags: dict[int, tuple[int, ...]]) -> bytes:
    """Of 48x32 pixels; each tag's numbers in two bytes, offsets and sizes of strips in four."""
    starts = np.cumsum([8, *map(len, strips)])
    fields = {256: (48,), 257: (32,), 259: (1,), **tags, 273: tuple(starts[:-1]), 279: tuple(map(len, strips))}
    after = int(starts[-1]) + 2 + 12 * len(fields) + 4
    table, behind = b"", b""
    for tag, numbers in sorted(fields.items()):
        kind, letter = (4, "I") if tag in (273, 279) else (3, "H")
        value = struct.pack(f"{order}{len(numbers)}{letter}", *numbers)
        if len(value) > 4:
            value, behind = struct.pack(order + "I", after + len(behind)), behind + value
        table += struct.pack(order + "HHI", tag, kind, len(numbers)) + value.ljust(4, b"\0")
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, int(starts[-1]))
    return head + b"".join(strips) + struct.pack(order + "H", len(fields)) + table + bytes(4) + behind


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("bits", [8, 16])
def test_a_tiff_of_three_planes(order, bits):
    planes = PHOTO.transpose(2, 0, 1).astype(order + "u2") * 257 if bits == 16 else PHOTO.transpose(2, 0, 1)
    data = tiff(
        order, [plane.tobytes() for plane in planes], {258: (bits,) * 3, 262: (2,), 277: (3,), 278: (32,), 284: (2,)}
    )
    pixels, warnings = seen(data)
    assert np.array_equal(pixels, PHOTO) and not warnings


@pytest.mark.parametrize(("wide", "high"), [(1, 1), (2, 1), (2, 2)])
def test_a_tiff_of_ycbcr_without_compression(wide, high):
    ycc = np.asarray(Image.fromarray(PHOTO).convert("YCbCr"))
    luma = (
        ycc[..., 0]
        .reshape(32 // high, high, 48 // wide, wide)
        .transpose(0, 2, 1, 3)
        .reshape(32 // high, 48 // wide, -1)
    )
    units = np.concatenate([luma, ycc[::high, ::wide, 1:]], 2)
    tags = {258: (8, 8, 8), 262: (6,), 277: (3,), 278: (32,), 530: (wide, high)}
    pixels, warnings = seen(tiff("<", [units.tobytes()], tags))
    assert np.abs(pixels.astype(int) - PHOTO).mean() < (1.5 if wide == high == 1 else 12) and not warnings


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("step", [1, 257])
def test_a_palette_of_eight_or_sixteen_bits(order, step):
    tags = {258: (8,), 262: (3,), 277: (1,), 278: (32,), 320: tuple(step * level for level in range(256)) * 3}
    pixels, warnings = seen(tiff(order, [GREY.tobytes()], tags))
    assert np.array_equal(pixels[..., 0], GREY) and not warnings


@pytest.mark.parametrize(
    ("tags", "told"),
    [
        (
            {254: (1,), 330: (8,), 258: (8, 8, 8), 262: (2,), 277: (3,)},
            "camera's raw file",
        ),  # NEF, ARW: a preview is first
        ({50706: (1, 4), 258: (8, 8, 8), 262: (2,), 277: (3,)}, "camera's raw file"),  # DNG
        ({258: (32, 32, 32), 262: (2,), 277: (3,), 339: (3, 3, 3)}, "3 samples of 32 bits, floats"),
        ({258: (10,), 262: (1,), 277: (1,)}, "1 sample of 10 bits, integers"),
        ({258: (8,), 262: (1,), 277: (1,), 259: (50002,)}, "compression 50002"),
    ],
)
def test_a_tiff_that_is_not_read_is_told(tags, told):
    with pytest.raises(EncodeError, match=told):
        seen(tiff("<", [bytes(48 * 32 * 12)], {278: (32,), **tags}))


@pytest.mark.parametrize(
    ("start", "told"),
    [
        (b"\0\0\0\x18ftypcrx ", "raw file"),
        (b"\x76\x2f\x31\x01", "OpenEXR"),
        (b"\0\0\0\x18ftypmp42", "a video"),
        (b"P7\n", "PAM"),
    ],
)
def test_what_else_it_is(start, told):
    with pytest.raises(EncodeError, match=f"it is .*{told}"):
        seen(start + bytes(100))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
@pytest.mark.parametrize(
    ("grey", "name"), [(False, "gray_linear_icc.png"), (False, "cmyk_icc.jpg"), (True, "cmyk_icc.jpg")]
)
def test_a_profile_of_other_pixels_is_told_and_not_used(kind, grey, name):
    image = draw_photo(48, 32).convert("L" if grey else "RGB")
    plain, _ = seen(encoded(image, kind))
    pixels, warnings = seen(encoded(image, kind, icc_profile=profile(name)))
    assert np.array_equal(pixels, plain)
    assert len(warnings) == 1 and "profile cannot be used" in warnings[0]


@pytest.mark.parametrize(
    "numbers", [[(1, 2), (2, 2)], [(0, 2), (1, 2)], [(2, 2), (1, 2)], [(1, 0), (2, 0)], [(1, 255), (2, 255)]]
)
def test_a_profile_in_parts_that_are_counted_otherwise(numbers):
    p3 = profile("p3.jpg")
    pieces = dict(zip(sorted(number for number, _ in numbers), (p3[:200], p3[200:]), strict=True))
    parts = [
        b"\xff\xe2" + struct.pack(">H", 16 + len(pieces[i])) + b"ICC_PROFILE\0" + bytes([i, of]) + pieces[i]
        for i, of in numbers
    ]
    data = encoded(draw_photo(48, 32), "JPEG")
    pixels, warnings = seen(data[:2] + b"".join(parts) + data[2:])
    assert not warnings and np.array_equal(pixels, seen(encoded(draw_photo(48, 32), "JPEG", icc_profile=p3))[0])


@pytest.mark.parametrize(("kind", "opaque"), [("TGA", True), ("PNG", False), ("TIFF", False), ("WEBP", False)])
def test_a_fourth_byte_of_zeros_hides_nothing_and_alpha_does(kind, opaque):
    image = draw_photo(48, 32).convert("RGBA")
    image.putalpha(0)
    pixels, warnings = seen(encoded(image, kind, **({"lossless": True, "exact": True} if kind == "WEBP" else {})))
    assert np.array_equal(pixels, PHOTO if opaque else np.full_like(PHOTO, 255))
    assert "taken as opaque" in warnings[0] if opaque else "laid on white" in warnings[0]


@pytest.mark.parametrize(("alpha", "told"), [(252, False), (249, True)])
def test_what_a_lossy_coder_leaves_of_opaque_is_opaque(alpha, told):
    image = draw_photo(48, 32).convert("RGBA")
    image.putalpha(alpha)
    assert bool(seen(encoded(image))[1]) == told


def test_an_avif_is_turned_by_its_boxes_alone():
    exif = Image.Exif()
    exif[0x0112] = 6
    assert seen(encoded(draw_photo(48, 32), "AVIF", exif=exif))[0].shape == (48, 32, 3)
    xmp = b'<x:xmpmeta xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/>'
    assert seen(encoded(draw_photo(48, 32), "AVIF", xmp=xmp))[0].shape == (32, 48, 3)


@pytest.mark.parametrize(
    "unit", [b"\xff\xe1\0\5a", b"\xff\xfe\x10\0", b"\xff\xe1\0\2", b"\xff\xdb\0\2", b"\xff", b"\xff\xe1\xff\xff"]
)
def test_a_jpeg_of_segments_without_end_takes_no_time(unit):
    data = encoded(draw_photo(48, 32), "JPEG")
    started = time.process_time()
    for whole in (data[:2] + unit * (1_000_000 // len(unit)) + data[2:], data[:2] + unit * (1_000_000 // len(unit))):
        with contextlib.suppress(EncodeError):
            open_picture(whole, "photo")
    assert time.process_time() - started < 5  # it was minutes
