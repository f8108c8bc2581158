"""docs/json.md out of docs/json-schema.json: what the commands print with --json, as tables.

python -m sedic_tools.pages.json_page docs/json-schema.json > docs/json.md
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Schema = dict[str, Any]


def page(schema: Schema) -> str:
    """The whole page as Markdown."""
    return "\n".join([HEAD, *(line for name, part in schema["$defs"].items() for line in section(name, part))])


def section(name: str, part: Schema) -> Iterator[str]:
    """A form of line: what prints it, and a row for each key."""
    yield f"\n## {name}\n"
    yield f"{part['description']}.\n"
    yield "| key | type | meaning |\n|---|---|---|"
    yield from rows(part, "")


def rows(part: Schema, before: str) -> Iterator[str]:
    """A row for each key, those of inner objects behind their own; keys in brackets may be absent."""
    for key, value in part["properties"].items():
        name = f"{before}{key}"
        optional = key not in part.get("required", ())
        yield f"| {f'(`{name}`)' if optional else f'`{name}`'} | {kind(value)} | {value.get('description', '')} |"
        inner = value.get("items", value)
        if "properties" in inner:
            yield from rows(inner, f"{name}[]." if "items" in value else f"{name}.")


def kind(value: Schema) -> str:
    """A type in words."""
    if "$ref" in value:
        return f"[{value['$ref'].rpartition('/')[2]}](#{value['$ref'].rpartition('/')[2]})"
    if "enum" in value or "const" in value:
        return ", ".join(f"`{one}`" for one in value.get("enum", [value.get("const")]))
    if value["type"] == "array":
        return f"array of {kind(value['items'])}"
    if isinstance(value.get("additionalProperties"), dict):
        return f"object of {kind(value['additionalProperties'])}"
    return " or ".join(value["type"]) if isinstance(value["type"], list) else str(value["type"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("schema", type=Path)
    print(page(json.loads(parser.parse_args().schema.read_text("utf-8"))))


HEAD = """# What the commands print with `--json`

One object a line, on standard output; on standard error where the picture or file itself goes to standard output (`-o -`).
Standard output has nothing else: what a back end prints there, or a process that it starts, goes to standard error.
With one input it is one line: `packed`, `unpacked` or `inspected`, or `failed`; with `--back-ends`, `back_ends`. With a folder
or several inputs `sedic-pack` and `sedic-unpack` print a line for each file as it is done (`packed_of_many`,
`unpacked_of_many`, `shard_of_many`, `kept`, `failed_of_many`), then `summary`, then `failed` where something ended it all;
`sedic-inspect` prints `inspected` or `failed` for each, `sedic-split` and `sedic-join` print `split` and `joined`. Keys may be
added in later versions; none leaves or changes its meaning without a word in the changelog.

Sizes are bytes, seconds are of the wall, bpp is bits of the whole file for a pixel of the picture, shares are 0 to 1. Keys
in brackets may be absent. The same as a JSON Schema (draft 2020-12), which the tests hold against real output:
[json-schema.json](json-schema.json). This page is made of it:
`python -m sedic_tools.pages.json_page docs/json-schema.json`."""

if __name__ == "__main__":
    main()
