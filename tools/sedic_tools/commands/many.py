"""What sedic-inspect and sedic-grep have in common: many .sedic files, each looked at whatever becomes of the others."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from sedic_tools.commands.command import fail, told
from sedicfmt.errors import EncodeError, SedicError


def list_files(inputs: list[str]) -> tuple[list[str], list[OSError]]:
    """The named files, "-", and every .sedic file in and below the named folders; what could not be looked into.

    Raises EncodeError where there is nothing at all, OSError for a named folder that cannot be read.
    """
    from sedicfmt.batch.jobs import find

    names, closed = list[str](), list[OSError]()
    for name in inputs:
        if name == "-":
            names.append(name)
            continue
        paths, refused = find([Path(name)], (".sedic",))
        names += map(str, paths)
        closed += refused
    if not names and not closed:
        raise EncodeError(f"{', '.join(inputs)} holds no .sedic file")
    return names, closed


def each(arguments: argparse.Namespace, look: Callable[[int, str], None]) -> int:
    """`look(number, name)` at every file; what fails is told. Returns the exit code of the first that failed, or 0."""
    names, closed = list_files(arguments.inputs)
    codes = [code for number, name in enumerate(names) if (code := _looked(number, name, arguments, look))]
    codes += [_failed(reason, str(reason.filename), arguments) for reason in closed]
    return codes[0] if codes else 0


def _looked(number: int, name: str, arguments: argparse.Namespace, look: Callable[[int, str], None]) -> int:
    try:
        look(number, name)
        return 0
    except BrokenPipeError:  # nobody reads on
        raise
    except (SedicError, OSError) as error:
        return _failed(error, name, arguments)


def _failed(error: SedicError | OSError, name: str, arguments: argparse.Namespace) -> int:
    failure = told(error)
    named = failure["message"] if name in failure["message"] else f"{name}: {failure['message']}"
    return fail({**failure, "message": named, "input": name}, arguments)
