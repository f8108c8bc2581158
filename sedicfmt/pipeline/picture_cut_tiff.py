"""A compressed TIFF that ends too early -> one whose missing strips or tiles are copies of a whole one, blank when decoded."""

from __future__ import annotations

from collections.abc import Callable

from PIL import Image

from sedicfmt.errors import EncodeError
from sedicfmt.pipeline.picture_ifd import Directory, first_directory, with_numbers

Finish = Callable[[Image.Image], Image.Image]
WIDTH, HEIGHT, COMPRESSION, ROWS_PER_STRIP, TILE_WIDTH, TILE_HEIGHT = 256, 257, 259, 278, 322, 323  # tags
PARTS = ((273, 279), (324, 325))  # offsets and byte counts of strips, of tiles


def is_raw(data: bytes) -> bool:
    """Whether its samples are not compressed."""
    found = first_directory(data)
    return found is not None and found.first(COMPRESSION) in (None, 1)


def with_whole_strips(data: bytes) -> tuple[bytes, float, Finish]:
    """(the file, the share of strips or tiles that are whole, what is to be done with the picture)."""
    found = first_directory(data)
    tags = next((pair for pair in PARTS if found and found.numbers(pair[0])), None)
    if found is None or tags is None:
        raise EncodeError("it ends before its pixels")
    offsets, counts = found.numbers(tags[0]), found.numbers(tags[1])
    whole = [at + size <= len(data) for at, size in zip(offsets, counts, strict=False)]
    whole += [False] * (len(offsets) - len(whole))
    if not any(whole):
        raise EncodeError("it ends within its first strip")
    stand_in = whole.index(True)
    for tag, numbers in zip(tags, (offsets, counts), strict=True):
        data = with_numbers(
            data, found, tag, [n if ok else numbers[stand_in] for n, ok in zip(numbers, whole, strict=True)]
        )
    missing = [place(found, tags == PARTS[1], i) for i, ok in enumerate(whole) if not ok]
    return data, sum(whole) / len(whole), lambda image: blanked(image, missing)


def place(found: Directory, tiled: bool, number: int) -> tuple[int, int, int, int]:
    """The box of a strip or tile."""
    width, height = found.first(WIDTH), found.first(HEIGHT)
    if not tiled:
        rows = found.first(ROWS_PER_STRIP) or height
        number %= -(-height // rows)  # planes of one sample each follow each other
        return 0, number * rows, width, min((number + 1) * rows, height)
    wide, high = found.first(TILE_WIDTH) or width, found.first(TILE_HEIGHT) or height
    row, column = divmod(number % (-(-width // wide) * -(-height // high)), -(-width // wide))
    return column * wide, row * high, min((column + 1) * wide, width), min((row + 1) * high, height)


def blanked(image: Image.Image, boxes: list[tuple[int, int, int, int]]) -> Image.Image:
    """Zeros in these places."""
    for box in boxes:
        image.paste(0 if len(image.getbands()) == 1 else (0,) * len(image.getbands()), box)
    return image
