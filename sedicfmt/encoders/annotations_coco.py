"""One picture of a COCO file: its objects from `instances.json`, its caption from there or from `captions.json` beside it.

The picture is found by its file name, without folders. Objects marked iscrowd are skipped; the others come largest first,
named by their category, their text from what can be measured of them (measure_region). Masks are polygons, all parts of an
object together, or uncompressed run lengths. The caption is the longest that fits the request, else the first one, cut.
Where the annotated size differs from the picture's, polygons are scaled and a warning says so.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from sedicfmt.encoders.annotation_masks import Size, bounding_box, flat_polygon_mask, rle_mask
from sedicfmt.encoders.interfaces import DescribedObject, DescribeRequest, Description, Picture, Pixels
from sedicfmt.encoders.measure_region import measure, region_text
from sedicfmt.encoders.words import count_words, limit_with_note, normalise, require_text
from sedicfmt.errors import EncodeError

Entries = list[tuple[str, dict[str, Any]]]  # each with its place in the JSON
CAPTIONS = "captions.json"


def load_json(file: Path) -> dict[str, Any]:
    """The JSON object in `file`, read once for many pictures. Raises EncodeError where there is none."""
    try:
        there = file.stat()
        return _load_json(file, there.st_mtime_ns, there.st_size)
    except OSError as error:
        raise EncodeError(f"cannot read {file}: {error.strerror}") from error


@lru_cache(maxsize=2)  # annotations and captions
def _load_json(file: Path, changed: int, size: int) -> dict[str, Any]:
    try:
        content = json.loads(file.read_bytes())
    except (ValueError, RecursionError) as error:  # also bytes that are not Unicode
        raise EncodeError(f"{file.name} is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise EncodeError(f"{file.name} holds no JSON object")
    return content


def describe_coco(
    content: dict[str, Any], file: Path, image_name: str | None, image: Picture, request: DescribeRequest
) -> Description:
    """What the COCO file `content` says of the picture called `image_name`. Raises EncodeError naming the place."""
    info_path, info = _find_image(content, image_name)
    annotations = _of_image(content, info.get("id"))
    scale, warnings = _scale(info, image, info_path)
    overall, notes = _caption(annotations or [], info, file, request.words_overall)
    size = (image.shape[0], image.shape[1])
    names = _category_names(content)
    masks = [_masked(entry, path, names, size, scale) for path, entry in annotations if _is_object(entry)]
    ranked = sorted((m for m in masks if m[1].any()), key=lambda m: -int(m[1].sum()))[: max(0, request.objects)]
    objects = tuple(_described(image, name, pixels, request) for name, pixels in ranked)
    return Description(overall, objects, {"warnings": warnings + notes})


def _find_image(content: dict[str, Any], image_name: str | None) -> tuple[str, dict[str, Any]]:
    if not image_name:
        raise EncodeError("a COCO file needs the picture's file name", "images")
    name = PurePath(image_name).name
    found = [(path, e) for path, e in _entries(content, "images") if PurePath(str(e.get("file_name"))).name == name]
    if len(found) != 1:
        raise EncodeError(f"{'no picture is' if not found else 'several pictures are'} called {name!r}", "images")
    return found[0]


def _of_image(content: dict[str, Any], image_id: object) -> Entries:
    return [(path, entry) for path, entry in _entries(content, "annotations") if entry.get("image_id") == image_id]


def _entries(content: dict[str, Any], key: str) -> Entries:
    """The objects in the list `key`, an empty one where it is missing."""
    value = content.get(key, [])
    if not isinstance(value, list):
        raise EncodeError("expected a list", key)
    for i, entry in enumerate(value):
        if not isinstance(entry, dict):
            raise EncodeError("expected an object", f"{key}[{i}]")
    return [(f"{key}[{i}]", entry) for i, entry in enumerate(value)]


def _is_object(entry: dict[str, Any]) -> bool:
    return "segmentation" in entry and not entry.get("iscrowd")


def _category_names(content: dict[str, Any]) -> dict[object, str]:
    names: dict[object, str] = {}
    for path, entry in _entries(content, "categories"):
        number, name = entry.get("id"), entry.get("name")
        if type(number) is not int or not isinstance(name, str) or not normalise(name):
            raise EncodeError("a category has an id, a whole number, and a name", path)
        names[number] = normalise(name)
    return names


def _scale(info: dict[str, Any], image: Picture, path: str) -> tuple[tuple[float, float], list[str]]:
    """The picture's width and height over the annotated ones, and a warning where they differ."""
    height, width = image.shape[:2]
    told = info.get("width", width), info.get("height", height)
    if any(type(n) is not int or n <= 0 for n in told):
        raise EncodeError("width and height are whole numbers above 0", path)
    if told == (width, height):
        return (1.0, 1.0), []
    return (width / told[0], height / told[1]), [f"{path}: annotated at {told[0]}x{told[1]}, polygons are scaled"]


def _masked(
    entry: dict[str, Any], path: str, names: dict[object, str], size: Size, scale: tuple[float, float]
) -> tuple[str, Pixels]:
    """An annotation's category and its mask, which may be empty: COCO has objects thinner than a pixel."""
    category, shape, place = entry.get("category_id"), entry["segmentation"], f"{path}.segmentation"
    if type(category) is not int or category not in names:
        raise EncodeError("there is no such category", f"{path}.category_id")
    if isinstance(shape, dict):
        return names[category], rle_mask(shape, size, place)
    if not isinstance(shape, list) or not shape:
        raise EncodeError("expected polygons or run lengths", place)
    parts = [flat_polygon_mask(part, size, f"{place}[{i}]", scale) for i, part in enumerate(shape)]
    return names[category], np.maximum.reduce(parts)


def _described(image: Picture, name: str, pixels: Pixels, request: DescribeRequest) -> DescribedObject:
    text = region_text(name, measure(image, pixels), request.words_object)
    return DescribedObject(name, text, pixels, bounding_box(pixels))


def _caption(annotations: Entries, info: dict[str, Any], file: Path, most: int) -> tuple[str, list[str]]:
    """The picture's caption within `most` words, and a warning where there is none or it was cut."""
    captions = [entry for entry in annotations if "caption" in entry[1]] or _captions_beside(info, file)
    for path, entry in captions:
        require_text(entry.get("caption"), f"{path}.caption")
    if not captions:
        return "", ["overall: no caption found"]
    fitting = [c for c in captions if count_words(c[1]["caption"]) <= most]
    path, best = max(fitting, key=lambda c: count_words(c[1]["caption"])) if fitting else captions[0]
    return limit_with_note(best["caption"], most, f"{path}.caption")


def _captions_beside(info: dict[str, Any], file: Path) -> Entries:
    """The captions of the same picture in `captions.json` in the same folder; it is the same picture by its id."""
    beside = file.parent / CAPTIONS
    if beside.name == file.name or not beside.is_file():
        return []
    content = load_json(beside)
    return [(f"{CAPTIONS}:{path}", entry) for path, entry in _of_image(content, info.get("id"))]
