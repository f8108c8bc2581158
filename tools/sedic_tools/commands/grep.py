"""sedic-grep: .sedic files by the words in them."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from sedic_tools.commands.command import fail, parser, printable, run, told
from sedic_tools.commands.output import read_sedic
from sedicfmt.errors import EncodeError, SedicError

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
    from sedicfmt.batch.jobs import find
    from sedicfmt.showing.search import matching, patterns_of, texts_of

    patterns = patterns_of(arguments.words, arguments.expression)
    paths, closed = find([Path(name) for name in arguments.inputs if name != "-"], (".sedic",))
    names = ["-"] * ("-" in arguments.inputs) + [str(path) for path in paths]
    if not names and not closed:
        raise EncodeError(f"{', '.join(arguments.inputs)} holds no .sedic file")
    found, exit_code = 0, 0
    for name in names:
        try:
            said = matching(texts_of(read_sedic(name), arguments.partial), patterns)
        except (SedicError, OSError) as error:
            code = failed(error, name, arguments)
            exit_code = exit_code or code
            continue
        found += bool(said)
        if said and arguments.json:
            texts = [{"path": one.path, "text": one.text} for one in said]
            print(json.dumps({"input": name, "matches": texts}))
        elif said and arguments.names:
            print(printable(name))
        else:
            for one in said:
                print(printable(f"{name}: {one.path}: {one.text}"))
    for reason in closed:
        code = failed(reason, str(reason.filename), arguments)
        exit_code = exit_code or code
    return exit_code or (0 if found else NOTHING_FOUND)


def failed(error: SedicError | OSError, name: str, arguments: argparse.Namespace) -> int:
    """Tell of one file that cannot be read; returns its exit code."""
    failure = told(error)
    named = failure["message"] if name in failure["message"] else f"{name}: {failure['message']}"
    return fail({**failure, "message": named, "input": name}, arguments)


EXAMPLES = """\
  sedic-grep boat photos            every file that speaks of a boat, or of boats
  sedic-grep "red boat" photos      of red and of a boat, anywhere in it
  sedic-grep -l dog photos | xargs sedic-inspect
  sedic-grep -e "(cat|dog)s?" photos --json
"""

if __name__ == "__main__":
    sys.exit(main())
