"""What `sedic_tools.pages.measure_restorer` compares: options of `sedic-unpack`, and files that say something untrue.

A file with another photo's words, or with masks turned inside out, shows what true words and masks are worth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from sedicfmt.model import SedicFile


@dataclass(frozen=True)
class Variant:
    """Options of the decoder; `change` makes the file, of the true one and that of the photo after it."""

    options: tuple[str, ...] = ()
    change: Callable[[SedicFile, SedicFile], SedicFile] | None = None
    told: str = ""  # what `change` does, for the table


def with_words_of(file: SedicFile, other: SedicFile) -> SedicFile:
    """All texts are the other file's; where it has fewer objects, they come again."""
    theirs = [o.text for o in other.objects] or [other.text]
    objects = [replace(o, text=theirs[i % len(theirs)]) for i, o in enumerate(file.objects)]
    return replace(file, text=other.text, objects=tuple(objects))


def with_masks_inverted(file: SedicFile, other: SedicFile) -> SedicFile:
    """Each mask covers what it did not cover."""
    objects = [replace(o, mask=replace(o.mask, cells=1 - o.mask.cells)) for o in file.objects]
    return replace(file, objects=tuple(objects))


DEFAULT = "default"
VARIANTS = {
    "reference": Variant(("--stage", "reference")),
    DEFAULT: Variant(),
    "without text": Variant(("--no-text",)),
    "wrong text": Variant(change=with_words_of, told="the next photo's words"),
    "without objects": Variant(("--objects", "0")),
    "wrong masks": Variant(change=with_masks_inverted, told="masks inverted"),
    "guidance": Variant(("--eta", "40")),
    "all detail": Variant(("--detail", "1")),
    "3 steps each": Variant(("--object-steps", "3", "--steps", "3")),
}
