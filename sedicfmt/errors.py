"""Every error this package raises, by whose fault it is: the file's, the caller's or a back end's.

A `SedicError` says what is wrong (`code`), where in the file's structure (`path`, such as "objects[1].mask") and at which
byte (`offset`, None where there is none). The commands end with the class's `exit_code`:

    code         exit code  class                                                       whose fault
    malformed    3          Malformed                                                   the file's
    unsupported  4          Unsupported                                                 the file's, or this reader is too old
    truncated    5          Truncated                                                   the file's
    check        6          ChecksumMismatch                                            the file's
    limit        7          LimitExceeded                                               the file's or the caller's
    usage        2          EncodeError                                                 the caller's
    backend      8          MissingDependency, BackendFailed, BackendUnavailable        a back end's

Other exit codes (0, 74, 130) are the commands' own: `sedic_tools/commands/command.py`.
"""

from __future__ import annotations


class SedicError(Exception):
    """Root of all errors. `code` is stable and meant for programs, the message for people.

    `report`: what was spent before it went wrong, such as requests and tokens; mostly empty.
    """

    code = "error"
    exit_code = 1

    def __init__(self, message: str, path: str = "", offset: int | None = None):
        super().__init__(message)
        self.message, self.path, self.offset = message, path, offset
        self.report: dict[str, object] = {}

    def inside(self, path: str, offset: int = 0) -> SedicError:
        """The same error seen from the structure around it: `path` goes in front, `offset` is added."""
        inner = self.path if not self.path or self.path.startswith("[") else "." + self.path
        self.path = path + inner if path else self.path
        self.offset = None if self.offset is None else self.offset + offset
        return self

    def __str__(self) -> str:
        place = [self.path] if self.path else []
        place += [f"byte {self.offset}"] if self.offset is not None else []
        return f"{self.message} ({', '.join(place)})" if place else self.message


class FileError(SedicError):
    """The file's fault."""


class Malformed(FileError):
    """The bytes break a rule of the format."""

    code, exit_code = "malformed", 3


class Unsupported(FileError):
    """Well formed as far as can be told, but of a version, model or coder that this reader does not know."""

    code, exit_code = "unsupported", 4


class Truncated(FileError):
    """The file ends before its content does. `complete_stages` names what an incomplete file still holds whole."""

    code, exit_code = "truncated", 5
    complete_stages: tuple[str, ...] = ()


class ChecksumMismatch(FileError):
    """The check over the whole file does not hold."""

    code, exit_code = "check", 6


class LimitExceeded(SedicError):
    """Over one of the limits in `limits.py`, whether declared in a file or asked for by a caller."""

    code, exit_code = "limit", 7


class EncodeError(SedicError):
    """The caller's fault: what was asked for cannot be written."""

    code, exit_code = "usage", 2


class MissingDependency(SedicError):
    """A back end needs something that is not installed; the message names the command that installs it."""

    code, exit_code = "backend", 8


class BackendFailed(SedicError):
    """A back end broke; `__cause__` keeps its own error."""

    code, exit_code = "backend", 8


class BackendUnavailable(BackendFailed):
    """A back end that will fail for every picture: the key is refused, the server not there. Whoever has many stops."""
