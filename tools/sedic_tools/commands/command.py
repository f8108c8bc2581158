"""What the three commands share: exit codes, input and output, progress, and errors told in one line.

Exit codes: 0 fine, 1 a mistake of ours, 2 usage, 3 malformed, 4 unsupported, 5 truncated, 6 check failed, 7 over a limit,
8 back end unavailable, 74 input or output failed, 130 interrupted.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import re
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from sedic_tools.commands.output import on_stdout
from sedic_tools.commands.standard_output import kept_apart, put
from sedic_tools.commands.start import interruptions, silence
from sedicfmt import __version__
from sedicfmt.errors import LimitExceeded, SedicError
from sedicfmt.limits import PROFILES
from sedicfmt.networks.threads import use_threads

IO_FAILED, INTERRUPTED = 74, 130


class Parser(argparse.ArgumentParser):
    """One whose errors steer no terminal, whatever a file is called."""

    def error(self, message: str) -> NoReturn:
        """Usage and what is wrong on standard error; exit code 2."""
        super().error(printable(message))


class Help(argparse.RawDescriptionHelpFormatter):
    """As wide as the terminal, or 80 columns. argparse makes one for each switch there is, and to learn the width imports
    shutil with all its compressors, which every start would pay for."""

    def __init__(self, prog: str):
        super().__init__(prog, width=_columns() - 2)


def _columns() -> int:
    told = os.environ.get("COLUMNS", "")
    if told.isdecimal() and int(told):
        return int(told)
    try:
        return os.get_terminal_size(1).columns or 80
    except OSError:
        return 80


def parser(
    description: str, help_input: str = "files, or - for standard input", least: str = "+", examples: str = "",
    before: str = "",
) -> Parser:  # fmt: skip
    """A parser with what every command has.

    `least`: argparse's "+" for at least one input, "*" for any number; `examples`: shown below the help; `before`: an
    argument in front of the inputs.
    """
    below = f"examples:\n{examples}" if examples else None
    made = Parser(description=description, epilog=below, formatter_class=Help)
    if before:
        made.add_argument(before, metavar=before.upper())
    made.add_argument("inputs", metavar="INPUT", nargs=least, help=help_input)
    made.add_argument("--json", action="store_true", help="print the result, or the error, as JSON on standard output")
    add_version(made)
    return made


def documented(doc: str) -> Parser:
    """A parser out of a module's docstring: its lines that are set in are the examples, the others the description."""
    lines = doc.splitlines()
    examples = [line[2:] for line in lines if line.startswith("    ")]
    told = re.sub(r"\n{3,}", "\n\n", "\n".join(line for line in lines if not line.startswith("    "))).strip()
    shown = "\n".join(["examples:", *examples]) if examples else None
    return Parser(description=told, epilog=shown, formatter_class=Help)


def add_version(p: argparse.ArgumentParser) -> None:
    """--version."""
    p.add_argument("--version", action="version", version=f"sedicfmt {__version__}")


def add_profile(p: argparse.ArgumentParser) -> None:
    """The profile of a command that reads files (container/profile.py)."""
    p.add_argument(
        "--profile", choices=PROFILES, default="full",
        help="thin: refuse, before it is decoded, beyond 4 megapixels and what costs more (specification, section 8)",
    )  # fmt: skip


def add_model(p: argparse.ArgumentParser) -> None:
    """Which weights decode a latent whose file names them by a digest alone."""
    p.add_argument(
        "--model", metavar="NAME",
        help="of files of compressai: compressai:ARCHITECTURE@CHECKPOINT, as they were packed; without it the checkpoint is "
        "looked for in the folders of SEDIC_CHECKPOINTS and in torch's cache",
    )  # fmt: skip


def add_threads(p: argparse.ArgumentParser) -> None:
    """How many threads a command computes with; `run` sees to it."""
    p.add_argument("--threads", type=int, metavar="N", help="how many threads libraries compute with, which changes no "
                   "result (default: ONNX Runtime as many as there are processors, at most 4; others as they do)")  # fmt: skip


def run(command: Callable[[argparse.Namespace], int | None], arguments: argparse.Namespace) -> int:
    """Run a command; every failure becomes a line on standard error and an exit code."""
    try:
        warnings.simplefilter("ignore")  # of libraries; what concerns a user is told in our words
        _prepare_streams()
        if getattr(arguments, "threads", None) is not None:
            use_threads(arguments.threads)
        with kept_apart():
            exit_code = command(arguments) or 0
        sys.stdout.flush()
        return exit_code
    except BrokenPipeError:
        silence("stdout")
        return IO_FAILED
    except (Exception, KeyboardInterrupt) as error:
        return fail(told(KeyboardInterrupt() if interruptions else error), arguments)


def told(error: BaseException) -> dict[str, Any]:
    """An error as `--json` shows it: code, exit_code, message, path and offset in a file, report of what was spent."""
    if isinstance(error, SedicError):
        place = {"path": error.path, "offset": error.offset}
        spent = {"report": error.report} if error.report else {}
        return {"code": error.code, "exit_code": error.exit_code, "message": str(error), **place, **spent}
    if isinstance(error, OSError):
        reason = (
            f"{error.strerror}: {error.filename}" if error.strerror and error.filename else error.strerror or str(error)
        )
        return {"code": "io", "exit_code": IO_FAILED, "message": reason}
    if isinstance(error, MemoryError):
        reason = "not enough memory for this picture; scale it down first"
        return {"code": "limit", "exit_code": LimitExceeded.exit_code, "message": reason}
    if isinstance(error, KeyboardInterrupt):
        return {"code": "interrupted", "exit_code": INTERRUPTED, "message": "interrupted"}
    # a mistake of ours; people get a line, not a traceback
    reason = f"internal error, please report it: {type(error).__name__}: {error}"
    return {"code": "internal", "exit_code": 1, "message": reason}


def _prepare_streams() -> None:
    """Closed standard streams are an error of input and output; characters that a terminal lacks are escaped.

    With PYTHONUNBUFFERED a write to standard output may take only a part and say so to nobody: there it is opened anew.
    """
    if isinstance(getattr(sys.stdout, "buffer", None), io.RawIOBase):
        sys.stdout = open(sys.stdout.fileno(), "w", encoding=sys.stdout.encoding, closefd=False)  # noqa: SIM115
    for name in ("stdin", "stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "r" if name == "stdin" else "w"))  # noqa: SIM115
            if name == "stdout":
                raise OSError("standard output is closed")
        elif name != "stdin" and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def fail(failure: dict[str, Any], arguments: argparse.Namespace) -> int:
    """Say what went wrong; returns the exit code."""
    say(failure["message"])
    if arguments.json and not on_stdout(getattr(arguments, "output", "")):
        with contextlib.suppress(OSError):  # standard output may be what failed
            put(json.dumps({"error": failure}), flush=True)
    return int(failure["exit_code"])


def say(line: str) -> None:
    """A line on standard error, after the command's name; where that is full or closed the exit code has to do."""
    note("")
    with contextlib.suppress(OSError):
        print(f"{Path(sys.argv[0]).name}: {printable(line)}", file=sys.stderr)


def done(line: str) -> None:
    """What was done, for who looks on: standard error where it is a terminal."""
    if sys.stderr.isatty():
        say(line)


def note(stage: str) -> None:
    """Show the stage at work, on standard error if it is a terminal; the empty string wipes the line."""
    stage = printable(stage)
    if sys.stderr.isatty():
        dim, plain = ("", "") if os.environ.get("NO_COLOR") else ("\033[2m", "\033[0m")
        sys.stderr.write(f"\r\033[K{dim}{stage} ...{plain}" if stage else "\r\033[K")
        sys.stderr.flush()


def bar(stage: str, done: int, total: int) -> None:
    """Show how far a stage is, on standard error if it is a terminal."""
    filled = 24 * done // max(1, total)
    note(f"{stage} [{'#' * filled}{'.' * (24 - filled)}] {done}/{total}")


def warn(warnings: list[str]) -> None:
    """One line each on standard error."""
    for line in warnings:
        say(f"warning: {line}")


def printable(text: str) -> str:
    """Control and formatting characters, and those that show nothing, escaped: a text must not steer a terminal."""
    return "".join(c if c.isprintable() and not INVISIBLE.match(c) else escaped(c) for c in text)


def escaped(character: str) -> str:
    """As Python writes it."""
    return character.encode("unicode_escape").decode()


# Unicode's Default_Ignorable_Code_Point, as far as Python calls them printable, and signs that are blank by their shape
INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\ufffc\U0001d159\U000e0100-\U000e01ef]"
)
