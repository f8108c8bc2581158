"""What a describer, a grounder and a segmenter give, looked at where it enters (guard.py says what happens then).

Each class here stands around one back end and has its one method. What comes back is of the shape, type, number and size that
`interfaces.py` promises, and owned by us: arrays are copies, lists are tuples. Pictures go in read-only.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sedicfmt.encoders.interfaces import (
    Box,
    DescribedObject,
    Describer,
    DescribeRequest,
    Description,
    Detection,
    Grounder,
    Segmenter,
)
from sedicfmt.encoders.words import count_words
from sedicfmt.guard import Guard, a, brief, ours, read_only
from sedicfmt.limits import MAX_TEXT_BYTES
from sedicfmt.picture import Picture, Pixels


class GuardedDescriber:
    """A describer, guarded. `names_only`: it says what objects there are and never where, by its attribute of that name."""

    def __init__(self, inner: Describer, guard: Guard | None = None):
        self.inner, self.guard = inner, guard or Guard("describer", type(inner).__name__)
        self.names_only = getattr(inner, "names_only", False) is True

    def describe(self, image: Picture, request: DescribeRequest) -> Description:
        """What the describer says, within the request's limits. Raises BackendFailed, LimitExceeded, what else it may."""
        with self.guard.at_work():
            asked = replace(request, on_part=ours(request.on_part))
            return self._checked(self.inner.describe(read_only(image), asked), image, request)

    def _checked(self, told: Any, image: Picture, request: DescribeRequest) -> Description:
        guard = self.guard
        guard.require(isinstance(told, Description), f"gave {a(told)}, not a Description")
        overall = self._words(told.overall, "overall", request.words_overall)
        objects = guard.sequence(told.objects, "objects")
        guard.require(
            len(objects) <= request.objects, f"gave {len(objects)} objects; at most {request.objects} were asked for"
        )
        parts = (self._object(one, f"objects[{i}]", image, request) for i, one in enumerate(objects))
        return Description(overall, tuple(parts), self._report(told.report))

    def _object(self, one: Any, place: str, image: Picture, request: DescribeRequest) -> DescribedObject:
        guard = self.guard
        guard.require(isinstance(one, DescribedObject), f"gave {a(one)} for {place}, not a DescribedObject")
        name = guard.text(one.name, f"{place}.name", MAX_TEXT_BYTES)
        guard.require(name.strip(), f"gave no name for {place}")
        text = self._words(one.text, f"{place}.text", request.words_object)
        pixels = None if one.pixels is None else guard.mask(one.pixels, f"{place}.pixels", image.shape[:2])
        box = None if one.box is None else checked_box(guard, one.box, f"{place}.box")
        return DescribedObject(name, text, pixels, box, guard.number(one.score, f"{place}.score", 0, 1))

    def _words(self, value: Any, place: str, most: int) -> str:
        text = self.guard.text(value, place, MAX_TEXT_BYTES)
        count = count_words(text)
        self.guard.require(count <= max(0, most), f"gave {count} words for {place}; at most {most} were asked for")
        return text

    def _report(self, report: Any) -> dict[str, object]:
        """A dict that JSON can hold: warnings are texts, seconds are numbers."""
        guard = self.guard
        guard.require(isinstance(report, dict) and all(isinstance(key, str) for key in report),
                      f"gave {brief(report)} for report, which is a dict with texts as keys")  # fmt: skip
        json.dumps(
            report, default=str
        )  # a circle, a deep nest, a number that has no name: told before anything is paid for
        told = report.get("warnings", [])
        warnings = told if isinstance(told, list | tuple) else [told]
        guard.require(all(isinstance(line, str) for line in warnings), "gave warnings that are no texts")
        seconds = report.get("seconds", {})
        guard.require(isinstance(seconds, dict), f"gave {a(seconds)} for the report's seconds, which are a dict")
        for part, took in seconds.items():
            guard.number(took, f"the seconds of {brief(part)}", 0)
        return {**report, "warnings": list(warnings)} if "warnings" in report else dict(report)


class GuardedGrounder:
    """A grounder, guarded."""

    def __init__(self, inner: Grounder, guard: Guard | None = None):
        self.inner, self.guard = inner, guard or Guard("grounder", type(inner).__name__)

    def ground(self, image: Picture, phrases: Sequence[str]) -> tuple[Detection | None, ...]:
        """One answer a phrase. Raises BackendFailed, LimitExceeded, and what else the grounder may."""
        with self.guard.at_work():
            told = self.inner.ground(read_only(image), list(phrases))
            return tuple(map(self._checked, self.guard.sequence(told, "answers to phrases", len(phrases))))

    def _checked(self, answer: Any) -> Detection | None:
        guard = self.guard
        if answer is None:
            return None
        guard.require(isinstance(answer, Detection), f"gave {a(answer)}, neither a Detection nor None")
        name = guard.text(answer.name, "a detection's name", MAX_TEXT_BYTES)
        score = guard.number(answer.score, "a detection's score", 0, 1)
        return Detection(name, score, checked_box(guard, answer.box, "a detection's box"))


class GuardedSegmenter:
    """A segmenter, guarded."""

    def __init__(self, inner: Segmenter, guard: Guard | None = None):
        self.inner, self.guard = inner, guard or Guard("segmenter", type(inner).__name__)

    def segment(self, image: Picture, boxes: Sequence[Box]) -> tuple[Pixels, ...]:
        """One mask of the picture's size a box. Raises BackendFailed, LimitExceeded, and what else the segmenter may."""
        with self.guard.at_work():
            told = self.inner.segment(read_only(image), list(boxes))
            masks = self.guard.sequence(told, "masks to boxes", len(boxes))
            return tuple(self.guard.mask(mask, "a mask", image.shape[:2]) for mask in masks)


def checked_box(guard: Guard, box: Any, place: str) -> Box:
    """A Box of four finite numbers. Raises BackendFailed."""
    guard.require(isinstance(box, Box), f"gave {a(box)} for {place}, not a Box")
    sides = (guard.number(getattr(box, side), f"{place}.{side}") for side in ("left", "top", "right", "bottom"))
    return Box(*sides)


def guarded_describer(describer: Describer) -> GuardedDescriber:
    """The describer with a guard around it; one that has a guard already stays as it is."""
    return describer if isinstance(describer, GuardedDescriber) else GuardedDescriber(describer)


def guarded_grounder(grounder: Grounder | None) -> GuardedGrounder | None:
    """The same for a grounder; None stays None."""
    return grounder if grounder is None or isinstance(grounder, GuardedGrounder) else GuardedGrounder(grounder)


def guarded_segmenter(segmenter: Segmenter | None) -> GuardedSegmenter | None:
    """The same for a segmenter; None stays None."""
    return segmenter if segmenter is None or isinstance(segmenter, GuardedSegmenter) else GuardedSegmenter(segmenter)
