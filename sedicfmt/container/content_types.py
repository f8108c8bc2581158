"""That what is to be written is made of the right kinds of things: a library's caller may put anything into a dataclass."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sedicfmt.errors import EncodeError
from sedicfmt.model import Extension, Mask, SedicFile, SedicObject


def of_types(file: Any) -> SedicFile:
    """The same content, its whole numbers Python's. Raises EncodeError with the path of what is of another type."""
    require(file, SedicFile, "")
    numbers = {name: whole(getattr(file, name), name) for name in NUMBERS}
    for name, kind in KINDS.items():
        require(getattr(file, name), kind, name)
    for j, part in enumerate(file.objects):
        require(part, SedicObject, f"objects[{j}]")
        require(part.text, str, f"objects[{j}].text")
        require(part.mask, Mask, f"objects[{j}].mask")
        whole(part.mask.scale, f"objects[{j}].mask.scale")
    for i, extension in enumerate(file.extensions):
        require(extension, Extension, f"extensions[{i}]")
        require(extension.payload, bytes, f"extensions[{i}].payload")
        whole(extension.type, f"extensions[{i}].type")
    made: SedicFile = replace(file, **numbers)
    return made


def require(value: Any, kind: type | tuple[type, ...], path: str) -> None:
    """Raises EncodeError unless `value` is of that type."""
    if not isinstance(value, kind):
        names = " or ".join(one.__name__ for one in (kind if isinstance(kind, Iterable) else (kind,)))
        raise EncodeError(f"{names} is wanted, not {type(value).__name__}", path)


def whole(value: Any, path: str) -> int:
    """Any whole number as Python's. Raises EncodeError for what is none."""
    if (number := as_whole(value)) is None:
        raise EncodeError(f"a whole number is wanted, not {value!r:.40}", path)
    return number


def as_whole(value: Any) -> int | None:
    """The same, None for what is none: True and False are none, 2.0 is none, one of numpy's is one."""
    return None if isinstance(value, bool) or not hasattr(value, "__index__") else operator.index(value)


NUMBERS = ("width", "height", "model_id", "seed", "version", "latent_scale")
KINDS: dict[str, type | tuple[type, ...]] = {
    "z": bytes, "y": bytes, "text": str, "objects": tuple, "extensions": tuple, "complete": bool,
}  # fmt: skip
