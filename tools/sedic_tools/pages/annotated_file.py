"""docs/one-file.md: every byte of one file, with what it means.

    python -m sedic_tools.pages.annotated_file examples/coffee.sedic > docs/one-file.md

The parts, their places and sizes are those that `sedic-inspect --json` tells; the lines of bytes are those of the page that
`sedic-inspect --html` writes. A test makes the page anew and compares (tests/docs/test_one_file.py).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import sedicfmt
from sedic_tools.commands.vector_parts import Draft
from sedicfmt.bitcoding.bit_io import exp_golomb
from sedicfmt.container.schema import LENGTH_ORDER
from sedicfmt.model import SedicFile
from sedicfmt.pipeline.report import report_bytes
from sedicfmt.showing.bit_allocation import Part, heading, parts_of
from sedicfmt.showing.hex_lines import hex_lines


def page(name: str, data: bytes) -> str:
    """The whole page as Markdown. Raises SedicError for what is no file of the format."""
    report, file = report_bytes(data), sedicfmt.read(data)
    parts = parts_of(report)
    lines = [HEAD.format(name=name, heading=heading(report)), *summary(parts, len(data))]
    for part in parts:
        lines += [f"\n## {title(part)}\n", told(part, file, report), "\n```text", *bytes_of(part, data, parts), "```"]
        if part.kind == "header":
            lines += ["\nThe same, bit by bit:\n", "```text", *header_bits(file, report), "```"]
    return "\n".join(lines) + "\n"


def summary(parts: Sequence[Part], whole: int) -> Iterator[str]:
    """A row for each part."""
    yield "| part | first byte | bytes | share |\n|---|---|---|---|"
    for part in parts:
        link = f"[{title(part)}](#{title(part).lower().replace(' ', '-')})"
        yield f"| {link} | {part.offset} | {part.bytes} | {part.bytes / whole:.1%} |"


def title(part: Part) -> str:
    """A part's heading."""
    return part.name[0].upper() + part.name[1:]


def told(part: Part, file: SedicFile, report: dict[str, Any]) -> str:
    """What a part says, in words, with the clauses of the specification."""
    scale, (wide, high) = report["latent_scale"], file.coded_size
    latent = (
        f"by the model {report['models']['latent']['name']}, {scale}/16 of the picture's size ({wide}x{high} pixels)"
    )
    values = {
        "latent": latent,
        "size": f"{file.width}x{file.height}",
        "objects": len(file.objects),
        "coder": part.coder,
    }
    values["text"] = file.text if part.object is None else file.objects[part.object].text
    if part.kind == "mask" and part.object is not None:
        mask = file.objects[part.object].mask
        values |= {
            "cells": "x".join(map(str, reversed(mask.cells.shape))),
            "scale": mask.scale,
            "set": int(mask.cells.sum()),
        }
    return TOLD[part.kind].format(**values)


def bytes_of(part: Part, data: bytes, parts: Sequence[Part]) -> list[str]:
    """The lines with bytes of this part; those of its neighbours are left blank, so that columns stay columns."""
    number, text = list(parts).index(part), ""
    for piece in hex_lines(data, parts):
        if isinstance(piece, str):
            text += piece
        else:
            shown = piece.get("data-part") in (None, str(number))
            text += str(piece.text) if shown else " " * len(str(piece.text))
    return [line.rstrip() for line in text.splitlines() if line[8:].strip()]


def header_bits(file: SedicFile, report: dict[str, Any]) -> Iterator[str]:
    """Each field's bits and meaning, in the header's order (C-3, C-5, C-7, C-8)."""
    fields, written = Draft(file).fields | {"optional": optional(file)}, 0
    for name, digits in fields.items():
        yield f"{digits:<36} {MEANING[name].format(file=file, objects=len(file.objects))}"
        written += len(digits)
    for segment in report["segments"][: None if file.extensions else -1]:
        digits = exp_golomb(segment["bytes"], LENGTH_ORDER[segment["kind"]])
        yield f"{digits:<36} {segment['path']} has {segment['bytes']} bytes"
        written += len(digits)
    if written % 8:
        yield f"{'0' * (-written % 8):<36} to a whole byte"


def optional(file: SedicFile) -> str:
    """The bits from `optional` to the seed (C-3)."""
    seeded = f"1{file.seed:032b}" if file.seed else "0"
    return f"1{int(bool(file.extensions))}{seeded}" if file.extensions or file.seed else "0"


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the tool."""
    parser = argparse.ArgumentParser(prog="annotated_file", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", type=Path)
    options = parser.parse_args(arguments)
    print(page(options.file.name, options.file.read_bytes()), end="")


HEAD = """# One file, byte by byte

This is all of [{name}](../examples/{name}): {heading}. How it was made, and the photo, are in
[examples](../examples/README.md); why the parts are there is told in [How the format works](format.md). Names in brackets,
such as C-3, are clauses of [the specification](../spec/sedic.md).

The page is made by `python -m sedic_tools.pages.annotated_file examples/{name} > docs/one-file.md`. The first column is the
place in the file, in hexadecimal; the last shows bytes that are ASCII letters.
"""
TOLD = {
    "header": "What kind of file it is, the picture's size, the model that reads the latent, and how long each part is"
    " (C-2 to C-8). {size} pixels, objects: {objects}.",
    "latent.z": "The small half of the latent. It says where much happens in the picture, so that the other half needs fewer"
    " bits. Written {latent}, by a range coder (L-2 to L-5, H-7 to H-10).",
    "latent.y": "How the picture looks: colours and rough shapes. This is what the reference picture is painted from. Written"
    " {latent}, by a range coder (L-2 to L-6).",
    "text.overall": "What the whole picture shows, by the coder `{coder}` (section 4):\n\n> {text}",
    "text.object": "What the object is, by the coder `{coder}` (section 4):\n\n> {text}",
    "mask": "Where the object is: {cells} cells of {scale} pixels a side, {set} of them set, by the coder `{coder}`"
    " (section 5).",
    "extensions": "What later versions or other programs added (C-10).",
    "check": "A checksum of all bytes before, CRC-16 (C-12). A file with a broken byte is refused.",
    "rest": "The beginning of a part that was cut off.",
}
MEANING = {
    "magic": "5ED1: this is a .sedic file", "version": "version 1", "objects": "objects: {objects}",
    "size": "{file.width}x{file.height} pixels: ratio of the sides, unit, rows (C-5)", "model": "latent model {file.model_id}",
    "scale": "latent scale {file.latent_scale}/16", "optional": "seed {file.seed}, and whether extensions follow",
}  # fmt: skip


if __name__ == "__main__":
    main()
