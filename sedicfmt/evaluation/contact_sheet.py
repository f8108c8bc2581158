"""A labelled sheet of pictures side by side: a row for each photo, a column for each way of coding it.

Figures say which is nearer; only the eye says what went wrong. So every comparison of this package can draw its
pictures at a size where a page shows several rows, each with its bytes and its PSNR below it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from sedicfmt.picture import Picture

from ..errors import EncodeError

BACKGROUND, INK, EMPTY = (255, 255, 255), (20, 20, 20), (225, 225, 225)
GAP, LINE = 8, 20  # pixels between cells, and for a line of text
WIDEST = 1480  # pixels of a saved sheet: enough to see, small enough to keep in a repository


@dataclass(frozen=True)
class Cell:
    """One picture, uint8, shape (height, width, 3), or None where there is none; and the words below it."""

    picture: Picture | None
    caption: str


@dataclass(frozen=True)
class Row:
    """The cells of one photo, in the order of the columns."""

    cells: Sequence[Cell]


def caption(size: int, decibels: float) -> str:
    """What stands below a coded picture, such as "982 bytes, 22.81 dB"."""
    return f"{size:,} bytes, {decibels:.2f} dB"


def draw_sheet(columns: Sequence[str], rows: Sequence[Row], width: int = 360) -> Image.Image:
    """The sheet, RGB; every cell `width` pixels wide, each row as high as its highest picture.

    Raises EncodeError where a row has not one cell for each of `columns`, or where there is no row.
    """
    if not rows or any(len(row.cells) != len(columns) for row in rows):
        raise EncodeError(f"a sheet needs rows, each of {len(columns)} cells: {', '.join(columns)}")
    heights = [max(_scaled_height(cell, width) for cell in row.cells) for row in rows]
    total = (GAP + len(columns) * (width + GAP), GAP + LINE + sum(h + LINE + GAP for h in heights))
    sheet = Image.new("RGB", total, BACKGROUND)
    pen = ImageDraw.Draw(sheet)
    for i, title in enumerate(columns):
        _write(pen, _left(i, width), GAP // 2, title)
    top = GAP + LINE
    for row, height in zip(rows, heights, strict=True):
        for i, cell in enumerate(row.cells):
            _draw_cell(sheet, pen, cell, _left(i, width), top, width, height)
        top += height + LINE + GAP
    return sheet


def save_sheet(sheet: Image.Image, path: Path) -> None:
    """Writes the sheet, at most WIDEST pixels wide, in the format that the name's end says."""
    smaller = sheet.copy()
    smaller.thumbnail((WIDEST, sheet.height))
    smaller.save(path, quality=80, optimize=True)


def spread(count: int, most: int) -> list[int]:
    """At most `most` of the indices 0 … `count` - 1, evenly spread: a sheet of part of a folder shows all of it."""
    shown = min(count, most)
    return [i * count // shown for i in range(shown)]


def _left(column: int, width: int) -> int:
    return GAP + column * (width + GAP)


def _scaled_height(cell: Cell, width: int) -> int:
    return 0 if cell.picture is None else max(1, round(cell.picture.shape[0] * width / cell.picture.shape[1]))


def _draw_cell(
    sheet: Image.Image, pen: ImageDraw.ImageDraw, cell: Cell, left: int, top: int, width: int, height: int
) -> None:
    if cell.picture is None:
        pen.rectangle((left, top, left + width - 1, top + height - 1), fill=EMPTY)
    else:
        size = (width, _scaled_height(cell, width))
        sheet.paste(Image.fromarray(cell.picture).resize(size, Image.Resampling.LANCZOS), (left, top))
    _write(pen, left, top + height + 2, cell.caption)


def _write(pen: ImageDraw.ImageDraw, left: int, top: int, text: str) -> None:
    pen.text((left, top), text, fill=INK, font=ImageFont.load_default(size=13))
