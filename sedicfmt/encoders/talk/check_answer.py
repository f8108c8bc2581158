"""A model's answer -> checked values, or a `Fault` in words that the model understands when it is asked again.

The answer is the last JSON object that has the key we asked for and can be used. What models put around it is passed over,
whatever its form: thoughts, channels, a fence, a sentence before or after, the schema or the example once more. What stands
in thoughts is a draft; of thoughts without an end it is the answer where nothing follows it. Within the answer what we asked
for has to be there, of the right type, and said of the picture (echoes.py); keys that we did not ask for do no harm.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, TypeVar

from sedicfmt.encoders.talk.echoes import echoes, in_thoughts, is_placeholder, is_refusal, without_thoughts
from sedicfmt.encoders.words import normalise, require_text
from sedicfmt.errors import EncodeError

READ = 1 << 16  # characters at an answer's end; ours have some hundred
Said = TypeVar("Said")


class Fault(ValueError):
    """Why an answer cannot be used."""


def read_objects(answer: str, example: str = "", faults: list[str] | None = None) -> list[tuple[str, str]]:
    """(name, details) of each object, white space normalised; details may be empty. Raises Fault where none is of use.

    `example`: the question, whose example is no answer. `faults` gains what is wrong with the objects that are left out.
    """
    shown = [" ".join(pair) for pair in read_objects(example)] if example else []

    def read(value: dict[str, Any]) -> tuple[list[tuple[str, str]], list[str]]:
        if not isinstance(value["objects"], list):
            raise Fault('"objects" is not a list')
        found, wrong = _objects(value["objects"], shown)
        if wrong and not found:
            raise Fault("; ".join(wrong[:TOLD]))
        return found, wrong

    found, wrong = _last_of_use(answer, "objects", read)
    if faults is not None:
        faults += wrong
    return found


def read_overall(answer: str, example: str = "") -> str:
    """The description of the whole, white space normalised, never empty. `example`: the question. Raises Fault."""
    shown = [read_overall(example)] if example else []

    def read(value: dict[str, Any]) -> str:
        overall = _text(value, "overall", "overall")
        if not any(c.isalnum() for c in overall):
            raise Fault("overall is empty")
        if example and is_placeholder(overall):
            raise Fault("overall is a placeholder, and says nothing of the picture")
        if is_refusal(overall):
            raise Fault("overall says nothing of the picture")
        if any(echoes(overall, text) for text in shown):
            raise Fault("overall is the example of the question, and says nothing of the picture")
        return overall

    return _last_of_use(answer, "overall", read)


def read_json(answer: str, key: str) -> list[dict[str, Any]]:
    """The JSON objects in `answer` that have `key`, drafts in thoughts left out. Raises Fault where there is none."""
    told = without_thoughts(answer[-READ:])
    found, at = list[dict[str, Any]](), told.find("{")
    is_last = False
    reason = f"{key} is missing" if at >= 0 else "it is not JSON" if told.strip() else "it is empty"
    while at >= 0:
        try:
            value, end = DECODER.raw_decode(told, at)
        except RecursionError as error:
            raise Fault("it is nested too deeply") from error
        except ValueError as error:  # also numbers of more digits than Python reads
            value, end, reason = {}, at + 1, f"it is not JSON: {error}"
        if key in value:
            found.append(value)
            is_last = not re.search(r"\w", told[end:])
        at = told.find("{", end if key in value else at + 1)
    if not found:
        raise Fault(reason)
    if in_thoughts(told) and not is_last:
        raise Fault("it is a thought that was not brought to an end")
    return found[-1:] if in_thoughts(told) else found


def _last_of_use(answer: str, key: str, read: Callable[[dict[str, Any]], Said]) -> Said:
    """What `read` makes of the last object that it does not refuse. Raises Fault, the last one's, where it refuses all."""
    fault: Fault | None = None
    for value in reversed(read_json(answer, key)):
        try:
            return read(value)
        except Fault as error:
            fault = fault or error
    assert fault is not None
    raise fault


def _objects(entries: list[Any], shown: list[str]) -> tuple[list[tuple[str, str]], list[str]]:
    """Those that are of use, and what is wrong with the others."""
    found, wrong = list[tuple[str, str]](), list[str]()
    for i, entry in enumerate(entries):
        try:
            found.append(_object(entry, f"objects[{i}]", shown))
        except Fault as fault:
            wrong.append(str(fault))
    return found, wrong


def _object(entry: Any, place: str, shown: list[str]) -> tuple[str, str]:
    if not isinstance(entry, dict):
        raise Fault(f"{place} is not an object with a name and details")
    name = _text(entry, "name", f"{place}.name")
    if not any(c.isalnum() for c in name):
        raise Fault(f"{place}.name is empty")
    details = _text(entry, "details", f"{place}.details")
    if shown and is_placeholder(details):
        details = ""
    if shown and is_placeholder(name) and not details:
        raise Fault(f"{place} is a placeholder, and not in the picture")
    if any(echoes(f"{name} {details}", text) for text in shown):
        raise Fault(f"{place} is the example of the question, and not in the picture")
    return name, details


def _text(entry: dict[str, Any], key: str, place: str) -> str:
    if key not in entry:
        raise Fault(f"{place} is missing")
    try:
        return normalise(require_text(entry[key], place))
    except EncodeError as error:
        raise Fault(str(error)) from error


OBJECTS_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "objects": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"name": {"type": "string"}, "details": {"type": "string"}},
                "required": ["name", "details"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["objects"],
    "additionalProperties": False,
}

OVERALL_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"overall": {"type": "string"}},
    "required": ["overall"],
    "additionalProperties": False,
}

DECODER = json.JSONDecoder(strict=False)  # a line break within a text is no fault
TOLD = 3  # faults that are told to the model
