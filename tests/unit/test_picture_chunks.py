"""What stands beside a PNG's pixels refuses no picture and changes none, whatever happens to it."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from sedicfmt.errors import EncodeError
from sedicfmt.pipeline.picture import open_picture, to_rgb
from tests.conftest import draw_photo

PHOTO = draw_photo(32, 24)
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def seen(data: bytes) -> tuple[np.ndarray, list[str]]:
    warnings: list[str] = []
    return to_rgb(open_picture(data, "photo"), warnings.append), warnings


def chunk(kind: bytes, body: bytes, crc: int | None = None) -> bytes:
    return (
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body) if crc is None else crc)
    )


def parts(image: Image.Image = PHOTO, **save: object) -> tuple[bytes, bytes, bytes]:
    """(signature and header, pixels, end) of a PNG without anything else."""
    file = io.BytesIO()
    image.save(file, "PNG", **save)
    data = file.getvalue()
    return data[:33], data[33:-12], data[-12:]


BESIDE = {  # each says what is so without it
    b"tIME": struct.pack(">HBBBBB", 2026, 11, 28, 10, 0, 0),
    b"pHYs": struct.pack(">IIB", 2835, 2835, 1),
    b"gAMA": struct.pack(">I", 45455),
    b"cHRM": struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000),
    b"sRGB": b"\0",
    b"iCCP": b"sRGB\0\0" + zlib.compress(SRGB),
    b"cICP": bytes([1, 13, 0, 1]),
    b"eXIf": b"II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\1\0\0\0\0\0\0\0",
    b"bKGD": bytes(6),
    b"sBIT": b"\x08\x08\x08",
    b"tEXt": b"Comment\0a comment with IDAT in it",
    b"zTXt": b"Comment\0\0" + zlib.compress(b"longer" * 100),
    b"iTXt": b"XML:com.adobe.xmp\0\0\0\0\0<x:xmpmeta/>",
    b"acTL": struct.pack(">II", 1, 0),
    b"prVt": b"a program's own",
}


@given(
    st.permutations(list(BESIDE)),
    st.integers(0, len(BESIDE)),
    st.sampled_from(list(BESIDE)),
    st.sampled_from(["crc", "body", "short", "empty", "length", "twice", "kind"]),
    st.integers(0, 2**32 - 1),
)
@settings(max_examples=150)
def test_any_fault_of_any_chunk_leaves_the_pixels(order, behind, faulty, fault, number):
    """Their checksum, bytes, length, order and number; before the pixels or behind them."""
    made = [faulted(kind, fault, number) if kind == faulty else chunk(kind, BESIDE[kind]) for kind in order]
    start, pixels, end = parts()
    if fault == "body" and faulty in (b"gAMA", b"cHRM", b"cICP", b"eXIf"):
        return  # a sound chunk that says something else
    found, _ = seen(start + b"".join(made[:behind]) + pixels + b"".join(made[behind:]) + end)
    assert np.array_equal(found, np.asarray(PHOTO))


def faulted(kind: bytes, fault: str, number: int) -> bytes:
    body = BESIDE[kind]
    at = number % max(len(body), 1)
    changed = body[:at] + bytes([number % 256]) + body[at + 1 :]
    sound = chunk(kind, body)
    return {
        "crc": chunk(kind, body, number ^ 1 if number == zlib.crc32(kind + body) else number),
        "body": chunk(kind, changed),
        "short": chunk(kind, body[: at // 2]),
        "empty": chunk(kind, b""),
        "length": struct.pack(">I", number) + sound[4:],
        "twice": sound + sound,
        "kind": sound[:4] + bytes([65 + number % 26]) + sound[5:],
    }[fault]


@given(st.data())
@settings(max_examples=200)
def test_one_byte_between_header_and_pixels(data):
    """With the checksum left as it was: the chunk is passed over, or the next one found."""
    start, pixels, end = parts()
    beside = b"".join(chunk(kind, body) for kind, body in BESIDE.items())
    at = data.draw(st.integers(0, len(beside) - 1))
    value = data.draw(st.integers(0, 255))
    changed = beside[:at] + bytes([value]) + beside[at + 1 :]
    assert np.array_equal(seen(start + changed + pixels + end)[0], np.asarray(PHOTO))


@pytest.mark.parametrize("where", ["before", "behind"])
@pytest.mark.parametrize(
    ("kind", "body", "told"),
    [
        (b"pHYs", b"\0\1", ""), (b"tIME", b"", ""), (b"acTL", b"\0", ""), (b"fcTL", b"\0", ""),
        (b"hIST", b"1", ""), (b"sPLT", b"x", ""),
        (b"sRGB", b"", "sRGB is damaged"), (b"gAMA", b"\0\1", "gAMA is damaged"), (b"cHRM", bytes(31), "cHRM is damaged"),
        (b"iCCP", b"", "iCCP is damaged"), (b"iCCP", b"x\0\0garbage", "iCCP is damaged"),
        (b"iCCP", b"x\0\0" + zlib.compress(bytes(2 << 20)), "profile cannot be used"),
        (b"iCCP", b"x\0\0" + zlib.compress(SRGB + bytes(1_500_000)), ""),
        (b"eXIf", b"zzzz", "EXIF data cannot be read"), (b"tRNS", b"\0", "tRNS is damaged"),
        (b"cHRM", bytes(32), "primaries that no light has"),
        (b"cHRM", struct.pack(">8I", 31270, 32900, *[30000] * 6), "primaries that no light has"),
        (b"cHRM", struct.pack(">8I", 31270, 0, 64000, 33000, 30000, 60000, 15000, 6000), "primaries that no light has"),
        (b"cHRM", struct.pack(">8I", 80000, 10000, 64000, 33000, 30000, 60000, 15000, 6000), "primaries that no light has"),
        (b"gAMA", bytes(4), "exponent of inf"), (b"gAMA", struct.pack(">I", 1), "exponent of 1e+05"),
        (b"gAMA", struct.pack(">I", 2**32 - 1), "exponent of 2.33e-05"),
    ],
)  # fmt: skip
def test_sound_chunks_that_make_no_sense(kind, body, told, where):
    start, pixels, end = parts()
    made = chunk(kind, body)
    found, warnings = seen(start + made + pixels + end if where == "before" else start + pixels + made + end)
    assert np.array_equal(found, np.asarray(PHOTO))
    assert (told in warnings[0] and len(warnings) == 1) if told else not warnings


def test_a_damaged_chunk_leaves_the_next_best_word():
    start, pixels, end = parts(Image.new("RGB", (16, 16), (128, 128, 128)))
    light = chunk(b"gAMA", struct.pack(">I", 100000))
    found, warnings = seen(start + chunk(b"iCCP", b"x\0\0?") + light + pixels + end)
    assert (found == 188).all() and "iCCP" in warnings[0]
    found, warnings = seen(start + chunk(b"sRGB", b"\0", 0) + light + pixels + end)
    assert (found == 188).all() and "sRGB" in warnings[0]


def test_wrong_checksums_of_what_makes_the_pixels():
    start, pixels, end = parts()
    found, warnings = seen(start[:-1] + bytes([start[-1] ^ 1]) + pixels + end)
    assert np.array_equal(found, np.asarray(PHOTO)) and "IHDR has a wrong checksum" in warnings[0]
    found, warnings = seen(start + pixels[:-1] + bytes([pixels[-1] ^ 1]) + end)
    assert np.array_equal(found, np.asarray(PHOTO))
    palette = parts(PHOTO.quantize(16))
    at = palette[1].index(b"PLTE") + 4 + 3 * 16
    broken = palette[0] + palette[1][:at] + b"\0\0\0\0" + palette[1][at + 4 :] + palette[2]
    found, warnings = seen(broken)
    assert np.array_equal(found, np.asarray(PHOTO.quantize(16).convert("RGB"))) and "PLTE" in warnings[0]


def test_a_header_that_was_changed_with_its_checksum_left_is_no_picture():
    start, pixels, end = parts()
    with pytest.raises(EncodeError, match="not a picture that can be read"):
        seen(start[:19] + bytes([20]) + start[20:] + pixels + end)


# -- which side is up


def exif(orientation: int) -> bytes:
    found = Image.Exif()
    found[0x0112] = orientation
    return found.tobytes().removeprefix(b"Exif\0\0")


def magick(kind: bytes, orientation: int) -> bytes:
    """What ImageMagick writes."""
    raw = b"Exif\0\0" + exif(orientation)
    text = (
        b"\nexif\n%8d\n" % len(raw)
        + b"\n".join(raw.hex().encode()[i : i + 72] for i in range(0, 2 * len(raw), 72))
        + b"\n"
    )
    key = b"Raw profile type exif\0"
    return chunk(b"tEXt", key + text) if kind == b"tEXt" else chunk(b"zTXt", key + b"\0" + zlib.compress(text))


def xmp(orientation: int, packed: bool = False, element: bool = False) -> bytes:
    said = (
        f"<tiff:Orientation>{orientation}</tiff:Orientation>" if element else f'<a tiff:Orientation="{orientation}"/>'
    )
    text = said.encode()
    return chunk(
        b"iTXt", b"XML:com.adobe.xmp\0" + (b"\1\0\0\0" + zlib.compress(text) if packed else b"\0\0\0\0" + text)
    )


@pytest.mark.parametrize(
    "said",
    [
        chunk(b"eXIf", exif(6)),
        magick(b"tEXt", 6),
        magick(b"zTXt", 6),
        xmp(6),
        xmp(6, packed=True),
        xmp(6, element=True),
    ],
)
def test_every_place_of_an_orientation(said):
    start, pixels, end = parts()
    expected = np.asarray(PHOTO)[::-1].transpose(1, 0, 2)
    for data in (start + said + pixels + end, start + pixels + said + end):
        assert np.array_equal(seen(data)[0], expected)


@pytest.mark.parametrize(
    "said",
    [
        chunk(b"tEXt", b"Raw profile type exif\0\nexif\n      12\nzz"), chunk(b"zTXt", b"Raw profile type exif\0\0junk"),
        chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(b"\nexif\n9\n" + b"0" * (2 << 20))), xmp(9),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0junk"),
    ],
)  # fmt: skip
def test_orientations_that_cannot_be_read(said):
    start, pixels, end = parts()
    assert np.array_equal(seen(start + said + pixels + end)[0], np.asarray(PHOTO))
