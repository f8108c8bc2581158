"""A file that ends too early -> its picture, and how much of it is there: measured, never guessed from what it shows.

Where a decoder goes on with any bytes, it is given two fillings for the missing ones: the rows that come out alike are there.
Where it does not, what is whole is counted: a PNG's rows, a TIFF's strips, a GIF's pixels, a JPEG 2000's bytes. Decoders
differ, so a format stands in MENDERS by how its files begin; one that does not is refused when it is cut.
"""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image

from sedicfmt.errors import EncodeError
from sedicfmt.pipeline.picture_boxes import CODESTREAM
from sedicfmt.pipeline.picture_cut_gif import gif_share
from sedicfmt.pipeline.picture_cut_jpeg import share_of_scans
from sedicfmt.pipeline.picture_cut_png import rebuilt_png
from sedicfmt.pipeline.picture_cut_tiff import is_raw, with_whole_strips
from sedicfmt.pipeline.picture_forgiving import forgiving

Decode = Callable[[object], Image.Image]
"""A file, or bytes, -> Pillow's picture, loaded. Raises whatever Pillow raises."""
Mender = Callable[[bytes, Decode], tuple[Image.Image, float]]


def decode_cut(data: bytes, decode: Decode) -> tuple[Image.Image, float]:
    """(the picture, the share of it that is there). Raises EncodeError, or whatever Pillow raises, where nothing can be done."""
    for start, at, mender in MENDERS:
        if data[at : at + len(start)] == start:
            return mender(data, decode)
    return endless(data, decode)


def can_be_cut(data: bytes) -> bool:
    """Whether it begins as a format that can be mended even where its decoder does not know it any more."""
    return any(data[at : at + len(start)] == start for start, at, _ in MENDERS)


def endless(data: bytes, decode: Decode) -> tuple[Image.Image, float]:
    """Decoders that read until they have all pixels, from top to bottom or the other way round."""
    plain = data[:2] in (b"P1", b"P2", b"P3")
    return alike(decode(Endless(data, filling)) for filling in ((b" 0", b" 1") if plain else (bytes(1 << 12), noise(1 << 12))))


def jpeg(data: bytes, decode: Decode) -> tuple[Image.Image, float]:
    """libjpeg fills up by itself at an end of image; entropy-coded bytes in its place change the first row that is not there."""
    end = b"\xff\xd9"
    image = decode(Endless(data.removesuffix(b"\xff"), end))
    other = decode(Endless(data.removesuffix(b"\xff"), noise(1 << 20).replace(b"\xff", b"\xfe") + end))
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
    """Every byte of a wavelet's is of the whole picture: the share is that of the bytes. Tiles that are missing stay black."""
    stream = data.find(CODESTREAM)
    tiles, wanted = list(tile_parts(data, stream)), missing_of_boxes(data)
    missing = max(0, (tiles[-1] if tiles else 0) - len(data))
    whole = len(data) + max(missing, wanted)
    if stream >= 8:  # the last box: to the end
        data = data[: stream - 8] + bytes(4) + data[stream - 4 :]
    errors: list[Exception] = []
    for filling in (b"\xff", b"\0"):
        try:
            with forgiving():
                return decode(data + filling * missing + b"\xff\xd9"), len(data) / whole
        except Exception as error:
            errors.append(error)
    raise errors[0]


def tile_parts(data: bytes, stream: int) -> Iterator[int]:
    """Where each tile-part ends, by what it says of its length."""
    at = data.find(b"\xff\x90\0\x0a", stream)
    while at >= 0 and data[at : at + 4] == b"\xff\x90\0\x0a" and at + 12 <= len(data):
        length = int.from_bytes(data[at + 6 : at + 10])
        if not length:
            return
        at += length
        yield at


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
    """With `missing` bytes of the fillings that the decoder takes: not every one is a legal picture."""
    if not 0 < missing <= 4 * len(data):
        raise EncodeError("it ends too early")

    def decoded() -> Iterator[Image.Image]:
        for filling in (bytes(1), b"\xff", b"\x55", noise(4096), noise(4099)):
            try:
                yield decode(data + (filling * (missing // len(filling) + 1))[:missing])
            except Exception:  # the next one
                continue

    return alike(decoded())


def alike(images: Iterator[Image.Image]) -> tuple[Image.Image, float]:
    """(the first, the share of its rows that the second has as well). Raises EncodeError without two."""
    first, second = next(images, None), next(images, None)
    if first is None or second is None or first.size != second.size or first.mode != second.mode:
        raise EncodeError("it ends too early, and how much is there cannot be measured")
    return first, float((rows(first) == rows(second)).all(1).mean())


def rows(image: Image.Image) -> np.ndarray:
    """Their bytes."""
    return np.frombuffer(image.tobytes(), np.uint8).reshape(image.height, -1)


def missing_of_boxes(data: bytes) -> int:
    """Bytes that the boxes say they have more than there are."""
    at = 0
    while at + 16 <= len(data):
        size = int.from_bytes(data[at : at + 4])
        size = int.from_bytes(data[at + 8 : at + 16]) if size == 1 else size
        if size < 8:
            return 0
        at += size
    return max(at - len(data), 0)


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
        return found + (self.filling * ((start + missing) // len(self.filling) + 1))[start : start + missing] if missing else found

    def seek(self, offset: int, whence: int = 0) -> int:
        self.at = offset + (0, self.at, len(self.data))[whence]
        return self.at

    def tell(self) -> int:
        return self.at


MENDERS: tuple[tuple[bytes, int, Mender], ...] = (
    (b"\x89PNG", 0, png), (b"\xff\xd8", 0, jpeg), (b"GIF8", 0, gif), (b"II", 0, tiff), (b"MM", 0, tiff), (b"WEBP", 8, webp),
    (b"ftyp", 4, heif), (b"jP  ", 4, jpeg2000), (CODESTREAM, 0, jpeg2000),
)  # fmt: skip
"""(how its files begin, from which byte, what mends them)."""
