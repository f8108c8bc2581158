"""What a COCO file says of which picture: the picture by its path, its entries by its id, captions from beside.

Exporters write the path as it was on their machine. Of the pictures in the file that one is meant whose path has most parts
in common with the picture's own, from the file's name upwards; "\\" separates parts as "/" does. Where none has, small and
capital letters, "%20" and a space, a path and an address count as the same. Ids are numbers or texts, and a number may be
written as either.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from sedicfmt.encoders.words import count_words, limit_with_note, normalise, require_text
from sedicfmt.errors import EncodeError

Content = dict[str, Any]
Entries = list[tuple[str, Any]]  # each with its place in the JSON
CAPTIONS = "captions.json"
NAMES = ("file_name", "filename", "fileName", "path", "name", "image", "coco_url")


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
    listed = [(path, entry) for path, entry in entries(content, "images") if isinstance(entry, dict)]
    found, most = alike(listed, path_parts(picture), path_parts)
    if not found:  # as another system, or a server, writes names
        found, most = alike(listed, plain_parts(picture), plain_parts)
    if not are_one([entry for _, entry in found]):
        told = "no picture is" if not found else "several pictures are"
        raise EncodeError(f"{told} called {'/'.join(path_parts(picture)[-max(most, 1) :])!r}", "images")
    path, entry = found[0]
    if entry.get("id") is None and len(listed) > 1:
        raise EncodeError("the picture has no id", path)
    whole = len(path_parts(name_in(entry))) == most
    return path, entry, [] if whole else [f"{path}: taken for the picture, whose path is another: {name_in(entry)}"]


def alike(
    listed: list[tuple[str, Content]], wanted: tuple[str, ...], parts: Callable[[Any], tuple[str, ...]]
) -> tuple[list[tuple[str, Content]], int]:
    """The entries whose path has most parts at its end in common with `wanted`, and how many these are."""
    counted = [(common_end(parts(name_in(entry)), wanted), path, entry) for path, entry in listed]
    most = max((count for count, _, _ in counted), default=0)
    return [(path, entry) for count, path, entry in counted if count == most > 0], most


def are_one(found: list[Content]) -> bool:
    """Whether there is one entry, or the same one several times."""
    first = found[0] if found else {}
    number = key_of(first.get("id"))
    return bool(found) and all(entry == first or (number and key_of(entry.get("id")) == number) for entry in found)


def name_in(entry: Content) -> Any:
    """What an entry calls its picture, under the keys that exporters use."""
    return next((entry[key] for key in NAMES if isinstance(entry.get(key), str) and entry[key].strip()), None)


def plain_parts(name: Any) -> tuple[str, ...]:
    """The parts of a path or an address in small letters, "%20" as a space, without a query."""
    text = name if isinstance(name, str) else ""
    if "://" in text:
        text = re.sub(r"[?#].*", "", text.split("://", 1)[1])
    return tuple(part.strip().casefold() for part in path_parts(unquote(text)))


def path_parts(name: Any) -> tuple[str, ...]:
    """The parts of a path of any system; none for what is no text."""
    parts = unicodedata.normalize("NFC", name).replace("\\", "/").split("/") if isinstance(name, str) else []
    return tuple(part for part in parts if part not in ("", ".", ".."))


def common_end(a: tuple[str, ...], b: tuple[str, ...]) -> int:
    """How many parts of two paths are the same, from their ends upwards."""
    shorter = min(len(a), len(b))
    return next((i for i in range(shorter) if a[-1 - i] != b[-1 - i]), shorter)


def key_of(number: Any) -> str | None:
    """An id as text: 7, 7.0, "7" and "0007" are one; None for what is no id."""
    if isinstance(number, float) and number.is_integer():
        number = int(number)
    if isinstance(number, bool) or not isinstance(number, int | str):
        return None
    text = str(number).strip()
    return (text.lstrip("0") or "0") if text.isascii() and text.isdecimal() else text


def whole_number(told: Any) -> int | None:
    """7, 7.0 and "7" as 7; None for what is no whole number."""
    if isinstance(told, str) and told.strip().isascii() and told.strip().isdecimal() and len(told) < 20:
        return int(told)
    if isinstance(told, float) and told.is_integer():
        return int(told)
    return told if isinstance(told, int) and not isinstance(told, bool) else None


def entries(content: Content, key: str) -> Iterator[tuple[str, Any]]:
    """What is in the list `key`, nothing where it is missing. Raises EncodeError for what is no list."""
    value = content.get(key) or []
    if not isinstance(value, list):
        raise EncodeError("expected a list", key)
    return ((f"{key}[{i}]", entry) for i, entry in enumerate(value))


def of_picture(
    content: Content, image_id: Any, lost: Callable[[str, str], None] = lambda reason, path: None
) -> Entries:
    """The annotations of one picture. `lost` is told of those that belong to no picture of the file, with their places.

    The only picture of a file has all that names none. A name in place of the id counts where no picture has it as its id.
    """
    listed = [entry for _, entry in entries(content, "images") if isinstance(entry, dict)]
    ids = {key_of(entry.get("id")) for entry in listed} - {None}
    named = {key_of(name_in(entry)): key_of(entry.get("id")) for entry in listed}
    wanted, found, alone = key_of(image_id), Entries(), are_one(listed)
    for path, entry in flat(entries(content, "annotations")):
        if not isinstance(entry, dict):
            lost("it is no object", path)
            continue
        told = key_of(entry.get("image_id"))
        owner = told if told in ids else named.get(told, told)
        if owner == wanted if told and wanted else alone and told is None:
            found.append((path, entry))
        elif owner is None:
            lost("it names no picture", path)
        elif owner not in ids:
            lost("the file has no picture of its image_id", path)
    return found


def flat(listed: Iterator[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    """Entries, those of lists within the list, too."""
    for path, entry in listed:
        yield from (
            ((f"{path}[{i}]", one) for i, one in enumerate(entry)) if isinstance(entry, list) else [(path, entry)]
        )


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
    if not isinstance(entry, dict) or path_parts(name_in(entry)) != path_parts(name_in(info)):
        return False
    sizes = [(entry.get(side), info.get(side)) for side in ("width", "height")]
    return all(a == b for a, b in sizes if a is not None and b is not None)
