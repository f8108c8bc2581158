"""How much restoring a file may ask for: what it costs follows from what it states, not from its bytes.

An object stage may go over the whole picture, as the whole stage does (a mask can be as large; some restorers look no nearer),
so the work is at most pixels times stages, and that is what is counted. A file of thirty bytes can state four million pixels
and several objects. Unless the caller asks for a number of objects, as many get stages of their own as keep the work within
MOST_RESTORED; the whole stage, which has the text of the whole, is there in any case. Of strangers' files, in the profile
thin, a picture whose whole stage alone is too much is decoded and not restored: such a file is within the profile (P-1), and
nobody is bound to generate detail for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sedicfmt.limits import MOST_RESTORED
from sedicfmt.model import SedicFile, SedicObject


@dataclass(frozen=True)
class Work:
    """How far a file is decoded, which objects get a stage of their own, and what the reader has to be told."""

    stage: str
    objects: tuple[SedicObject, ...]
    warnings: tuple[str, ...] = ()


def work_within(file: SedicFile, stage: str, profile: str, asked: Any = None) -> Work:
    """What of `stage` is done in the profile; `asked`: the number of objects that the caller wants, which full obeys."""
    pixels, most, thin = file.width * file.height, MOST_RESTORED[profile], profile == "thin"
    if stage == "reference" or (asked is not None and not thin):
        return Work(stage, file.objects)
    size = f"{file.width}x{file.height} pixels"
    if thin and pixels > most:
        told = f"{size} are more than the profile thin restores ({most}); this is the reference picture"
        return Work("reference", (), (f"{told}; --profile full restores it",))
    wanted = file.objects[:asked] if isinstance(asked, int) and asked >= 0 else file.objects
    kept = wanted[: max(0, most // pixels - (stage == "final"))]
    if len(kept) == len(wanted):
        return Work(stage, kept)
    how = "--profile full" if thin else f"--objects {len(wanted)}"
    left = len(wanted) - len(kept)
    are = "is" if left == 1 else "are"
    told = f"{left} of {len(wanted)} objects {are} not restored on their own, which at {size} would take long"
    return Work(stage, kept, (f"{told}; {how} does it",))
