"""Awkward pictures as people have them: what a colour-managed viewer shows is what is packed. Rebuilt from public reports."""

import contextlib
import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from sedicfmt.errors import EncodeError, MissingDependency
from sedicfmt.pipeline import picture_file
from sedicfmt.pipeline.picture import open_picture, to_rgb
from tests.conftest import draw_photo

FOLDER = Path(__file__).parents[1] / "outside" / "pictures"


def seen(data: bytes, name: str = "photo"):
    """(pixels, warnings)."""
    warnings = []
    return to_rgb(open_picture(data, name), warnings.append), warnings


def seen_file(name: str):
    return seen((FOLDER / name).read_bytes(), name)


@pytest.fixture(scope="module")
def photo():
    return seen_file("ok.jpg")[0].astype(int)


# -- the same photo in many files


@pytest.mark.parametrize(
    ("name", "apart", "told"),
    [
        ("p3.jpg", 2.5, []),
        ("adobe.jpg", 2.5, []),
        ("cmyk_icc.jpg", 9, []),  # ink has fewer colours
        ("broken_icc.jpg", 2, ["profile cannot be used"]),
        ("multi.mpo", 1, ["several frames"]),
        ("trunc_2bytes.jpg", 1, ["ends too early; about 100%"]),
        ("rgba_opaque.png", 3, []),
    ],
)
def test_it_is_the_photo(name, apart, told, photo):
    pixels, warnings = seen_file(name)
    assert np.abs(pixels - photo).mean() <= apart
    assert len(warnings) == len(told) and all(part in line for part, line in zip(told, warnings, strict=True))


@pytest.mark.parametrize(("name", "module"), [("phone.heic", "pillow_heif"), ("p.jxl", "pillow_jxl")])
def test_formats_of_plug_ins(name, module, photo, monkeypatch):
    with monkeypatch.context() as without:
        without.setattr(picture_file, "find_spec", lambda module: None)
        with pytest.raises(MissingDependency, match=r"pip install pillow-"):
            seen_file(name)
    pytest.importorskip(module)
    pixels, warnings = seen_file(name)
    assert np.abs(pixels - photo).mean() <= 4 and not warnings


@pytest.mark.parametrize("name", ["gray12packed.tif", "gray16_white0.tif", "gray_linear_icc.png"])
def test_it_is_the_photo_in_grey(name, photo):
    pixels, warnings = seen_file(name)
    grey = np.asarray(Image.fromarray(photo.astype(np.uint8)).convert("L"))[..., None]
    assert np.abs(pixels - grey.astype(int)).mean() <= 3 and not warnings


def test_orientation_is_read_from_exif_that_cannot_be_written():
    pixels, warnings = seen_file("exif_dpi_text.jpg")
    assert pixels.shape[0] > 0 and not warnings


@pytest.mark.parametrize("orientation", range(10))
def test_every_orientation(orientation):
    image = draw_photo(40, 24)
    exif = image.getexif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    image.save(file, "PNG", exif=exif)
    pixels, _ = seen(file.getvalue())
    plain = np.asarray(image)
    expected = {
        2: plain[:, ::-1], 3: plain[::-1, ::-1], 4: plain[::-1], 5: plain.transpose(1, 0, 2),
        6: plain[::-1].transpose(1, 0, 2), 7: plain[::-1, ::-1].transpose(1, 0, 2), 8: plain[:, ::-1].transpose(1, 0, 2),
    }.get(orientation, plain)  # fmt: skip
    assert np.array_equal(pixels, expected)


def test_frames_behind_the_first_may_be_broken():
    pixels, warnings = seen_file("small_cut.gif")
    assert pixels.std() > 5
    assert "damaged behind its first frame" in warnings[0]


def test_an_animated_gif_or_tiff_cut_anywhere_is_a_picture_or_our_error():
    frames = [draw_photo(48, 40, seed).quantize(32) for seed in range(3)]
    for kind in ("GIF", "TIFF", "PNG", "WEBP"):
        file = io.BytesIO()
        frames[0].convert("RGB").save(file, kind, save_all=True, append_images=[f.convert("RGB") for f in frames[1:]])
        data = file.getvalue()
        for cut in range(1, len(data), max(1, len(data) // 60)):
            with contextlib.suppress(EncodeError):
                assert seen(data[:cut])[0].shape == (40, 48, 3)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_how_much_is_there_is_told(kind):
    file = io.BytesIO()
    rng = np.random.default_rng(1)
    Image.fromarray(rng.integers(1, 256, (160, 96, 3), np.uint8)).save(file, kind)
    data = file.getvalue()
    pixels, warnings = seen(data[: len(data) * 3 // 4])
    told = int(warnings[0].split("about ")[1].split("%")[0])
    assert 65 <= told <= 85
    assert pixels[:100].std() > 30
    with pytest.raises(EncodeError, match="broken picture"):
        seen(data[: len(data) // 4])


# -- formats


def test_postscript_named_jpg_starts_nothing(monkeypatch):
    monkeypatch.setattr("subprocess.Popen", None)
    with pytest.raises(EncodeError, match="it is PostScript"):
        seen_file("photo_eps.jpg")


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", "empty"),
        (b"%PDF-1.7", "a PDF"),
        (b"\x5e\xd1\0\0", "sedic-unpack"),
        (b"PK\3\4", "archive"),
        (b"none", "read$"),
    ],
)
def test_what_it_is_instead_is_told(data, kind):
    with pytest.raises(EncodeError, match=kind):
        seen(data)


def test_only_formats_of_photos_are_opened():
    assert set(picture_file.known_formats()) <= set(picture_file.FORMATS)
    assert not {"EPS", "PDF", "WMF", "PSD", "FPX", "MIC", "GBR"} & set(picture_file.FORMATS)


# -- samples of other depths


def tiff(values: np.ndarray, bits: int, form: int = 1, photometric: int = 1, **tags) -> bytes:
    """A grey TIFF with one strip, little endian."""
    data = values.tobytes()
    entries = {256: values.shape[1], 257: values.shape[0], 258: bits, 259: 1, 262: photometric, 273: 8, 277: 1,
               278: values.shape[0], 279: len(data), 339: form}  # fmt: skip
    fields = [(tag, 4, struct.pack("<I", value)) for tag, value in entries.items()]
    fields += [(int(tag[1:]), 11, struct.pack("<f", value)) for tag, value in tags.items()]
    table = b"".join(struct.pack("<HHI", tag, kind, 1) + value for tag, kind, value in sorted(fields))
    return b"II*\0" + struct.pack("<I", 8 + len(data)) + data + struct.pack("<H", len(fields)) + table + b"\0\0\0\0"


def filled(value, dtype) -> np.ndarray:
    values = np.full((16, 16), value, dtype)
    values[0, 0] = 0
    return values


@pytest.mark.parametrize(
    ("values", "bits", "form", "expected", "told"),
    [
        (filled(40, "<u2"), 16, 1, 0, ""),  # a dark picture stays dark
        (filled(32896, "<u2"), 16, 1, 128, ""),
        (filled(1 << 31, "<u4"), 32, 1, 128, ""),
        (filled(255, "<u4"), 32, 1, 0, ""),
        (filled(16384, "<i2"), 16, 2, 128, "32767 was assumed"),
        (filled(0.5, "<f4"), 32, 3, 128, "1 was assumed"),
        (filled(127.5, "<f4"), 32, 3, 128, "255 was assumed"),
    ],
)
def test_ranges(values, bits, form, expected, told):
    pixels, warnings = seen(tiff(values, bits, form))
    assert int(np.median(pixels)) == expected
    assert (told in warnings[0]) if told else not warnings


def test_one_hot_pixel_leaves_the_others_alone():
    values = filled(0.5, "<f4")
    values[3, 3] = 1.02
    assert int(np.median(seen(tiff(values, 32, 3))[0])) == 128
    values[3, 3] = np.nan
    assert int(np.median(seen(tiff(values, 32, 3))[0])) == 128


def test_a_declared_range_holds():
    pixels, warnings = seen(tiff(filled(50.0, "<f4"), 32, 3, _340=0.0, _341=100.0))
    assert int(np.median(pixels)) == 128 and not warnings


def test_white_is_zero():
    assert int(np.median(seen(tiff(filled(65535, "<u2"), 16, photometric=0))[0])) == 0


# -- PNG: what stands beside the pixels


def png(image: Image.Image, *chunks: tuple[bytes, bytes], **save) -> bytes:
    """A PNG with these chunks behind its header."""
    file = io.BytesIO()
    image.save(file, "PNG", **save)
    data = file.getvalue()
    more = b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )
    return data[:33] + more + data[33:]


def test_a_long_comment_refuses_nothing():
    comment = b"note\0\0" + zlib.compress(bytes(2_400_000))
    pixels, warnings = seen(png(draw_photo(40, 24), (b"zTXt", comment)))
    assert np.array_equal(pixels, np.asarray(draw_photo(40, 24))) and not warnings


GREY = Image.new("RGB", (16, 16), (128, 128, 128))
RED = Image.new("RGB", (16, 16), (200, 40, 40))
WIDE = struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)  # P3's primaries


@pytest.mark.parametrize(
    ("image", "chunks", "expected", "told"),
    [
        (GREY, [(b"gAMA", struct.pack(">I", 45455))], (128, 128, 128), ""),  # what sRGB files say
        (GREY, [(b"gAMA", struct.pack(">I", 100000))], (188, 188, 188), ""),  # light
        (GREY, [(b"gAMA", struct.pack(">I", 100000)), (b"sRGB", b"\0")], (128, 128, 128), ""),
        (RED, [(b"cHRM", WIDE)], (218, 0, 26), ""),
        (RED, [(b"cICP", bytes([12, 13, 0, 1]))], (218, 0, 26), ""),
        (RED, [(b"cICP", bytes([1, 13, 0, 1]))], (200, 40, 40), ""),
        (RED, [(b"cICP", bytes([9, 16, 0, 1]))], (200, 40, 40), "cICP says 9-16-0-1"),
        (RED, [(b"cICP", b"\1")], (200, 40, 40), "cICP is damaged"),
    ],
)
def test_what_a_png_says_of_its_colours(image, chunks, expected, told):
    pixels, warnings = seen(png(image, *chunks))
    assert np.abs(pixels[0, 0].astype(int) - expected).max() <= 3
    assert (told in warnings[0]) if told else not warnings


def test_p3_by_cicp_is_p3_by_profile():
    profile = Image.open(FOLDER / "p3.jpg").info["icc_profile"]
    by_profile, _ = seen(png(RED, icc_profile=profile))
    by_cicp, _ = seen(png(RED, (b"cICP", bytes([12, 13, 0, 1]))))
    assert np.abs(by_profile.astype(int) - by_cicp).max() <= 3


def test_a_profile_of_srgb_changes_nothing():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert np.array_equal(seen(png(draw_photo(40, 24), icc_profile=profile))[0], np.asarray(draw_photo(40, 24)))


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "P", "CMYK"])
@pytest.mark.parametrize("name", ["p3.jpg", "gray_linear_icc.png", "cmyk_icc.jpg"])
def test_any_profile_on_any_mode_is_a_picture(mode, name):
    image = draw_photo(40, 24).convert(mode)
    image.info["icc_profile"] = Image.open(FOLDER / name).info["icc_profile"]
    assert to_rgb(image, lambda line: None).shape == (24, 40, 3)


# -- transparency


@pytest.mark.parametrize("name", ["gray4_trns.png", "rgb16_trns.png"])
def test_a_transparent_value_is_laid_on_white(name):
    pixels, warnings = seen_file(name)
    assert "partly transparent" in warnings[0]
    assert (pixels == 255).all(-1).any()


@pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
def test_a_transparent_grey_of_every_depth(depth):
    """Half of the picture has the value that is transparent, the other half another."""
    most = 2**depth - 1
    clear, other = most // 3, most - most // 3
    rows = np.full((16, 16), other)
    rows[:8] = clear
    if depth == 16:
        lines = rows.astype(">u2").tobytes()
        width = 32
    else:
        bits = ((rows[..., None] >> np.arange(depth)[::-1]) & 1).reshape(16, -1).astype(np.uint8)
        lines, width = np.packbits(bits, axis=1).tobytes(), 16 * depth // 8
    body = zlib.compress(b"".join(b"\0" + lines[i * width : (i + 1) * width] for i in range(16)))
    parts = [(b"IHDR", struct.pack(">IIBBBBB", 16, 16, depth, 0, 0, 0, 0)), (b"tRNS", struct.pack(">H", clear)),
             (b"IDAT", body), (b"IEND", b"")]  # fmt: skip
    data = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(part)) + kind + part + struct.pack(">I", zlib.crc32(kind + part)) for kind, part in parts
    )
    pixels, warnings = seen(data)
    assert (pixels[:8] == 255).all() and "transparent" in warnings[0]
    assert np.abs(pixels[8:].astype(int) - round(other * 255 / most)).max() <= 1
