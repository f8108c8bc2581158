"""The bytes of a picture's file -> Pillow's picture: which formats, without what could refuse it, as much as there is.

    bytes -read_beside-> what it says, and the file for its decoder -Pillow-> the picture
                                                                    -decode_cut-> as much of it as there is

Only formats that hold photos are opened: Pillow knows forty, and one of them starts a PostScript interpreter. HEIC and JPEG
XL are opened where their plug-ins are installed (`pillow-heif`, `pillow-jxl-plugin`). A file that ends too early is opened
where at least half of its picture is there.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from PIL import Image

from sedicfmt.container.size import check_size
from sedicfmt.errors import EncodeError, LimitExceeded, MissingDependency
from sedicfmt.installing import pip_install
from sedicfmt.limits import MAX_PICTURE_BYTES
from sedicfmt.pipeline.picture_beside import Beside
from sedicfmt.pipeline.picture_bitmaps import read_bmp, read_gif, read_qoi, read_tga
from sedicfmt.pipeline.picture_boxes import CODESTREAM, read_heif, read_jp2, without_words
from sedicfmt.pipeline.picture_cut import can_be_cut, decode_cut
from sedicfmt.pipeline.picture_forgiving import by_libtiff
from sedicfmt.pipeline.picture_jpeg import read_jpeg
from sedicfmt.pipeline.picture_kinds import kind_of
from sedicfmt.pipeline.picture_png import SIGNATURE, read_png
from sedicfmt.pipeline.picture_tiff import read_tiff
from sedicfmt.pipeline.picture_webp import read_webp

LEAST_SHARE = 0.5  # of the picture
SEVERAL = "the picture has several frames; the first one is taken"


@dataclass(frozen=True)
class OpenedPicture:
    """Pillow's picture, loaded; what its file says beside it, None for no file; what the reader has to be told."""

    image: Image.Image
    beside: Beside | None = None
    warnings: tuple[str, ...] = ()


def open_picture(data: bytes, name: str) -> OpenedPicture:
    """A picture from a file's bytes; `name` is for messages.

    Raises EncodeError for what is no picture, MissingDependency naming the plug-in of its format, LimitExceeded for too many
    bytes, or a side out of bounds, before any pixel is decoded.
    """
    if len(data) > MAX_PICTURE_BYTES:
        raise LimitExceeded(f"{name} has more than {MAX_PICTURE_BYTES >> 20} MiB")
    try:
        use_plugins(data, name)
        beside = read_beside(data)
        image, told = _loaded(beside)
    except (LimitExceeded, MissingDependency, MemoryError):
        raise
    except Image.DecompressionBombError as error:
        raise LimitExceeded(f"{name} is too large: {error}") from error
    except Image.UnidentifiedImageError as error:
        raise EncodeError(f"{name} is not a picture that can be read{kind_of(data)}") from error
    except Exception as error:  # Pillow's decoders raise whatever a broken file makes them
        raise EncodeError(f"{name} is a broken picture: {error}") from error
    mend_transparency(image, beside.depth)
    return OpenedPicture(image, replace(beside, pixels=b""), (*beside.warnings, *told))


def read_beside(data: bytes) -> Beside:
    """What a file says beside its pixels, by how it begins."""
    for start, at, read in READERS:
        if data[at : at + len(start)] == start:
            return read(data)
    return read_tga(data)  # which begins with nothing of its own, and for any other ends with nothing that is read


def _loaded(beside: Beside) -> tuple[Image.Image, list[str]]:
    """(the picture, what is to be told)."""
    told, formats = list[str](), known_formats()

    def decode(source: Any) -> Image.Image:
        with by_libtiff() if beside.by_libtiff else nullcontext():
            image = Image.open(io.BytesIO(source) if isinstance(source, bytes) else source, formats=formats)
        check_size(*image.size)
        told[:] = frames_told(image) or ([SEVERAL] if beside.several else [])  # before the pixels: looking forgets them
        image.load()
        return image

    try:
        return decode(beside.pixels), told
    except (LimitExceeded, Image.DecompressionBombError, MemoryError):
        raise
    except Exception as whole:
        image = without_its_words(beside.pixels, decode)
        if image is not None:
            return image, [*told, "the picture's EXIF data cannot be read; it is taken as it is stored"]
        return as_much_as_there_is(beside.pixels, decode, told, whole)


def as_much_as_there_is(
    data: bytes, decode: Callable[[Any], Image.Image], told: list[str], whole: Exception
) -> tuple[Image.Image, list[str]]:
    """Of a file that ends too early. Raises `whole`, the error without mending, where that is of no use."""
    if isinstance(whole, Image.UnidentifiedImageError) and not can_be_cut(data):
        raise whole
    try:
        image, share = decode_cut(data, decode)
    except (LimitExceeded, MemoryError):
        raise
    except Exception:
        raise whole from None
    if share < LEAST_SHARE:
        raise EncodeError(f"it ends too early; about {share:.0%} of the picture is there")
    return image, [*told, f"the file ends too early; about {share:.0%} of the picture is there"]


def without_its_words(data: bytes, decode: Callable[[Any], Image.Image]) -> Image.Image | None:
    """An AVIF or HEIC whose EXIF refuses it."""
    plain = without_words(data) if data[4:8] == b"ftyp" else data
    try:
        return decode(plain) if plain != data else None
    except Exception:
        return None


def frames_told(image: Image.Image) -> list[str]:
    """What is to be told of several frames, or of what is no frame any more."""
    try:
        several = getattr(image, "n_frames", 1) > 1
    except Exception:  # a decoder that looks for frames raises whatever a broken file makes it
        image.seek(0)
        return ["the file is damaged behind its first frame, which is taken"]
    return [SEVERAL] if several else []


def mend_transparency(image: Image.Image, depth: int) -> None:
    """A PNG's transparent value is one of its own samples; Pillow's pixels are of eight bits."""
    clear = image.info.get("transparency")
    if isinstance(clear, int) and 0 < depth < 8 and image.mode in ("1", "L"):
        image.info["transparency"] = clear * 255 // (2**depth - 1)
    elif isinstance(clear, tuple) and depth == 16:
        image.info["transparency"] = tuple(value >> 8 for value in clear)


def known_formats() -> list[str]:
    """Those of FORMATS that can be opened here."""
    for plugin in BUNDLED:
        import_module(f"PIL.{plugin}ImagePlugin")
    return [name for name in FORMATS if name in Image.OPEN]


def use_plugins(data: bytes, name: str) -> None:
    """Import the plug-in that a file's format needs. Raises MissingDependency where it is not installed."""
    for told, module, package, is_it in PLUGINS:
        if is_it(data):
            if find_spec(module) is None:
                raise MissingDependency(f"{name} is {told}, which needs a plug-in of Pillow: {pip_install(package)}")
            plugin = import_module(module)
            if module == "pillow_heif":
                plugin.register_heif_opener()


FORMATS = (
    "AVIF", "BMP", "DIB", "GIF", "HEIF", "JPEG", "JPEG2000", "JXL", "MPO", "PNG", "PPM", "QOI", "TGA", "TIFF", "WEBP",
)  # fmt: skip
BUNDLED = ("Avif", "Bmp", "Gif", "Jpeg", "Jpeg2K", "Mpo", "Png", "Ppm", "Qoi", "Tga", "Tiff", "WebP")
READERS: tuple[tuple[bytes, int, Callable[[bytes], Beside]], ...] = (
    (SIGNATURE, 0, read_png), (b"\xff\xd8\xff", 0, read_jpeg), (b"WEBP", 8, read_webp), (b"II*\0", 0, read_tiff),
    (b"MM\0*", 0, read_tiff), (b"II+\0", 0, read_tiff), (b"MM\0+", 0, read_tiff), (b"ftyp", 4, read_heif),
    (b"jP  ", 4, read_jp2), (CODESTREAM, 0, Beside), (b"BM", 0, read_bmp), (b"qoif", 0, read_qoi), (b"GIF8", 0, read_gif),
)  # fmt: skip
"""(how its files begin, from which byte, what reads them)."""
HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
JXL_STARTS = (b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n")
PLUGINS = (
    ("HEIC", "pillow_heif", "pillow-heif",
     lambda data: data[4:8] == b"ftyp" and data[8:12] in HEIF_BRANDS and b"avif" not in data[8:64]),
    ("JPEG XL", "pillow_jxl", "pillow-jxl-plugin", lambda data: data.startswith(JXL_STARTS)),
)  # fmt: skip
