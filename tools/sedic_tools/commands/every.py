"""sedic: the commands by one name; `sedic pack` is `sedic-pack`. Here is what is told where no command was named."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module

from sedic_tools.commands.command import Parser, add_version, run
from sedic_tools.commands.start import COMMANDS


def arguments(whole: bool = False) -> argparse.ArgumentParser:
    """The names; `whole`: with all that each command takes, for completion and the manual."""
    p = Parser(
        prog="sedic", description="The .sedic image format: a small photo in one to two kilobytes.", epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    add_version(p)
    commands = p.add_subparsers(required=True, metavar="COMMAND", dest="command")
    for name, told in COMMANDS.items():
        more = {"parents": [of(name)], "add_help": False} if whole else {}
        commands.add_parser(name, help=told, **more)  # type: ignore[arg-type]
    return p


def of(name: str) -> argparse.ArgumentParser:
    """What the command `sedic-NAME` takes."""
    before, sys.argv = sys.argv, [f"sedic-{name}"]  # where argparse takes the command's name from
    try:
        made: argparse.ArgumentParser = import_module(f"sedic_tools.commands.{name}").arguments()
        return made
    finally:
        sys.argv = before


def main() -> int:
    """Entry point; returns the exit code."""
    p = arguments()
    if len(sys.argv) < 2:
        p.print_help(sys.stderr)
        return 2
    return run(lambda _: None, p.parse_args())


EPILOG = """\
examples:
  sedic pack photo.jpg -o photo.sedic
  sedic unpack photo.sedic -o photo.png
  sedic inspect photo.sedic
  sedic pack --help
"""

if __name__ == "__main__":
    sys.exit(main())
