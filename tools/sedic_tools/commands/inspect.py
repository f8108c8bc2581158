"""sedic-inspect: what a .sedic file is made of, byte by byte; and which back ends there are, and what each lacks."""

from __future__ import annotations

import argparse
import gc
import json
import sys
from pathlib import Path
from typing import Any

from sedic_tools.commands.command import add_model, add_profile, parser, printable, run
from sedic_tools.commands.inspect_page import add_page, check_page, write_page, write_plot
from sedic_tools.commands.inspect_table import HEAD, line, table
from sedic_tools.commands.many import each
from sedic_tools.commands.output import read_sedic
from sedic_tools.commands.standard_output import put


def arguments() -> argparse.ArgumentParser:
    """What the command takes."""
    p = parser("Show what .sedic files are made of, or which back ends there are.",
               "files, folders (a line for each .sedic file in or below), or - for standard input", "*",
               EXAMPLES)  # fmt: skip
    p.add_argument("--check", action="store_true", help="decode the latent as well and print its digests")
    p.add_argument("--partial", action="store_true", help="look at an incomplete file, unchecked")
    p.add_argument(
        "--back-ends", action="store_true", help="list all back ends: ready, or what they lack and what installs it"
    )
    add_model(p)
    add_profile(p)
    add_page(p.add_argument_group("a page, a drawing", "of one file"))
    return p


def main() -> int:
    """Entry point; returns the exit code."""
    gc.disable()  # a process this short has nothing to collect, and its imports are most of its time
    p = arguments()
    chosen = p.parse_args()
    if chosen.back_ends == bool(chosen.inputs):
        p.error("--back-ends takes no INPUT" if chosen.inputs else "the following arguments are required: INPUT")
    return run(list_all if chosen.back_ends else command, chosen)


def list_all(arguments: argparse.Namespace) -> int:
    """All back ends, by kind; returns 0, as to lack something is no failure."""
    from sedicfmt.pipeline.list_back_ends import list_back_ends

    found = list_back_ends()
    if arguments.json:
        put(json.dumps({"back_ends": [state.as_json() for state in found]}))
        return 0
    kind = ""
    for state in found:
        if state.kind != kind:
            put("\n" * bool(kind) + f"{state.kind}s")
            kind = state.kind
        told = f"lacks {', '.join(state.lacks)}" if state.lacks else "ready"
        put(printable(f"  {state.usage:<32} {told}" + (f"  (of {state.package})" if state.package else "")))
        for shell in state.commands:
            put(printable(f"      {shell}"))
    return 0


def command(arguments: argparse.Namespace) -> int:
    """Read and print; of several files, each is told in turn, and the exit code is that of the first that failed."""
    if arguments.html or arguments.plot:
        check_page(arguments)
    folder = any(name != "-" and Path(name).is_dir() for name in arguments.inputs)
    if len(arguments.inputs) == 1 and not folder:
        show_one(arguments)
        return 0
    return show_many(arguments, folder)


def show_one(arguments: argparse.Namespace) -> None:
    """One file's report, or what is made of it."""
    data = read_sedic(arguments.inputs[0])
    report = report_of(data, arguments)
    if arguments.html:
        write_page(data, report, arguments)
    if arguments.plot:
        write_plot(report, arguments)
    if arguments.json or not (arguments.html or arguments.plot):
        put(json.dumps(report, ensure_ascii=True) if arguments.json else "\n".join(table(report)))


def show_many(arguments: argparse.Namespace, folder: bool) -> int:
    """Several files, in full; those of folders in a line each."""
    if folder and not arguments.json:
        put(HEAD)

    def look(number: int, name: str) -> None:
        report = report_of(read_sedic(name), arguments)
        if arguments.json:
            put(json.dumps({"input": name, **report}, ensure_ascii=True))
        elif folder:
            put(line(name, report))
        else:
            put("\n" * (number > 0) + "\n".join([printable(name), *table(report)]))

    return each(arguments, look)


def report_of(data: bytes, arguments: argparse.Namespace) -> dict[str, Any]:
    """Of a file's bytes. Raises SedicError."""
    from sedicfmt.pipeline.report import report_bytes

    return report_bytes(data, arguments.check, arguments.partial, arguments.profile, arguments.model)


EXAMPLES = """\
  sedic-inspect photo.sedic
  sedic-inspect photo.sedic --html photo.html                    a page, with the stages of restoring
  sedic-inspect photo.sedic --html photo.html --stage reference  the same, only painted
  sedic-inspect photo.sedic --plot bytes.svg
  sedic-inspect photos                                           a line for each file
  sedic-inspect photos --json | jq .file_bytes
  sedic-inspect --back-ends
"""

if __name__ == "__main__":
    sys.exit(main())
