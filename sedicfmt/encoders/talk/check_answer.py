"""A model's answer -> checked values, or a `Fault` in words that the model understands when it is asked again.

The answer is the last JSON object that has the key we asked for. What models put around it is passed over, whatever its form:
thoughts, channels, a fence, a sentence before or after. Thoughts often repeat the question, and the example in it; so an
answer that is this example again is none. Within the answer what we asked for has to be there, and of the right type; keys
that we did not ask for do no harm.
"""

from __future__ import annotations

import json
import re
from typing import Any

from sedicfmt.encoders.words import normalise, require_text
from sedicfmt.errors import EncodeError

READ = 1 << 16  # characters at an answer's end; ours have some hundred


class Fault(ValueError):
    """Why an answer cannot be used."""


def read_objects(answer: str, example: str = "", faults: list[str] | None = None) -> list[tuple[str, str]]:
    """(name, details) of each object, white space normalised; details may be empty. Raises Fault where none is of use.

    `example`: the question, whose example is no answer. `faults` gains what is wrong with the objects that are left out.
    """
    entries = read_json(answer, "objects")["objects"]
    if not isinstance(entries, list):
        raise Fault('"objects" is not a list')
    shown = {_bare(details) for _, details in read_objects(example)} if example else set()
    found, wrong = _objects(entries, shown)
    if wrong and not found:
        raise Fault("; ".join(wrong[:TOLD]))
    if faults is not None:
        faults += wrong
    return found


def read_overall(answer: str, example: str = "") -> str:
    """The description of the whole, white space normalised, never empty. `example`: the question. Raises Fault."""
    overall = _text(read_json(answer, "overall"), "overall", "overall")
    if not any(c.isalnum() for c in overall):
        raise Fault("overall is empty")
    if example and _bare(overall) == _bare(read_overall(example)):
        raise Fault("overall is the example of the question, and says nothing of the picture")
    return overall


def read_json(answer: str, key: str) -> dict[str, Any]:
    """The last JSON object in `answer` that has `key`. Raises Fault where there is none."""
    told = answer[-READ:]
    found, at = None, told.find("{")
    reason = f"{key} is missing" if at >= 0 else "it is not JSON" if told.strip() else "it is empty"
    while at >= 0:
        try:
            value, end = DECODER.raw_decode(told, at)
        except RecursionError as error:
            raise Fault("it is nested too deeply") from error
        except ValueError as error:  # also numbers of more digits than Python reads
            value, end, reason = {}, at + 1, f"it is not JSON: {error}"
        found = value if key in value else found
        at = told.find("{", end if key in value else at + 1)
    if found is None:
        raise Fault(reason)
    return dict(found)


def _objects(entries: list[Any], shown: set[tuple[str, ...]]) -> tuple[list[tuple[str, str]], list[str]]:
    """Those that are of use, and what is wrong with the others."""
    found, wrong = list[tuple[str, str]](), list[str]()
    for i, entry in enumerate(entries):
        try:
            found.append(_object(entry, f"objects[{i}]", shown))
        except Fault as fault:
            wrong.append(str(fault))
    return found, wrong


def _object(entry: Any, place: str, shown: set[tuple[str, ...]]) -> tuple[str, str]:
    if not isinstance(entry, dict):
        raise Fault(f"{place} is not an object with a name and details")
    name = _text(entry, "name", f"{place}.name")
    if not any(c.isalnum() for c in name):
        raise Fault(f"{place}.name is empty")
    details = _text(entry, "details", f"{place}.details")
    if details and _bare(details) in shown:
        raise Fault(f"{place} is the example of the question, and not in the picture")
    return name, details


def _bare(text: str) -> tuple[str, ...]:
    """The words alone: an example counts as repeated without its marks, too."""
    return tuple(re.findall(r"\w+", text.casefold()))


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
