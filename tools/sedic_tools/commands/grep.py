"""sedic-grep: .sedic files by the words in them."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sedic_tools.commands.command import parser, printable, run
from sedic_tools.commands.many import each
from sedic_tools.commands.output import read_sedic
from sedic_tools.commands.standard_output import put

if TYPE_CHECKING:
    from sedicfmt.showing.search import Said

NOTHING_FOUND = 1


def arguments() -> argparse.ArgumentParser:
    """What the command takes."""
    p = parser(
        "Find .sedic files by the words in them. Exit code 0: found, 1: nothing found.",
        "files, folders (every .sedic file in and below them), or - for standard input", examples=EXAMPLES, before="words",
    )  # fmt: skip
    p.add_argument("-l", "--names", action="store_true", help="print the files' names alone")
    p.add_argument("-e", "--expression", action="store_true", help="WORDS is a regular expression (Python's)")
    p.add_argument("--partial", action="store_true", help="look at incomplete files too, unchecked")
    return p


def main() -> int:
    """Entry point; returns the exit code."""
    return run(command, arguments().parse_args())


def command(arguments: argparse.Namespace) -> int:
    """Look through all files; the exit code is that of the first that cannot be read, if one cannot."""
    from sedicfmt.showing.search import matching, patterns_of, texts_of

    patterns, found = patterns_of(arguments.words, arguments.expression), list[str]()

    def look(number: int, name: str) -> None:
        if said := matching(texts_of(read_sedic(name), arguments.partial), patterns):
            found.append(name)
            show(name, said, arguments)

    return each(arguments, look) or (0 if found else NOTHING_FOUND)


def show(name: str, said: Sequence[Said], arguments: argparse.Namespace) -> None:
    """One file that was found."""
    if arguments.json:
        put(json.dumps({"input": name, "matches": [{"path": one.path, "text": one.text} for one in said]}))
    elif arguments.names:
        put(printable(name))
    else:
        for one in said:
            put(printable(f"{name}: {one.path}: {one.text}"))


EXAMPLES = """\
  sedic-grep boat photos            every file that speaks of a boat, or of boats
  sedic-grep "red boat" photos      of red and of a boat, anywhere in it
  sedic-grep -l dog photos | xargs sedic-inspect
  sedic-grep -e "(cat|dog)s?" photos --json
"""

if __name__ == "__main__":
    sys.exit(main())
