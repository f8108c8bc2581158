"""Wrong readings of the specification, each of which a vector tells apart.

A reading is `spec/decoder.py` (its first chapter in `spec/primitives.py`) with one place changed. It must go
wrong on its vector. These are the vectors of `tools/sedic_tools/vectors/vectors_later.py`: with the ones before them
(`frozen.sha256`) such readings could pass.
"""

import json
import sys
from pathlib import Path
from types import ModuleType
from unittest.mock import patch

import pytest

from tests.differential.cross_check import decoder

ROOT = Path(__file__).parents[2]
MANIFEST = json.loads((ROOT / "conformance/manifest.json").read_text())
ENTRIES = {Path(entry["file"]).stem: entry for entries in MANIFEST.values() for entry in entries}
SOURCES = {name: (ROOT / f"spec/{name}.py").read_text() for name in ("primitives", "decoder")}

OTHER_CASE_FIRST = ("in ways_to_say(text[s:e], capital):", "in ways_to_say(text[s:e], capital)[::-1]:")
# vector: (what the specification says, the wrong reading) as places of the second decoder
READINGS = {
    "text-raw-byte-order-mark-alone": ("payload[1:].decode()", 'payload[1:].decode("utf-8-sig")'),
    "text-braces-hide-no-capital": ("()[]\\u2018", "()[]{}\\u2018"),
    "text-tie-space-first": ("places = [p + 1, p] if", "places = [p, p + 1] if"),
    "text-tie-entry-before-spelling": ("= min(trials(p), key=itemgetter(0))", "= min([*trials(p)][::-1], key=itemgetter(0))"),
    "text-tie-fewer-characters-first": ("bisect_right(ends, s + longest)]:", "bisect_right(ends, s + longest)][::-1]:"),
    "text-tie-own-case-first": OTHER_CASE_FIRST,
    "text-tie-own-case-before-case": OTHER_CASE_FIRST,
    "text-tie-own-case-before-upper": OTHER_CASE_FIRST,
    "text-tie-spelling-ends": ("spelled[p] = min(ways,", "spelled[p] = min(ways[::-1],"),
    "text-list-of-an-escape-alone": (
        "if start < end:\n", "if start < end and not set(self.symbols[k][start:end]) <= set(tried):\n",
    ),
    "text-spelled-up-to-its-last-space": (
        'p < len(text) and text[p] != " ":', 'p < len(text) and not (text[p] == " " and p + 1 < len(text)):',
    ),
    "context-of-clamped-values": ("256 * min(max(value, -127), 127)", "256 * value"),
    "context-of-minus-128": ("max(value, -127), 127)", "max(value, -128), 127)"),
    "mask-question-b-in-column-0": ("        seen[start - 1] = any_before\n", "        seen[start - 1] = 0\n"),
    "z-longer-than-needed": (" and self.code < unit and (256 - last) * unit + self.code >= self.range", ""),
    "optional-without-reason-and-check-wrong": (
        "    end = len(data) - 2\n", "    check_header(file)\n    end = len(data) - 2\n",
    ),
    "av1-fill-not-zero": ("holds_all_tiles(Bits(y), width, height)", "y"),
}  # fmt: skip


def read_wrongly(right: str, wrong: str) -> ModuleType:
    """The second decoder with that one place changed, in its own file or in that of the first chapter."""
    count = sum(source.count(right) for source in SOURCES.values())
    assert count == 1, f"{right!r} stands {count} times in spec/decoder.py and spec/primitives.py"
    made: dict[str, ModuleType] = {}
    for name, source in SOURCES.items():
        module = made[name] = ModuleType(name)
        module.__file__ = decoder.__file__
        with patch.dict(sys.modules, made):  # the decoder takes the primitives that were made for it
            exec(compile(source.replace(right, wrong), name, "exec"), module.__dict__)
    return made["decoder"]


def answer(module: ModuleType, entry: dict) -> dict:
    try:
        report = module.decode((ROOT / "conformance" / entry["file"]).read_bytes())
    except module.Refused as error:
        return {"code": error.code, "path": error.path}
    return {"expected": {key: report[key] for key in entry.get("expected", report)}}


@pytest.mark.parametrize("name", READINGS)
def test_a_wrong_reading_fails_its_vector(name):
    entry = ENTRIES[name]
    assert answer(decoder, entry).items() <= entry.items()
    assert not answer(read_wrongly(*READINGS[name]), entry).items() <= entry.items()
