"""The ways in which an annotation file gives a mask, each into full-size pixels: PNG, polygon, box, run lengths.

A polygon or a box has the pixels whose centres lie in it, as pycocotools counts them. Every fault raises EncodeError; `path`
says where in the JSON it stands. A PNG is named relative to the JSON's folder and must lie inside it, also after links are
followed: the file may come from somebody else.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sedicfmt.encoders.annotations.coco_run_lengths import run_lengths
from sedicfmt.encoders.interfaces import Box
from sedicfmt.errors import EncodeError
from sedicfmt.picture import Pixels

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
    corners = [finite_numbers(point, 2, f"{path}[{i}]") for i, point in enumerate(points)]
    return fill(np.array(corners), size)


def box_mask(edges: Any, size: Size, path: str) -> Pixels:
    """The box [left, top, right, bottom] in pixels, the last two just outside."""
    left, top, right, bottom = finite_numbers(edges, 4, path)
    if right <= left or bottom <= top:
        raise EncodeError("a box is [left, top, right, bottom] with left < right and top < bottom", path)
    rows, columns = np.arange(size[0])[:, None] + 0.5, np.arange(size[1])[None] + 0.5
    return ((rows > top) & (rows < bottom) & (columns > left) & (columns < right)).astype(np.uint8)


def rle_mask(value: Any, size: Size, path: str) -> Pixels:
    """COCO's run lengths {"size": [height, width], "counts": [zeros, ones, zeros, ...]}, column after column; `counts` may
    be COCO's string of them as well."""
    if not isinstance(value, dict) or value.get("size") != list(size):
        raise EncodeError(f"run lengths need the picture's size [{size[0]}, {size[1]}]", f"{path}.size")
    counts = run_lengths(value.get("counts"), size[0] * size[1], f"{path}.counts")
    values = (np.arange(len(counts)) % 2).astype(np.uint8)
    return np.ascontiguousarray(np.repeat(values, counts).reshape(size[::-1]).T)


def bounding_box(pixels: Pixels) -> Box:
    """The smallest box around the ones of a mask that has some."""
    rows, columns = np.flatnonzero(pixels.any(axis=1)), np.flatnonzero(pixels.any(axis=0))
    return Box(float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1))


def fill(corners: NDArray[np.float64], size: Size) -> Pixels:
    """The pixels whose centres lie in a polygon (number, 2) of x and y, even-odd, 0/1 of `size`.

    Each edge turns over, in the rows whose middle it crosses, what lies to its right.
    """
    height, width = size
    turned = np.zeros((height, width + 1), bool)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        top, bottom = np.clip(np.ceil(np.array(sorted((y0, y1))) - 0.5), 0, height).astype(int)
        if top < bottom:
            rows = np.arange(top, bottom)
            crossed = x0 + (rows + 0.5 - y0) * ((x1 - x0) / (y1 - y0))
            turned[rows, np.clip(np.ceil(crossed - 0.5), 0, width).astype(int)] ^= True
    return np.logical_xor.accumulate(turned, axis=1)[:, :width].astype(np.uint8)


def finite_numbers(values: Any, count: int, path: str) -> list[float]:
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
