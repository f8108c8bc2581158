"""What made a restored picture, as texts for whoever looks at it later: a PNG's text chunks, a program's report.

The settings are written from their dataclass, field by field. So a setting that is added later is in the record by itself.
"""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from typing import Any

from sedicfmt.decoders.interfaces import RestorationModel


def restoring_record(model: RestorationModel, steps: str, settings: Any) -> dict[str, str]:
    """The record of one restoration. `steps`: what was run, in words; `settings`: a dataclass, each field of which is told.

    "settings" and "computed" are JSON objects: the settings by their names, and how the model computed.
    """
    told = {"restorer": model.name, "steps": steps, "settings": as_json(settings)}
    return told | ({"computed": json.dumps(dict(model.computed))} if model.computed else {})


def as_json(settings: Any) -> str:
    """A dataclass's fields as a JSON object; a model or another part that is no plain value is left out."""
    return json.dumps(plain(settings), ensure_ascii=False)


def plain(settings: Any) -> dict[str, Any]:
    """Field by field, dataclasses within as objects of their own."""
    values = {field.name: getattr(settings, field.name) for field in fields(settings)}
    values = {name: value for name, value in values.items() if not isinstance(value, RestorationModel)}
    return {name: plain(value) if is_dataclass(value) else value for name, value in values.items()}
