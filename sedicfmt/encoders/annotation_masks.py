"""The ways in which an annotation file gives a mask, each into full-size pixels: PNG, polygon, box, run lengths.

Every fault raises EncodeError; `path` says where in the JSON it stands. A PNG is named relative to the JSON's folder and
must lie inside it, also after links are followed: the file may come from somebody else.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from sedicfmt.encoders.interfaces import Box, Pixels
from sedicfmt.errors import EncodeError

Size = tuple[int, int]  # height, width


def read_mask(value: Any, folder: Path, size: Size, path: str) -> Pixels:
    """The mask that `value` (a file name, or an object with one of `polygon`, `box`, `rle`) describes, 0/1 of `size`."""
    if isinstance(value, str):
        return _not_empty(png_mask(value, folder, size, path), path)
    if not isinstance(value, dict) or len(value) != 1 or next(iter(value)) not in KINDS:
        raise EncodeError(f"a mask is a PNG's name or an object with one of {', '.join(KINDS)}", path)
    kind, content = next(iter(value.items()))
    return _not_empty(KINDS[kind](content, size, f"{path}.{kind}"), path)


def png_mask(name: str, folder: Path, size: Size, path: str) -> Pixels:
    """A PNG of the picture's size: what is neither 0 nor transparent belongs to the object."""
    file = _inside(name, folder, path)
    try:
        with Image.open(file, formats=["PNG"]) as png:
            if png.size != size[::-1]:
                raise EncodeError(f"the mask is {png.width}x{png.height}, the picture {size[1]}x{size[0]}", path)
            bands = np.asarray(png.convert("RGBA"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise EncodeError(f"{name!r} is not a PNG that can be read: {error}", path) from error
    return (bands[..., :3].any(axis=-1) & (bands[..., 3] > 0)).astype(np.uint8)


def polygon_mask(points: Any, size: Size, path: str) -> Pixels:
    """The inside of a polygon given as [[x, y], ...], at least three corners, in pixels."""
    if not isinstance(points, list) or len(points) < 3:
        raise EncodeError("a polygon has at least three corners [x, y]", path)
    return _fill([_numbers(point, 2, f"{path}[{i}]") for i, point in enumerate(points)], size)


def flat_polygon_mask(numbers: Any, size: Size, path: str, scale: tuple[float, float] = (1.0, 1.0)) -> Pixels:
    """COCO's polygon [x, y, x, y, ...]; `scale` is the picture's width and height over the annotated one's."""
    if not isinstance(numbers, list) or len(numbers) < 6 or len(numbers) % 2:
        raise EncodeError("a polygon is an even number of at least six coordinates", path)
    values = _numbers(numbers, len(numbers), path)
    return _fill([[x * scale[0], y * scale[1]] for x, y in zip(values[::2], values[1::2], strict=True)], size)


def box_mask(edges: Any, size: Size, path: str) -> Pixels:
    """The box [left, top, right, bottom] in pixels, the last two just outside."""
    left, top, right, bottom = _numbers(edges, 4, path)
    if right <= left or bottom <= top:
        raise EncodeError("a box is [left, top, right, bottom] with left < right and top < bottom", path)
    rows, columns = np.arange(size[0])[:, None] + 0.5, np.arange(size[1])[None] + 0.5
    return ((rows > top) & (rows < bottom) & (columns > left) & (columns < right)).astype(np.uint8)


def rle_mask(value: Any, size: Size, path: str) -> Pixels:
    """COCO's run lengths {"size": [height, width], "counts": [zeros, ones, zeros, ...]}, column after column."""
    if not isinstance(value, dict) or value.get("size") != list(size):
        raise EncodeError(f"run lengths need the picture's size [{size[0]}, {size[1]}]", f"{path}.size")
    counts = value.get("counts")
    if isinstance(counts, str):
        raise EncodeError("compressed run lengths are not read: give counts as a list of numbers", f"{path}.counts")
    total = size[0] * size[1]
    if not isinstance(counts, list) or any(type(n) is not int or not 0 <= n <= total for n in counts):
        raise EncodeError("counts is a list of whole numbers, none below 0 or above the picture", f"{path}.counts")
    if sum(counts) != total:
        raise EncodeError(f"counts add up to {sum(counts)}, the picture has {total} pixels", f"{path}.counts")
    values = np.arange(len(counts)) % 2
    return np.ascontiguousarray(np.repeat(values.astype(np.uint8), counts).reshape(size[::-1]).T)


def bounding_box(pixels: Pixels) -> Box:
    """The smallest box around the ones of a mask that has some."""
    rows, columns = np.flatnonzero(pixels.any(axis=1)), np.flatnonzero(pixels.any(axis=0))
    return Box(float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1))


def _fill(points: list[list[float]], size: Size) -> Pixels:
    """Corners far outside are drawn at the picture's border, give or take its size: Pillow draws no endless lines."""
    height, width = size
    kept = [(min(max(x, -width), 2 * width), min(max(y, -height), 2 * height)) for x, y in points]
    canvas = Image.new("L", (width, height))
    ImageDraw.Draw(canvas).polygon(kept, fill=1)
    return np.array(canvas, np.uint8)


def _numbers(values: Any, count: int, path: str) -> list[float]:
    """`count` finite numbers, or EncodeError."""
    if not isinstance(values, list) or len(values) != count:
        raise EncodeError(f"expected {count} numbers", path)
    if any(type(v) not in (int, float) or not abs(v) < 1e9 or not math.isfinite(v) for v in values):
        raise EncodeError("expected finite numbers, in pixels", path)
    return [float(v) for v in values]


def _inside(name: str, folder: Path, path: str) -> Path:
    """The file `name` in `folder`, links followed; EncodeError where it leaves the folder or is no file."""
    try:
        root, file = folder.resolve(), (folder / name).resolve()
        if Path(name).is_absolute() or not file.is_relative_to(root):
            raise EncodeError(f"{name!r} leaves the folder of the annotations", path)
        if not file.is_file():
            raise EncodeError(f"there is no file {name!r} beside the annotations", path)
    except (ValueError, OSError, RuntimeError) as error:  # a zero byte, a name too long, links in a circle
        raise EncodeError(f"{name!r} is not a file's name", path) from error
    return file


def _not_empty(pixels: Pixels, path: str) -> Pixels:
    if not pixels.any():
        raise EncodeError("the mask has no pixel in the picture", path)
    return pixels


KINDS = {"polygon": polygon_mask, "box": box_mask, "rle": rle_mask}
