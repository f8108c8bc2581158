"""What files say of their colours, in every place that a format has for it: converted, or told."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sedicfmt.pipeline.picture import open_picture, to_rgb

RED = Image.new("RGB", (32, 32), (200, 40, 40))
AS_P3, AS_LIGHT, AS_ADOBE, AS_IT_IS = (218, 0, 26), (229, 110, 110), (233, 35, 35), (200, 40, 40)
P3 = Image.open(Path(__file__).parents[1] / "outside/pictures/p3.jpg").info["icc_profile"]


def seen(data: bytes) -> tuple[np.ndarray, list[str]]:
    warnings: list[str] = []
    return to_rgb(open_picture(data, "photo"), warnings.append), warnings


def encoded(kind: str, image: Image.Image = RED, **save: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **save)
    return file.getvalue()


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", 8 + len(body)) + kind + body


def avif(primaries: int, transfer: int) -> bytes:
    data = bytearray(encoded("AVIF", quality=100, subsampling="4:4:4"))
    struct.pack_into(">HH", data, data.index(b"nclx") + 4, primaries, transfer)
    return bytes(data)


def jp2(colr: bytes) -> bytes:
    data = encoded("JPEG2000")
    at, header = data.index(b"colr") - 4, data.index(b"jp2h") - 4
    old, whole = (int.from_bytes(data[i : i + 4]) for i in (at, header))
    return (
        data[:header]
        + struct.pack(">I", whole - old + 8 + len(colr))
        + data[header + 4 : at]
        + box(b"colr", colr)
        + data[at + old :]
    )


def bmp(space: bytes, figures: bytes = bytes(48), profile: bytes = b"") -> bytes:
    raw = encoded("BMP")[54:]
    head = struct.pack("<IiiHHIIiiII", 124, 32, 32, 1, 24, 0, len(raw), 2835, 2835, 0, 0) + bytes(16) + space + figures
    head += struct.pack("<IIII", 4, 124 + len(raw), len(profile), 0)
    return b"BM" + struct.pack("<IHHI", 14 + len(head) + len(raw) + len(profile), 0, 0, 138) + head + raw + profile


def xyz(primaries: tuple[float, ...], white: tuple[float, float], gamma: float) -> bytes:
    columns = np.array([[x / y, 1, (1 - x - y) / y] for x, y in zip(primaries[::2], primaries[1::2], strict=True)]).T
    amounts = np.linalg.solve(columns, [white[0] / white[1], 1, (1 - sum(white)) / white[1]])
    return np.rint((columns * amounts).T * 2**30).astype("<i4").tobytes() + struct.pack(
        "<3I", *[round(gamma * 65536)] * 3
    )


P3_PRIMARIES, D65 = (0.68, 0.32, 0.265, 0.69, 0.15, 0.06), (0.3127, 0.329)


def camera(space: int, index: str = "") -> bytes:
    exif = Image.Exif()
    exif[0x8769] = {0xA001: space} | ({0xA005: {1: index}} if index else {})
    return encoded("JPEG", quality=100, subsampling=0, exif=exif)


def qoi() -> bytes:
    data = bytearray(encoded("QOI"))
    data[13] = 1
    return bytes(data)


def tga(over: int, under: int) -> bytes:
    data = encoded("TGA").split(b"\0\0\0\0\0\0\0\0TRUEVISION")[0]
    area = bytearray(495)
    struct.pack_into("<H", area, 0, 495)
    struct.pack_into("<HH", area, 478, over, under)
    return data + bytes(area) + struct.pack("<II", len(data), 0) + b"TRUEVISION-XFILE.\0"


def gif() -> bytes:
    data = encoded("GIF", RED.quantize(2))
    at = data.index(b"\x2c", 13 + 3 * 2)
    blocks = b"".join(bytes([len(P3[i : i + 255])]) + P3[i : i + 255] for i in range(0, len(P3), 255))
    return data[:at] + b"\x21\xff\x0bICCRGBG1012" + blocks + b"\0" + data[at:]


def tiff(**tags: tuple[int, tuple[float, ...]]) -> bytes:
    from PIL import TiffImagePlugin

    info = TiffImagePlugin.ImageFileDirectory_v2()
    for tag, (kind, values) in tags.items():
        info.tagtype[int(tag[1:])] = kind
        info[int(tag[1:])] = values
    return encoded("TIFF", tiffinfo=info)


@pytest.mark.parametrize(
    ("data", "expected", "told"),
    [
        (avif(12, 13), AS_P3, ""), (avif(1, 8), AS_LIGHT, ""), (avif(2, 2), AS_IT_IS, ""), (avif(1, 13), AS_IT_IS, ""),
        (avif(9, 16), AS_IT_IS, "colr box says 9-16"), (avif(9, 18), AS_IT_IS, "colr box says 9-18"),
        (encoded("AVIF", quality=100, subsampling="4:4:4", icc_profile=P3), AS_P3, ""),
        (encoded("WEBP", lossless=True, icc_profile=P3), AS_P3, ""), (encoded("TIFF", icc_profile=P3), AS_P3, ""),
        (encoded("JPEG", quality=100, subsampling=0, icc_profile=P3), AS_P3, ""), (encoded("PNG", icc_profile=P3), AS_P3, ""),
        (jp2(b"\2\0\0" + P3), AS_P3, ""), (jp2(b"\1\0\0\0\0\0\x10"), AS_IT_IS, ""),
        (jp2(b"\1\0\0\0\0\0\x15"), AS_IT_IS, "colr box says 1, 21"), (jp2(b"\2\0\0junk"), AS_IT_IS, "profile cannot be used"),
        (bmp(b"DEBM", profile=P3), AS_P3, ""), (bmp(b"KNIL"), AS_IT_IS, "another file"), (bmp(b"BGRs"), AS_IT_IS, ""),
        (bmp(b"\0\0\0\0"), AS_IT_IS, ""), (bmp(b"\0\0\0\0", xyz(P3_PRIMARIES, D65, 2.2)), (220, 0, 17), ""),
        (bmp(b"\0\0\0\0", struct.pack("<9i", *[1 << 28] * 9) + bytes(12)), AS_IT_IS, "no light has"),
        (bmp(b"\0\0\0\0", bytes(36) + struct.pack("<3I", 1, 1, 1)), AS_IT_IS, "exponent"),
        (camera(65535, "R03"), AS_ADOBE, ""), (camera(2), AS_ADOBE, ""), (camera(1), AS_IT_IS, ""),
        (camera(65535, "R98"), AS_IT_IS, "not sRGB's"),
        (qoi(), AS_IT_IS, "as many programs write of sRGB"), (tga(1, 1), AS_IT_IS, ""), (tga(22, 10), (202, 35, 35), ""),
        (tga(900, 1), AS_IT_IS, "exponent of 900"), (gif(), AS_P3, ""),
        (tiff(_318=(5, D65), _319=(5, P3_PRIMARIES)), AS_P3, ""),
        (tiff(_318=(5, D65), _319=(5, (0.3, 0.3) * 3)), AS_IT_IS, "no light has"),
        (tiff(_301=(3, tuple(range(256)))), AS_IT_IS, "of its own"),
    ],
)  # fmt: skip
def test_colours_of_every_format(data, expected, told):
    pixels, warnings = seen(data)
    assert np.abs(pixels[8, 8].astype(int) - expected).max() <= 4
    assert (told in warnings[0] and len(warnings) == 1) if told else not warnings


def test_colours_of_a_heic():
    pytest.importorskip("pillow_heif").register_heif_opener()
    data = bytearray(encoded("HEIF", quality=-1))
    struct.pack_into(">HH", data, data.index(b"nclx") + 4, 12, 13)
    pixels, warnings = seen(bytes(data))
    assert np.abs(pixels[8, 8].astype(int) - AS_P3).max() <= 4 and not warnings


def test_a_profile_with_a_missing_part_is_told():
    profile = P3 + bytes(70000)
    data = encoded("JPEG", icc_profile=profile)
    at = data.index(b"ICC_PROFILE\0\2")
    _, warnings = seen(data[: at + 12] + b"\7" + data[at + 13 :])
    assert "colour profile is incomplete" in warnings[0]


@pytest.mark.parametrize("gamma", [100000, 45455])
def test_deep_grey_goes_through_its_curve_before_it_is_eight_bits(gamma):
    values = np.repeat(np.linspace(0, 3000, 32)[None], 32, 0).astype(np.uint16)
    data = encoded("PNG", Image.fromarray(values))
    body = struct.pack(">I", gamma)
    chunk = struct.pack(">I", 4) + b"gAMA" + body + struct.pack(">I", zlib.crc32(b"gAMA" + body))
    light = (values[0] / 65535) ** (100000 / gamma)
    expected = 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    pixels, _ = seen(data[:33] + chunk + data[33:])
    assert np.abs(pixels[0, :, 0] - expected).max() <= 0.6


def grey_tiff(values: np.ndarray, bits: int, form: int, photometric: int = 1, largest: int = 0) -> bytes:
    entries = {
        256: 32,
        257: 32,
        258: bits,
        259: 1,
        262: photometric,
        273: 8,
        277: 1,
        278: 32,
        279: values.nbytes,
        339: form,
    }
    entries |= {281: largest} if largest else {}
    fields = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(entries.items()))
    return (
        b"II*\0"
        + struct.pack("<I", 8 + values.nbytes)
        + values.tobytes()
        + struct.pack("<H", len(entries))
        + fields
        + bytes(4)
    )


@pytest.mark.parametrize(
    ("values", "bits", "form", "photometric", "largest", "expected", "told"),
    [
        (np.full((32, 32), -64, np.int8), 8, 2, 1, 0, 0, "127 was assumed"),
        (np.full((32, 32), 64, np.int8), 8, 2, 1, 0, 129, "127 was assumed"),
        (np.full((32, 32), 2000, "<u2"), 16, 1, 1, 4095, 125, ""),
        (np.full((32, 32), 2000, "<u2"), 16, 1, 1, 2000, 8, ""),  # the largest that happens to be there
        (np.full((32, 32), 2000, "<u2"), 16, 1, 0, 4095, 130, ""),
    ],
)
def test_ranges_that_a_tiff_declares(values, bits, form, photometric, largest, expected, told):
    pixels, warnings = seen(grey_tiff(values, bits, form, photometric, largest))
    assert int(np.median(pixels)) == expected
    assert (told in warnings[0]) if told else not warnings
