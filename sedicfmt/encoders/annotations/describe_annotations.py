"""The describer that reads what the user (or a data set) wrote: `annotations:FILE`, a JSON of our own or COCO's.

Our own describes one picture:

    {"overall": "A cat on a red sofa in front of a window.",
     "objects": [{"name": "cat", "text": "cat with white paws, asleep", "mask": "cat.png"},
                 {"name": "sofa", "mask": {"polygon": [[10, 200], [500, 200], [500, 380], [10, 380]]}},
                 {"name": "window", "mask": {"box": [300, 20, 480, 160]}}]}

`name` says what the object is; `text` (the name alone where it is left out) is sent. A mask is a PNG of the picture's size,
named relative to the JSON's folder (what is not black belongs to the object), a polygon [x, y], a box [left, top, right,
bottom], or {"rle": {"size": [height, width], "counts": [...]}}; an object without one is left out, with a warning. The
order is the user's. Coordinates are the picture's pixels as it is shown, so after EXIF's orientation. Other keys are an
error: a misspelt one would be lost silently. Every fault raises EncodeError, whose `path` names the place.

COCO's (it has "images") holds many, and its faults cost no more than what they concern: see annotations_coco.py. Both are
cut to the request's words and number of objects; `report["warnings"]` says where.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sedicfmt.declared import needs, reads_files
from sedicfmt.encoders.annotations.annotation_masks import Size, bounding_box, read_mask
from sedicfmt.encoders.annotations.annotations_coco import describe_coco
from sedicfmt.encoders.annotations.coco_file import load_json
from sedicfmt.encoders.interfaces import DescribedObject, DescribeRequest, Description, require_picture
from sedicfmt.encoders.words import limit_with_note, normalise, require_text
from sedicfmt.errors import EncodeError
from sedicfmt.picture import Picture


@dataclass(frozen=True)
class AnnotationsDescriber:
    """Describer that reads `file`. In a COCO file the request's `image_name`, the picture's path, finds it there, and
    `orientation` made the picture as it is shown of the one as it is stored."""

    file: Path

    def describe(self, image: Picture, request: DescribeRequest) -> Description:
        """What the file says of `image`, within the request's limits. Raises EncodeError, OSError."""
        require_picture(image)
        content = load_json(self.file)
        if "images" in content:
            return describe_coco(content, self.file, request.image_name, request.orientation, image, request)
        return _describe_own(content, self.file.parent, (image.shape[0], image.shape[1]), request)


@reads_files
@needs(usage="annotations:FILE")
def open_annotations(argument: str | None) -> AnnotationsDescriber:
    """The registry's factory. Raises EncodeError without an argument, or for a file that holds no JSON; OSError."""
    if not argument:
        raise EncodeError("the describer 'annotations' needs a file: annotations:FILE")
    load_json(Path(argument))
    return AnnotationsDescriber(Path(argument))


def _describe_own(content: dict[str, Any], folder: Path, size: Size, request: DescribeRequest) -> Description:
    _known_keys(content, {"overall", "objects"}, "")
    entries = content.get("objects", [])
    if not isinstance(entries, list):
        raise EncodeError("expected a list", "objects")
    overall, warnings = limit_with_note(_text(content, "overall", "", ""), request.words_overall, "overall")
    most = max(0, request.objects)
    objects = []
    for i, entry in enumerate(entries):  # all are checked, but drawn are those that are sent
        described, notes = _object(entry, request, f"objects[{i}]")
        if i < most:
            objects.append(_masked(described, entry, folder, size, f"objects[{i}].mask"))
            warnings += notes
    if len(entries) > most:
        warnings.append(f"objects: the first {most} of {len(entries)} {'is' if most == 1 else 'are'} kept")
    return Description(overall, tuple(objects), {"warnings": warnings})


def _object(entry: Any, request: DescribeRequest, path: str) -> tuple[DescribedObject, list[str]]:
    if not isinstance(entry, dict):
        raise EncodeError("expected an object with a name", path)
    _known_keys(entry, {"name", "text", "mask"}, path)
    name = normalise(_text(entry, "name", "", path))
    if not name:
        raise EncodeError("an object needs a name", f"{path}.name")
    text, notes = limit_with_note(_text(entry, "text", name, path), request.words_object, f"{path}.text")
    return DescribedObject(name, text), notes


def _masked(one: DescribedObject, entry: dict[str, Any], folder: Path, size: Size, path: str) -> DescribedObject:
    if "mask" not in entry:
        return one
    pixels = read_mask(entry["mask"], folder, size, path)
    return replace(one, pixels=pixels, box=bounding_box(pixels))


def _text(entry: dict[str, Any], key: str, default: str, path: str) -> str:
    return require_text(entry.get(key, default), f"{path}.{key}".lstrip("."))


def _known_keys(entry: dict[str, Any], known: set[str], path: str) -> None:
    for key in entry:
        if key not in known:
            place = f"{path}.{key}".lstrip(".").encode("utf-8", "replace").decode()
            raise EncodeError(f"unknown key; known are {', '.join(sorted(known))}", place)
