"""The bytes of a picture's file -> Pillow's picture. Which formats, how much of a cut file, what a PNG says beside pixels.

Only formats that hold photos are opened: Pillow knows forty, and one of them starts a PostScript interpreter. HEIC and JPEG
XL are opened where their plug-ins are installed (`pillow-heif`, `pillow-jxl-plugin`). A file that ends too early is opened
where at least half of its rows are there.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from threading import Lock

import numpy as np
from PIL import Image, ImageFile

from sedicfmt.container.size import check_size
from sedicfmt.errors import EncodeError, LimitExceeded, MissingDependency, SedicError
from sedicfmt.installing import pip_install
from sedicfmt.limits import MAX_PICTURE_BYTES
from sedicfmt.pipeline.picture_png import PngChunks, read_chunks

_FORGIVING = Lock()  # Pillow's switch for cut files is one for the whole process
LEAST_SHARE = 0.5  # of the rows
ORIENTATION = 0x0112  # EXIF


@dataclass(frozen=True)
class OpenedPicture:
    """Pillow's picture, loaded; what a PNG says of its samples; what the reader has to be told.

    `turned_by`: EXIF's orientation, where Pillow has turned the pixels already.
    """

    image: Image.Image
    png: PngChunks = field(default_factory=PngChunks)
    warnings: tuple[str, ...] = ()
    turned_by: int = 1


def open_picture(data: bytes, name: str) -> OpenedPicture:
    """A picture from a file's bytes; `name` is for messages.

    Raises EncodeError for what is no picture, MissingDependency naming the plug-in of its format, LimitExceeded for too many
    bytes, or a side out of bounds, before any pixel is decoded.
    """
    if len(data) > MAX_PICTURE_BYTES:
        raise LimitExceeded(f"{name} has more than {MAX_PICTURE_BYTES >> 20} MiB")
    try:
        return _opened(data, name)
    except (SedicError, MemoryError):
        raise
    except Image.DecompressionBombError as error:
        raise LimitExceeded(f"{name} is too large: {error}") from error
    except Image.UnidentifiedImageError as error:
        raise EncodeError(f"{name} is not a picture that can be read{kind_of(data)}") from error
    except Exception as error:  # Pillow's decoders raise whatever a broken file makes them
        raise EncodeError(f"{name} is a broken picture: {error}") from error


def _opened(data: bytes, name: str) -> OpenedPicture:
    use_plugins(data, name)
    png, formats = read_chunks(data), known_formats()
    image = Image.open(io.BytesIO(png.without_texts or data), formats=formats)
    check_size(*image.size)
    told = [*frames_told(image)]  # before the pixels: looking for frames forgets them
    turned_by = turned_when_loaded(image)
    try:
        image.load()
    except OSError:  # cut short, mostly; once more, taking what is there
        with forgiving():
            image = Image.open(io.BytesIO(png.without_texts or data), formats=formats)
            image.load()
        share = share_there(image)
        if share < LEAST_SHARE:
            raise
        told.append(f"the file ends too early; about {share:.0%} of the picture is there")
    mend_transparency(image, png.depth)
    return OpenedPicture(image, png, tuple(told), turned_by)


def turned_when_loaded(image: Image.Image) -> int:
    """EXIF's orientation of a TIFF: Pillow applies it while it loads the pixels, and forgets it then."""
    if image.format != "TIFF":
        return 1
    told = image.getexif().get(ORIENTATION, 1)
    return told if told in range(1, 9) else 1


def frames_told(image: Image.Image) -> tuple[str, ...]:
    """What is to be told of several frames, or of what is no frame any more."""
    try:
        several = getattr(image, "n_frames", 1) > 1
    except Exception:  # a decoder that looks for frames raises whatever a broken file makes it
        image.seek(0)
        return ("the file is damaged behind its first frame, which is taken",)
    return ("the picture has several frames; the first one is taken",) if several else ()


def mend_transparency(image: Image.Image, depth: int) -> None:
    """A PNG's transparent value is one of its own samples; Pillow's pixels are of eight bits."""
    clear = image.info.get("transparency")
    if isinstance(clear, int) and 0 < depth < 8 and image.mode in ("1", "L"):
        image.info["transparency"] = clear * 255 // (2**depth - 1)
    elif isinstance(clear, tuple) and depth == 16:
        image.info["transparency"] = tuple(value >> 8 for value in clear)


@contextmanager
def forgiving() -> Iterator[None]:
    """Pillow takes files that end too early."""
    with _FORGIVING:
        before, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, True
        try:
            yield
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = before


def share_there(image: Image.Image) -> float:
    """The share of rows above those at the bottom that a decoder fills up with where the file ends: zeros, or mid-grey."""
    rows = np.asarray(image.convert("RGB") if image.mode == "P" else image).reshape(image.height, -1)
    filled = (rows == 0).all(1) | (np.abs(rows.astype(np.float64) - 128) <= 1).all(1)
    there = np.flatnonzero(~filled)
    return float(there[-1] + 1) / len(rows) if len(there) else 0.0


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


def kind_of(data: bytes) -> str:
    """What else it is, for a message."""
    if not data:
        return ": it is empty"
    for start, kind in OTHERS:
        if data.startswith(start):
            return f": it is {kind}"
    return ""


FORMATS = (
    "AVIF",
    "BMP",
    "DIB",
    "GIF",
    "HEIF",
    "JPEG",
    "JPEG2000",
    "JXL",
    "MPO",
    "PNG",
    "PPM",
    "QOI",
    "TGA",
    "TIFF",
    "WEBP",
)
BUNDLED = ("Avif", "Bmp", "Gif", "Jpeg", "Jpeg2K", "Mpo", "Png", "Ppm", "Qoi", "Tga", "Tiff", "WebP")
HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
JXL_STARTS = (b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n")
PLUGINS = (
    ("HEIC", "pillow_heif", "pillow-heif",
     lambda data: data[4:8] == b"ftyp" and data[8:12] in HEIF_BRANDS and b"avif" not in data[8:64]),
    ("JPEG XL", "pillow_jxl", "pillow-jxl-plugin", lambda data: data.startswith(JXL_STARTS)),
)  # fmt: skip
OTHERS = (
    (b"%!PS", "PostScript"), (b"%PDF", "a PDF"), (b"<svg", "an SVG drawing"), (b"<?xml", "XML, perhaps a drawing"),
    (b"8BPS", "a Photoshop document"), (b"PK", "an archive"), (b"\x5e\xd1", "a .sedic file, for sedic-unpack"),
    (b"<!DOCTYPE", "a web page"), (b"<html", "a web page"),
)  # fmt: skip
