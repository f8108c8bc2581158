"""What a COCO file says of which picture: the picture by its path, its entries by its id, captions from beside.

Exporters write the path as it was on their machine. Of the pictures in the file that one is meant whose path has most parts
in common with the picture's own, from the file's name upwards; "\\" separates parts as "/" does. Ids are numbers or texts, and
a number may be written as either.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from sedicfmt.encoders.words import count_words, limit_with_note, normalise, require_text
from sedicfmt.errors import EncodeError

Content = dict[str, Any]
Entries = list[tuple[str, Any]]  # each with its place in the JSON
CAPTIONS = "captions.json"


def load_json(file: Path) -> Content:
    """The JSON object in `file`, read once for many pictures. Raises OSError, EncodeError where there is none."""
    try:
        there = file.stat()
    except ValueError as error:  # a zero byte
        raise EncodeError(f"{str(file)!r} is not a file's name") from error
    return _load_json(file, there.st_mtime_ns, there.st_size)


@lru_cache(maxsize=2)  # annotations and captions
def _load_json(file: Path, changed: int, size: int) -> Content:
    try:
        content = json.loads(file.read_bytes())
    except (ValueError, RecursionError) as error:  # also bytes that are not Unicode
        raise EncodeError(f"{file.name} is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise EncodeError(f"{file.name} holds no JSON object")
    return content


def find_picture(content: Content, picture: str | None) -> tuple[str, Content, list[str]]:
    """The entry of the picture at the path `picture`, its place, and a warning where only a part of its path fits.

    Raises EncodeError where there is none, or several fit equally well.
    """
    if not picture:
        raise EncodeError("a COCO file needs the picture's file name", "images")
    wanted, found = path_parts(picture), dict[str, Content]()
    most = 1
    for path, entry in entries(content, "images"):
        alike = common_end(path_parts(entry.get("file_name")), wanted) if isinstance(entry, dict) else 0
        if alike > most:
            found, most = {}, alike
        if alike == most:
            found[path] = entry
    if len(found) != 1:
        told = "no picture is" if not found else "several pictures are"
        raise EncodeError(f"{told} called {'/'.join(wanted[-most:])!r}", "images")
    path, entry = found.popitem()
    if entry.get("id") is None:
        raise EncodeError("the picture has no id", path)
    whole = len(path_parts(entry["file_name"])) == most
    return path, entry, [] if whole else [f"{path}: taken for the picture, whose path is another: {entry['file_name']}"]


def path_parts(name: Any) -> tuple[str, ...]:
    """The parts of a path of any system; none for what is no text."""
    parts = unicodedata.normalize("NFC", name).replace("\\", "/").split("/") if isinstance(name, str) else []
    return tuple(part for part in parts if part not in ("", ".", ".."))


def common_end(a: tuple[str, ...], b: tuple[str, ...]) -> int:
    """How many parts of two paths are the same, from their ends upwards."""
    shorter = min(len(a), len(b))
    return next((i for i in range(shorter) if a[-1 - i] != b[-1 - i]), shorter)


def key_of(number: Any) -> str | None:
    """An id as text: 7, 7.0 and "7" are one; None for what is no id."""
    if isinstance(number, float) and number.is_integer():
        number = int(number)
    return str(number) if isinstance(number, int | str) and not isinstance(number, bool) else None


def entries(content: Content, key: str) -> Iterator[tuple[str, Any]]:
    """What is in the list `key`, nothing where it is missing. Raises EncodeError for what is no list."""
    value = content.get(key) or []
    if not isinstance(value, list):
        raise EncodeError("expected a list", key)
    return ((f"{key}[{i}]", entry) for i, entry in enumerate(value))


def of_picture(content: Content, image_id: Any) -> Entries:
    """The annotations of one picture."""
    wanted = key_of(image_id)
    of_it = ((p, e) for p, e in entries(content, "annotations") if isinstance(e, dict))
    return [(path, entry) for path, entry in of_it if key_of(entry.get("image_id")) == wanted]


def category_names(content: Content) -> dict[str | None, str]:
    """The names that are texts, by their ids."""
    names: dict[str | None, str] = {}
    for path, entry in entries(content, "categories"):
        try:
            name = normalise(require_text(entry.get("name"), path)) if isinstance(entry, dict) else ""
        except EncodeError:
            name = ""
        if name:
            names[key_of(entry.get("id"))] = name
    names.pop(None, None)
    return names


def caption(annotations: Entries, info: Content, file: Path, most: int) -> tuple[str, list[str]]:
    """The picture's caption, the longest within `most` words, else the first one, cut; and what is to be told of it."""
    own = [entry for entry in annotations if "caption" in entry[1]]
    found, warnings = (own, []) if own else captions_beside(info, file)
    good: list[tuple[str, str]] = []
    for path, entry in found:
        try:
            text = require_text(entry.get("caption"), f"{path}.caption")
            good += [(f"{path}.caption", text)] if normalise(text) else []
        except EncodeError as error:
            warnings.append(str(error))
    if not good:
        return "", [*warnings, "overall: no caption found"]
    fitting = [c for c in good if count_words(c[1]) <= most]
    path, best = max(fitting, key=lambda c: count_words(c[1])) if fitting else good[0]
    text, notes = limit_with_note(best, most, path)
    return text, warnings + notes


def captions_beside(info: Content, file: Path) -> tuple[Entries, list[str]]:
    """The captions of the same picture in `captions.json` in the same folder, and a warning where that cannot be used.

    It is the same picture where that file, too, lists it by its name; ids alone are the same in many data sets.
    """
    beside = file.parent / CAPTIONS
    if beside.name == file.name or not beside.is_file():
        return [], []
    try:
        content = load_json(beside)
        same = [entry for _, entry in entries(content, "images") if is_same(entry, info)]
        found = of_picture(content, same[0].get("id")) if len(same) == 1 else []
    except (EncodeError, OSError) as error:
        return [], [f"{CAPTIONS} is not used: {error}"]
    told = [] if len(same) == 1 else [f"{CAPTIONS} is not used: it does not list this picture"]
    return [(f"{CAPTIONS}:{path}", entry) for path, entry in found], told


def is_same(entry: Any, info: Content) -> bool:
    """Whether two files' entries are of one picture: its name, and its size where both tell one."""
    if not isinstance(entry, dict) or path_parts(entry.get("file_name")) != path_parts(info.get("file_name")):
        return False
    sizes = [(entry.get(side), info.get(side)) for side in ("width", "height")]
    return all(a == b for a, b in sizes if a is not None and b is not None)
