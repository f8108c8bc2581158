"""Man pages and completion for shells, out of the commands' own parsers; `sedic-desktop` puts them in place.

python -m sedic_tools.pages.shell_files tools/sedic_tools/desktop
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

import shtab
from argparse_manpage.manpage import Manpage

from sedic_tools.commands.desktop import COMPLETION
from sedic_tools.commands.every import arguments, of
from sedic_tools.commands.start import COMMANDS


def shell_files() -> Iterator[tuple[str, str]]:
    """(path, text) of each file, below the folder that they go to."""
    parsers = {"sedic": arguments(whole=True), **{f"sedic-{name}": of(name) for name in COMMANDS}}
    for command, parser in parsers.items():
        told = COMMANDS.get(command.removeprefix("sedic-"), "the .sedic image format")
        yield f"man/{command}.1", man_page(arguments() if command == "sedic" else of(command[6:]), command, told)
        for shell in COMPLETION:
            with_paths(parser)
            yield f"completion/{command}.{shell}", shtab.complete(parser, shell).strip() + "\n"


def man_page(parser: argparse.ArgumentParser, command: str, told: str) -> str:
    """The page, without a date, so that the same parser gives the same page."""
    examples, parser.epilog = parser.epilog, None
    data = {"description": told, "project_name": "sedicfmt", "manual_title": "sedicfmt", "date": "", "prog": command}
    page = str(Manpage(parser, data))
    page = page.partition("\n.SH COMMAND \\fI\\,'sedic pack")[0]  # those have pages of their own
    page = re.sub(r'^(\.TH .*?) "\d{4}[^"]*"', r'\1 ""', page, flags=re.MULTILINE)
    page = re.sub(r"^(?=\.sedic)", r"\\&", page, flags=re.MULTILINE)  # a point at a line's beginning would be a command
    below = f".SH EXAMPLES\n.nf\n{roff((examples or '').partition(chr(10))[2].rstrip())}\n.fi\n" if examples else ""
    others = ", ".join(f"\\fBsedic\\-{name}\\fR(1)" for name in COMMANDS if command != f"sedic-{name}")
    return f"{page.rstrip()}\n{below}.SH EXIT STATUS\n{EXIT_STATUS}.SH SEE ALSO\n{others}\n"


def roff(text: str) -> str:
    """Text as it is: neither a backslash nor a point at a line's beginning means anything."""
    escaped = text.replace("\\", r"\e").replace("-", r"\-")
    return re.sub(r"^(?=[.'])", r"\\&", escaped, flags=re.MULTILINE)


def with_paths(parser: argparse.ArgumentParser) -> None:
    """Tell shtab which arguments are names of files or folders."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for inner in action.choices.values():
                with_paths(inner)
        elif action.dest in FILES or action.type is Path:
            action.complete = shtab.FILE  # type: ignore[attr-defined]


def main() -> None:
    """Write them all, and take away what is of no command any more."""
    p = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    p.add_argument("folder", type=Path)
    folder = p.parse_args().folder
    os.environ["COLUMNS"] = WIDTH
    for part in ("man", "completion"):
        (folder / part).mkdir(exist_ok=True)
        for old in (folder / part).iterdir():
            old.unlink()
    for path, text in shell_files():
        (folder / path).write_text(text, "utf-8")


WIDTH = "100"  # characters, for argparse
FILES = ("inputs", "output", "html", "plot", "save_stages", "prefix")
EXIT_STATUS = r"""0 fine, 2 usage, 3 malformed, 4 unsupported, 5 truncated, 6 check failed, 7 over a limit,
8 back end unavailable, 74 input or output failed, 130 interrupted. Of sedic\-diff 1: the files differ; of sedic\-grep 1:
nothing found.
"""

if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        main()
