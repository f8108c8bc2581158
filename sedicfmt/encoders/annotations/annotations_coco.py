"""One picture of a COCO file: its objects from `instances.json`, its caption from there or from `captions.json` beside it.

The picture is found by its path (coco_file.py). Its objects come largest first, those marked iscrowd behind the others: in
COCO's own files they are groups, in CVAT's ordinary masks. Each is named by its category (its category_id's, or its own
category_name), its text is what can be measured of it (measure_region). Its mask is its outlines together, its run lengths,
or its box where it has neither (coco_shapes.py).
The caption is the longest that fits the request, else the first one, cut.

No object is lost silently: one that cannot be used, or is one too many, is left out, and a warning says how many and why.
Only those that are sent are drawn. Where the annotated size differs from the picture's, places are scaled and a warning
says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sedicfmt.encoders.annotations.annotation_masks import Size, bounding_box
from sedicfmt.encoders.annotations.coco_file import (
    Content,
    Entries,
    caption,
    category_names,
    find_picture,
    key_of,
    of_picture,
    whole_number,
)
from sedicfmt.encoders.annotations.coco_shapes import Placement, Shape, shape_of
from sedicfmt.encoders.interfaces import DescribedObject, DescribeRequest, Description
from sedicfmt.encoders.offline.measure_region import measure, region_text
from sedicfmt.encoders.words import normalise, require_text
from sedicfmt.errors import EncodeError
from sedicfmt.picture import Picture, Pixels


@dataclass(frozen=True)
class Found:
    """An object that can be sent, not drawn yet, and its place in the JSON."""

    path: str
    name: str
    shape: Shape
    is_crowd: bool


@dataclass
class LeftOut:
    """Places in the JSON of what is not sent, by the reason."""

    places: dict[str, list[str]] = field(default_factory=dict)

    def add(self, reason: str, path: str) -> None:
        """One more."""
        self.places.setdefault(reason, []).append(path)

    def warnings(self) -> list[str]:
        """A line for each reason."""
        return [
            f"{len(paths)} annotation{'s are' if len(paths) > 1 else ' is'} left out: {reason} ({paths[0]}"
            + (", ...)" if len(paths) > 1 else ")")
            for reason, paths in self.places.items()
        ]


def describe_coco(
    content: Content, file: Path, picture: str | None, orientation: int, image: Picture, request: DescribeRequest
) -> Description:
    """What the COCO file `content` says of `image`, the picture at the path `picture`, which EXIF's `orientation` turned.

    Raises EncodeError, naming the place, where it says nothing of it, or of what size the annotated picture was.
    """
    path, info, warnings = find_picture(content, picture)
    left_out = LeftOut()
    annotations = of_picture(content, info.get("id"), left_out.add)
    overall, notes = caption(annotations, info, file, request.words_overall)
    size = (image.shape[0], image.shape[1])
    told = annotated_size(info, path, warnings)
    found: list[Found] = []
    try:
        placement = Placement.of(told or size, size, orientation, path)
        warnings += doubts(placement, told, orientation, path)
        found = list(usable(content, annotations, placement, left_out))
    except EncodeError as error:  # how it lay
        for place, entry in annotations:
            if not is_caption(entry):
                left_out.add(error.message, place)
    objects, more = drawn(found, image, request, left_out)
    return Description(overall, objects, {"warnings": [*warnings, *notes, *left_out.warnings(), *more]})


def annotated_size(info: Content, path: str, warnings: list[str]) -> Size | None:
    """Height and width of the annotated picture, None where the file does not say, or says what is none, with a warning."""
    told = [info.get(side) for side in ("height", "width")]
    if told == [None, None]:
        return None
    height, width = map(whole_number, told)
    if height is None or width is None or not 0 < min(height, width) <= max(height, width) <= MOST:
        warnings.append(f"{path}: width and height are whole numbers above 0; taken as the picture's own")
        return None
    return height, width


def doubts(placement: Placement, told: Size | None, orientation: int, path: str) -> list[str]:
    """What the reader has to be told of how annotated places became the picture's."""
    height, width = placement.size
    if orientation > 1 and placement.orientation == 1 and (told is None or orientation < 5 or height == width):
        return [f"{path}: EXIF turns this photo, and its size does not tell how it was annotated; taken as it is shown"]
    if told in (None, placement.size) or (placement.orientation > 1 and told == (width, height)):
        return []
    assert told is not None
    return [f"{path}: annotated at {told[1]}x{told[0]}, the picture is {width}x{height}; places are scaled"]


def usable(content: Content, annotations: Entries, placement: Placement, left_out: LeftOut) -> Iterator[Found]:
    """The picture's objects; what is none is told to `left_out`."""
    names = category_names(content)
    for path, entry in annotations:
        if is_caption(entry):
            continue
        try:
            name = category_of(entry, names, f"{path}.category_name")
            yield Found(path, name, shape_of(entry, path, placement), entry.get("iscrowd") in CROWD)
        except EncodeError as error:
            left_out.add(error.message, error.path or path)


def is_caption(entry: dict[str, Any]) -> bool:
    """Whether it is a caption alone, of no object."""
    return "caption" in entry and all(entry.get(key) in (None, "") for key in ("category_id", "category_name"))


def category_of(entry: dict[str, Any], names: dict[str | None, str], path: str) -> str:
    """The category's name: that of its id, or, where the file lists none of that id, the one at `path` in the entry itself.

    Raises EncodeError where there is neither, or where the two say different things.
    """
    number, told = entry.get("category_id"), entry.get("category_name")
    listed = names.get(key_of(number))
    own = normalise(told) if isinstance(told, str) else ""
    if listed and own and listed.casefold() != own.casefold():
        raise EncodeError("its category_id and its category_name are two categories", path)
    if listed or own:
        return listed or normalise(require_text(told, path))
    if number is None and not isinstance(told, str | None):
        raise EncodeError("a category's name is a text", path)
    raise EncodeError("it names no category" if number is None else "there is no such category")


def drawn(
    found: list[Found], image: Picture, request: DescribeRequest, left_out: LeftOut
) -> tuple[tuple[DescribedObject, ...], list[str]]:
    """The objects that are sent, and what is to be told of them and of those that are one too many."""
    ranked = sorted(found, key=lambda one: (one.is_crowd, -one.shape.area))
    sent: list[tuple[Found, Pixels]] = []
    for number, one in enumerate(ranked):
        if len(sent) == max(0, request.objects):
            rest = len(ranked) - number
            are = "is" if len(sent) == 1 else "are"
            told = f"the largest {len(sent)} of {len(sent) + rest} {are} kept" if sent else f"none of {rest} is kept"
            return described(sent, image, request), [*boxes(sent), f"objects: {told}"]
        pixels = one.shape.draw()
        if pixels.any():
            sent.append((one, pixels))
        else:
            left_out.add("it has no pixel in the picture", one.path)
    return described(sent, image, request), boxes(sent)


def described(
    sent: list[tuple[Found, Pixels]], image: Picture, request: DescribeRequest
) -> tuple[DescribedObject, ...]:
    """Names, texts, masks and boxes."""
    return tuple(
        DescribedObject(
            one.name, region_text(one.name, measure(image, pixels), request.words_object), pixels, bounding_box(pixels)
        )
        for one, pixels in sent
    )


def boxes(sent: list[tuple[Found, Pixels]]) -> list[str]:
    """A warning where boxes stand for outlines."""
    paths = [one.path for one, _ in sent if one.shape.is_box]
    shapes = [one.shape for one, _ in sent if one.shape.is_box]
    without = [path for path, one in zip(paths, shapes, strict=True) if not one.fault]
    told = [f"{len(without)} without an outline, the box is taken: {', '.join(without)}"] if without else []
    bad = [
        f"{path}: the box is taken, as of its outline {one.fault}"
        for path, one in zip(paths, shapes, strict=True)
        if one.fault
    ]
    return [*told, *bad]


CROWD = (1, "1", True)
MOST = 1 << 20  # pixels a side of an annotated picture
