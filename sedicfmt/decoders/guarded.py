"""What a restorer gives, looked at where it enters (guard.py says what happens then).

The class here stands around one restorer and has its one method. What comes back is a picture of the reference's size, a
record that a PNG's text chunks can hold, and warnings; pictures that it shows on the way are looked at as well.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from sedicfmt.decoders.interfaces import Restored, Restorer, RestoreRequest
from sedicfmt.guard import Guard, a, brief, ours, read_only
from sedicfmt.picture import Picture

RECORD_KEY = re.compile(
    "[!-~]([ -~]{0,58}[!-~])?"
)  # "sedic:" and it are a PNG's keyword, which has at most 79 characters
MOST_STEPS = 1_000_000
STAGE = re.compile(r"\w[\w -]{0,79}")
MOST_BYTES = 1 << 16  # of one entry of the record


class GuardedRestorer:
    """A restorer, guarded."""

    def __init__(self, inner: Restorer, guard: Guard | None = None):
        self.inner, self.guard = inner, guard or Guard("restorer", type(inner).__name__)

    def restore(self, request: RestoreRequest) -> Restored:
        """The restored picture, of the reference's size. Raises BackendFailed, LimitExceeded, what else it may."""
        with self.guard.at_work():
            told = self.inner.restore(self._asked(request))
            self.guard.require(isinstance(told, Restored), f"gave {a(told)}, not a Restored")
            picture = self.guard.array(told.picture, "the picture", request.reference.shape)
            return Restored(picture, self._record(told.record), self._warnings(told.warnings))

    def _asked(self, request: RestoreRequest) -> RestoreRequest:
        """The request with a reference that cannot be written into, and with functions that know whose mistake is whose."""
        guard, on_step, on_picture = self.guard, request.on_step, request.on_picture

        def step(stage: str, done: int, total: int) -> None:
            self._stage(stage)
            whole = type(done) is int and type(total) is int
            guard.require(whole and 0 <= done <= total <= MOST_STEPS, f"told of step {brief(done)} of {brief(total)}")
            ours(on_step)(stage, done, total)

        def picture(stage: str, shown: Picture) -> None:
            self._stage(stage)
            checked = guard.array(shown, f"the picture of {brief(stage)}", request.reference.shape)
            ours(on_picture)(stage, checked) if on_picture else None

        shows = None if on_picture is None else picture
        return replace(request, reference=read_only(request.reference), on_step=step, on_picture=shows)

    def _stage(self, stage: Any) -> None:
        """A stage's name becomes a file's name (--save-stages), which must not lead out of its folder."""
        fits = isinstance(stage, str) and STAGE.fullmatch(stage)
        self.guard.require(fits, f"calls a stage {brief(stage)}; its name is letters, digits, spaces and hyphens")

    def _record(self, record: Any) -> dict[str, str]:
        guard = self.guard
        guard.require(isinstance(record, dict), f"gave {a(record)} for record, which is a dict of texts")
        for key, value in record.items():
            fits = isinstance(key, str) and RECORD_KEY.fullmatch(key)
            guard.require(fits, f"gave {brief(key)} as a key of record; it is 1 to 60 characters of ASCII")
            guard.text(value, f"record[{key!r}]", MOST_BYTES)
        return dict(record)

    def _warnings(self, warnings: Any) -> tuple[str, ...]:
        lines = self.guard.sequence(warnings, "warnings")
        return tuple(self.guard.text(line, "a warning", MOST_BYTES) for line in lines)


def guarded_restorer(restorer: Restorer) -> GuardedRestorer:
    """The restorer with a guard around it; one that has a guard already stays as it is."""
    return restorer if isinstance(restorer, GuardedRestorer) else GuardedRestorer(restorer)
