"""A file that ends too early -> its picture, and how much of it is there: measured, never guessed from what it shows.

Where a decoder goes on with any bytes, it is given two fillings for the missing ones: the rows that come out alike are there.
Where it does not, what is whole is counted: a PNG's rows, a TIFF's strips, a GIF's pixels, a JPEG 2000's bytes. Decoders
differ, so a format stands in MENDERS by how its files begin; one that does not is refused when it is cut.
"""

from __future__ import annotations

import io
import random
import struct
from collections.abc import Callable, Iterable, Iterator

import numpy as np
from PIL import Image

from sedicfmt.errors import EncodeError
from sedicfmt.pipeline.picture_boxes import CODESTREAM, missing_of_boxes
from sedicfmt.pipeline.picture_cut_gif import gif_share
from sedicfmt.pipeline.picture_cut_jp2 import whole_tiles
from sedicfmt.pipeline.picture_cut_jpeg import has_scan, share_of_scans, without_cut_segment
from sedicfmt.pipeline.picture_cut_png import rebuilt_png
from sedicfmt.pipeline.picture_cut_tiff import is_raw, with_whole_strips
from sedicfmt.pipeline.picture_forgiving import forgiving

Decode = Callable[[object], Image.Image]
"""A file, or bytes, -> Pillow's picture, loaded. Raises whatever Pillow raises."""
Mender = Callable[[bytes, Decode], tuple[Image.Image, float]]


def decode_cut(data: bytes, decode: Decode) -> tuple[Image.Image, float]:
    """(the picture, the share of it that is there). Raises EncodeError, or whatever Pillow raises, where that fails."""
    for start, at, mender in MENDERS:
        if data[at : at + len(start)] == start:
            return mender(data, decode)
    return endless(data, decode)


def can_be_cut(data: bytes) -> bool:
    """Whether it begins as a format that can be mended even where its decoder does not know it any more."""
    return any(
        data[at : at + len(start)] == start for start, at, mender in MENDERS if mender in (png, webp, heif, jpeg2000)
    )


def endless(data: bytes, decode: Decode) -> tuple[Image.Image, float]:
    """Decoders that read until they have all pixels, from top to bottom or the other way round."""
    plain = data[:2] in (b"P1", b"P2", b"P3")
    return taken((Endless(data, filling) for filling in ((b"\n0", b"\n1") if plain else FILLINGS)), decode)


def bitmap(data: bytes, decode: Decode) -> tuple[Image.Image, float]:
    """Packed ones are filled up with whole rows, each with its end: their decoder would look for ends for ever."""
    width, height, packed = struct.unpack("<i", data[18:22])[0], 8192, data[30:34] in (b"\1\0\0\0", b"\2\0\0\0")
    if not packed:
        return endless(data, decode)
    even = data + bytes((len(data) - int.from_bytes(data[10:14], "little")) & 1)
    ends = (bytes([255, value]) * (max(width, 0) // 255 + 1) + bytes(2) for value in (0x11, 0x22))
    return taken((even + end * height for end in ends), decode)


def jpeg(data: bytes, decode: Decode) -> tuple[Image.Image, float]:
    """libjpeg fills up by itself at an end of image; noise in its place changes the first row that is not there."""
    data, end = without_cut_segment(data).removesuffix(b"\xff"), b"\xff\xd9"
    if not has_scan(data):  # or the filling would be searched for one, without end
        raise EncodeError("it ends before its pixels")
    image = decode(Endless(data, end))
    other = decode(Endless(data, noise(1 << 20).replace(b"\xff", b"\xfe") + end))
    apart = np.flatnonzero((rows(image) != rows(other)).any(1))
    return image, share_of_scans(data, float(apart[0]) / image.height if len(apart) else 1.0)


def webp(data: bytes, decode: Decode) -> tuple[Image.Image, float]:
    """A chunk of pixels has a length, and so has the file."""
    at = 12
    while at + 8 <= len(data):
        at += 8 + int.from_bytes(data[at + 4 : at + 8], "little")
        at += at & 1
    return padded(data[:4] + (at - 8).to_bytes(4, "little") + data[8:], at - len(data), decode)


def heif(data: bytes, decode: Decode) -> tuple[Image.Image, float]:
    """Boxes have lengths."""
    return padded(data, missing_of_boxes(data), decode)


def jpeg2000(data: bytes, decode: Decode) -> tuple[Image.Image, float]:
    """Every byte of a wavelet's is of all its tile: the share is that of the bytes. Tiles that are missing stay black."""
    whole, missing, share = whole_tiles(data, missing_of_boxes(data))
    errors: list[Exception] = []
    for filling in (b"\xff", b"\0"):  # the end of what an arithmetic decoder reads; packets with nothing in them
        try:
            return decode(whole + filling * missing + b"\xff\xd9"), share
        except Exception as error:
            errors.append(error)
    raise errors[0]


def png(data: bytes, decode: Decode) -> tuple[Image.Image, float]:
    """Rows that can be unpacked."""
    rebuilt, share, finish = rebuilt_png(data)
    return finish(decode(rebuilt)), share


def gif(data: bytes, decode: Decode) -> tuple[Image.Image, float]:
    """Pixels that its codes stand for."""
    with forgiving():
        return decode(data), gif_share(data)


def tiff(data: bytes, decode: Decode) -> tuple[Image.Image, float]:
    """Strips or tiles that are whole; rows where they are not compressed."""
    if is_raw(data):
        return endless(data, decode)
    whole, share, finish = with_whole_strips(data)
    return finish(decode(whole)), share


def padded(data: bytes, missing: int, decode: Decode) -> tuple[Image.Image, float]:
    """With `missing` bytes of fillings. Where the decoder takes one of them alone, the share is that of the bytes."""
    if not 0 < missing <= 4 * len(data):
        raise EncodeError("it ends too early")
    fillings = (bytes(1), b"\xff", b"\x55", *(noise(4096 + i) for i in range(9)))
    files = (data + (filling * (missing // len(filling) + 1))[:missing] for filling in fillings)
    return taken(files, decode, len(data) / (len(data) + missing))


def taken(files: Iterable[object], decode: Decode, of_one: float | None = None) -> tuple[Image.Image, float]:
    """(the first picture that can be decoded, the share of its rows that the second has as well).

    Not every filling is a legal picture. `of_one`: the share where there is no second; EncodeError without.
    """

    def decoded() -> Iterator[Image.Image]:
        for file in files:
            try:
                yield decode(file)
            except MemoryError:
                raise
            except Exception:  # the next one
                continue

    found = decoded()
    first, second = next(found, None), next(found, None)
    if first is not None and second is not None and (first.size, first.mode) == (second.size, second.mode):
        return first, float((rows(first) == rows(second)).all(1).mean())
    if first is None or of_one is None:
        raise EncodeError("it ends too early, and how much is there cannot be measured")
    return first, of_one


def rows(image: Image.Image) -> np.ndarray:
    """Their bytes."""
    return np.frombuffer(image.tobytes(), np.uint8).reshape(image.height, -1)


def noise(count: int) -> bytes:
    """The same bytes every time."""
    return random.Random(count).randbytes(count)


class Endless(io.RawIOBase):
    """Bytes, and behind them a filling without end."""

    def __init__(self, data: bytes, filling: bytes) -> None:
        self.data, self.filling, self.at = data, filling, 0

    def read(self, size: int = -1) -> bytes:
        """Up to the end of the bytes where no size is given."""
        size = max(0, len(self.data) - self.at) if size is None or size < 0 else size
        found, behind = self.data[self.at : self.at + size], max(self.at - len(self.data), 0)
        missing, self.at = size - len(found), self.at + size
        start = behind % len(self.filling)
        enough = self.filling * ((start + missing) // len(self.filling) + 1) if missing else b""
        return found + enough[start : start + missing]

    def seek(self, offset: int, whence: int = 0) -> int:
        self.at = offset + (0, self.at, len(self.data))[whence]
        return self.at

    def tell(self) -> int:
        return self.at


MENDERS: tuple[tuple[bytes, int, Mender], ...] = (
    (b"\x89PNG", 0, png), (b"\xff\xd8", 0, jpeg), (b"GIF8", 0, gif), (b"II", 0, tiff), (b"MM", 0, tiff), (b"BM", 0, bitmap),
    (b"WEBP", 8, webp), (b"ftyp", 4, heif), (b"jP  ", 4, jpeg2000), (CODESTREAM, 0, jpeg2000),
)  # fmt: skip
"""(how its files begin, from which byte, what mends them)."""
PIXELS = [bytes([0]) + b"\xa5" * n for n in range(1, 5)]  # a TGA's packets of one pixel
FILLINGS = (bytes(1 << 12), noise(1 << 12), *(one[i:] + one[:i] for one in PIXELS for i in range(len(one))))
"""Zeros, noise, and what is no packet beyond a row, wherever the file ends."""
