"""What we say to a model: text files in `prompts/VERSION/`, with $name where something is filled in.

A version is frozen once it is released: better wording is a new folder with the next number, so that a report that names
the version names the words. Of each version there are four files:

    system    who the model is, and what it never says
    objects   fine-grained: names and details of the objects              $objects $words_name $words_object
    overall   coarse-grained: the picture as a whole (paper 3.1)          $known $words_overall
    again     the question, the answer that was of no use, and why        $question $answer $fault
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from string import Template

from sedicfmt.errors import EncodeError

LATEST = "1"


@dataclass(frozen=True)
class Prompts:
    """One version's templates; `version` goes into reports and into what answers are stored under."""

    version: str
    system: str
    objects: Template
    overall: Template
    again: Template


def load_prompts(version: str = LATEST) -> Prompts:
    """The templates of `version`. Raises EncodeError for one that is not there."""
    folder = files("sedicfmt.encoders.talk").joinpath("prompts")
    versions = sorted(entry.name for entry in folder.iterdir() if entry.name.isdecimal())
    if version not in versions:
        raise EncodeError(f"there is no version {version!r} of the prompts; there are {', '.join(versions)}")
    texts = {name: folder.joinpath(version, f"{name}.txt").read_text("utf-8").strip() for name in NAMES}
    return Prompts(version, texts.pop("system"), **{name: Template(text) for name, text in texts.items()})


NAMES = ("system", "objects", "overall", "again")
