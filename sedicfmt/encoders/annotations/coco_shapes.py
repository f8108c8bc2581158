"""Where a COCO annotation is in the picture: outlines, run lengths or a box, seen without drawing it, and drawn.

The annotated picture may be another than the one that is packed: of another size, and, where the photo's EXIF orientation
turns it, as it is stored. A `Placement` leads from the one to the other. Which one it was only its size tells: by its shape
it is nearer to the photo as it is stored or as it is shown. Where both have one shape it counts as shown, as people draw
what they see.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sedicfmt.encoders.annotations.annotation_masks import Size, fill, finite_numbers
from sedicfmt.encoders.annotations.coco_run_lengths import run_lengths
from sedicfmt.errors import EncodeError
from sedicfmt.limits import MAX_SIDE
from sedicfmt.picture import Pixels

Corners = NDArray[np.float64]  # (number, 2): x, y


@dataclass(frozen=True)
class Placement:
    """From an annotated picture of `told` (height, width) to the packed one of `size`, turned as EXIF's `orientation` says."""

    told: Size
    size: Size
    orientation: int = 1

    @classmethod
    def of(cls, told: Size, size: Size, orientation: int, path: str) -> Placement:
        """Raises EncodeError where the annotated picture lay on its side and nothing says how it was turned."""
        aside, upright = (abs(log(told[0] / told[1]) - log(s[0] / s[1])) for s in (size[::-1], size))
        lying = 2 * aside < upright
        if lying and orientation < 5:
            told_as, is_now = (f"{n[1]}x{n[0]}" for n in (told, size))
            raise EncodeError(f"annotated at {told_as}, the picture is {is_now}: it was turned since", path)
        return cls(told, size, orientation if lying else 1)

    def corners(self, corners: Corners) -> Corners:
        """Places in the annotated picture as places in the packed one."""
        transposed, across, down = TURNS[self.orientation]
        height, width = self.told
        x = width - corners[:, 0] if across else corners[:, 0]
        y = height - corners[:, 1] if down else corners[:, 1]
        x, y, width, height = (y, x, height, width) if transposed else (x, y, width, height)
        return np.stack([x * (self.size[1] / width), y * (self.size[0] / height)], axis=1)

    def pixels(self, pixels: Pixels) -> Pixels:
        """A mask of the annotated picture as one of the packed picture, by the nearest pixel."""
        transposed, across, down = TURNS[self.orientation]
        turned = pixels[:: -1 if down else 1, :: -1 if across else 1]
        turned = turned.T if transposed else turned
        rows, columns = (
            ((np.arange(n) + 0.5) * m / n).astype(int) for n, m in zip(self.size, turned.shape, strict=True)
        )
        return np.ascontiguousarray(turned[rows[:, None], columns])


@dataclass(frozen=True)
class Shape:
    """An annotation's place, not drawn: outlines in the packed picture's pixels, or run lengths in a picture of their own."""

    placement: Placement
    outlines: tuple[Corners, ...] = ()
    runs: list[int] = field(default_factory=list)
    is_box: bool = False

    @property
    def area(self) -> float:
        """About how many pixels of the packed picture it covers, of outlines that overlap too many."""
        if self.runs:
            return (
                sum(self.runs[1::2])
                * self.placement.size[0]
                * self.placement.size[1]
                / (self.placement.told[0] * self.placement.told[1])
            )
        inside = [np.clip(corners, 0, self.placement.size[::-1]) for corners in self.outlines]
        return sum(
            abs(float((c[:, 0] * np.roll(c[:, 1], -1) - c[:, 1] * np.roll(c[:, 0], -1)).sum())) / 2 for c in inside
        )

    def draw(self) -> Pixels:
        """Its pixels in the packed picture, 0/1, possibly none."""
        if self.runs:
            values = (np.arange(len(self.runs)) % 2).astype(np.uint8)
            return self.placement.pixels(np.repeat(values, self.runs).reshape(self.placement.told[::-1]).T)
        drawn = np.zeros(self.placement.size, np.uint8)
        for corners in self.outlines:
            drawn |= fill(corners, self.placement.size)
        return drawn


def shape_of(entry: dict[str, Any], path: str, placement: Placement) -> Shape:
    """What `entry` says of its place: `segmentation`, or `bbox` where that is missing or empty. Raises EncodeError."""
    told, place = entry.get("segmentation"), f"{path}.segmentation"
    if isinstance(told, dict) and told:
        return _of_runs(told, place, placement)
    if not isinstance(told or [], list):
        raise EncodeError("expected polygons or run lengths", place)
    parts = [told] if told and not any(isinstance(part, list) for part in told) else told or []
    outlines = [
        _outline(part, f"{place}[{i}]", placement) for i, part in enumerate(parts) if part != [] and not _thin(part)
    ]
    return Shape(placement, tuple(outlines)) if outlines else _of_box(entry.get("bbox"), path, placement)


def _thin(part: Any) -> bool:
    """A polygon of one or two corners has no inside."""
    return isinstance(part, list) and len(part) in (2, 4)


def _outline(numbers: Any, path: str, placement: Placement) -> Corners:
    """COCO's polygon [x, y, x, y, ...]."""
    if not isinstance(numbers, list) or len(numbers) < 6 or len(numbers) % 2:
        raise EncodeError("a polygon is an even number of at least six coordinates", path)
    return placement.corners(np.array(finite_numbers(numbers, len(numbers), path)).reshape(-1, 2))


def _of_box(box: Any, path: str, placement: Placement) -> Shape:
    """COCO's box [left, top, width, height]."""
    if not box:
        raise EncodeError("neither outline nor box", path)
    left, top, width, height = finite_numbers(box, 4, f"{path}.bbox")
    if not (width > 0 and height > 0):
        raise EncodeError("a box without width or height", f"{path}.bbox")
    right, bottom = left + width, top + height
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
    return Shape(placement, (placement.corners(corners),), is_box=True)


def _of_runs(told: dict[str, Any], path: str, placement: Placement) -> Shape:
    """Their own size says which picture was annotated."""
    size = told.get("size")
    if not isinstance(size, list) or len(size) != 2 or any(type(n) is not int or not 0 < n <= MAX_SIDE for n in size):
        raise EncodeError("run lengths need the picture's size [height, width]", f"{path}.size")
    stored, now, turned = (size[0], size[1]), placement.size, placement.orientation
    own = placement if stored == placement.told else Placement.of(stored, now, turned, path)
    return Shape(own, runs=run_lengths(told.get("counts"), size[0] * size[1], f"{path}.counts"))


# by EXIF's orientation: whether the stored picture is transposed at last, and before that mirrored across and down
TURNS = {
    1: (False, False, False), 2: (False, True, False), 3: (False, True, True), 4: (False, False, True),
    5: (True, False, False), 6: (True, False, True), 7: (True, True, True), 8: (True, True, False),
}  # fmt: skip
