"""Profiles: what a reader is bound to read, and what it may refuse (spec clauses P-1 to P-3).

All that thin bounds more tightly, but the changes of its run-length masks, follows from the header, the lengths and the tags
of the masks (P-2), so that a file beyond it is refused before any of its payloads is decoded. The bounds of full are the
format's own (limits.py) and hold for every file.
"""

from __future__ import annotations

from sedicfmt.container.frame import Frame, Segment
from sedicfmt.errors import EncodeError, LimitExceeded
from sedicfmt.limits import PROFILES, THIN
from sedicfmt.model import coded_size
from sedicfmt.segments import mask


def check_profile(frame: Frame, file_bytes: int, profile: str) -> None:
    """Raises LimitExceeded with the path of what is beyond `profile`, EncodeError for a name that no profile has."""
    if profile not in PROFILES:
        raise EncodeError(f"no profile is called {profile}; there are {', '.join(PROFILES)}", "profile")
    if profile == "thin" and (found := beyond_thin(frame, file_bytes)):
        what, path, number = found
        raise LimitExceeded(f"{what}: {number}; the profile thin has at most {THIN[what]}", path)


def check_changes(changes: int, segment: Segment, profile: str) -> None:
    """Raises LimitExceeded where the run-length masks of a file up to `segment` have more changes than `profile` has: their
    number is known when they are decoded, one after the other."""
    if profile == "thin" and changes > THIN[CHANGES]:
        told = f"{CHANGES}: over {THIN[CHANGES]}, the most of the profile thin"
        raise LimitExceeded(told, segment.path, segment.offset)


def kept_profile(frame: Frame, file_bytes: int, changes: int = 0) -> str:
    """The narrowest profile, "thin" or "full", of a file of that many bytes, and changes of its run-length masks."""
    return "full" if beyond_thin(frame, file_bytes) or changes > THIN[CHANGES] else "thin"


def beyond_thin(frame: Frame, file_bytes: int) -> tuple[str, str, int] | None:
    """What is over the bounds of thin first: its name in `THIN`, its path in the file and its number."""
    return next((found for found in measured(frame, file_bytes) if found[2] > THIN[found[0]]), None)


def measured(frame: Frame, file_bytes: int) -> list[tuple[str, str, int]]:
    """All that thin bounds: its name in `THIN`, its path in the file and its number."""
    masks = [mask.declared_cells(s.payload, frame.width, frame.height) for s in frame.segments if s.kind == "mask"]
    latent = coded_size(frame.width, frame.height, frame.latent_scale)
    return [
        ("bytes of a file", "", file_bytes),
        ("objects", "objects", len(masks)),
        ("sides of the picture, pixels", "header.size.width", frame.width),
        ("sides of the picture, pixels", "header.size.height", frame.height),
        ("pixels of the picture", "header.size", frame.width * frame.height),
        ("sides of the latent, pixels", "header.latent_scale", max(latent)),
        ("pixels of the latent", "header.latent_scale", latent[0] * latent[1]),
        *(("bytes of a segment, of an extension", s.path, len(s.payload)) for s in frame.segments),
        *(("bytes of a segment, of an extension", f"extensions[{i}]", len(e.payload)) for i, e in enumerate(frame.extensions)),
        ("cells of all masks", "objects", sum(cells for cells, _ in masks)),
        ("cells of all masks of the coders 1 to 3", "objects", sum(coded for _, coded in masks)),
    ]  # fmt: skip


CHANGES = "changes of all run-length masks"
