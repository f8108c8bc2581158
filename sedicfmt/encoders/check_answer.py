"""A model's answer -> checked values, or a `Fault` in words that the model understands when it is asked again.

The answer is one JSON object. What models put around it is passed over: thoughts in <think>...</think>, a fence, a sentence
before or after. Within it what we asked for has to be there, and of the right type; keys that we did not ask for do no harm.
"""

from __future__ import annotations

import json
from typing import Any

from sedicfmt.encoders.words import normalise, require_text
from sedicfmt.errors import EncodeError


class Fault(ValueError):
    """Why an answer cannot be used."""


def read_objects(answer: str) -> list[tuple[str, str]]:
    """(name, details) of each object, white space normalised; details may be empty. Raises Fault."""
    entries = read_json(answer).get("objects")
    if not isinstance(entries, list):
        raise Fault('"objects" is not a list')
    found = []
    for i, entry in enumerate(entries):
        if not isinstance(entry, dict):
            raise Fault(f"objects[{i}] is not an object with a name and details")
        name = _text(entry, "name", f"objects[{i}].name")
        if not any(c.isalnum() for c in name):
            raise Fault(f"objects[{i}].name is empty")
        found.append((name, _text(entry, "details", f"objects[{i}].details")))
    return found


def read_overall(answer: str) -> str:
    """The description of the whole, white space normalised, never empty. Raises Fault."""
    overall = _text(read_json(answer), "overall", "overall")
    if not any(c.isalnum() for c in overall):
        raise Fault("overall is empty")
    return overall


def read_json(answer: str) -> dict[str, Any]:
    """The first JSON object in `answer`. Raises Fault where there is none, or a broken one."""
    told = answer.rpartition(END_OF_THOUGHT)[2]
    start = told.find("{")
    if start < 0:
        raise Fault("it is not JSON" if told.strip() else "it is empty")
    try:
        found = json.JSONDecoder().raw_decode(told, start)[0]
    except RecursionError as error:
        raise Fault("it is nested too deeply") from error
    except ValueError as error:  # also numbers of more digits than Python reads
        raise Fault(f"it is not JSON: {error}") from error
    return dict(found)


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

END_OF_THOUGHT = "</think>"
