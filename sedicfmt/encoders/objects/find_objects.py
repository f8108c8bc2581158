"""From names to masks: the objects that a describer only named are found in the picture, or leave its texts (paper 3.1).

    named objects -> box of each (ground) -> no box: a hallucination -> mask of each box (segment) -> cleaned -> disjoint

An object that has a mask keeps it, one that has a box is not looked for. Without a grounder or a segmenter that step is left
out: an object without a mask stays in the description as it is, and packing leaves it out with a warning.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from sedicfmt.encoders.interfaces import DescribedObject, Description, Grounder, Segmenter, require_picture
from sedicfmt.encoders.objects.clean_mask import clean_mask, resolve_overlaps
from sedicfmt.encoders.objects.hallucination import without_hallucinations
from sedicfmt.picture import Picture


def find_objects(
    image: Picture,
    description: Description,
    grounder: Grounder | None = None,
    segmenter: Segmenter | None = None,
    on_part: Callable[[str], None] = lambda part: None,
) -> Description:
    """The description with boxes, masks that exclude each other, and without what is not in `image`.

    The report gains "hallucinations" and "removed" where there are any, "boxes" ("cat 0.71"), seconds for "ground" and
    "segment", and warnings. Raises SedicError, what the two back ends raise.
    What they give was looked at where it entered (guarded.py).
    """
    require_picture(image)
    if grounder and any(_unplaced(part) for part in description.objects):
        on_part("finding what was named")
        began = time.perf_counter()
        description = _with_seconds(_ground(image, description, grounder), "ground", began)
    if segmenter and any(_unmasked(part) for part in description.objects):
        on_part("masks")
        began = time.perf_counter()
        description = _with_seconds(_segment(image, description, segmenter), "segment", began)
    return description


def _ground(image: Picture, description: Description, grounder: Grounder) -> Description:
    asked = [i for i, part in enumerate(description.objects) if _unplaced(part)]
    answers = grounder.ground(image, [description.objects[i].name for i in asked])
    boxes = [f"{answer.name} {answer.score:.2f}" for answer in answers if answer]
    checked = without_hallucinations(description, dict(zip(asked, answers, strict=True)))
    return replace(checked, report={**checked.report, "boxes": boxes})


def _segment(image: Picture, description: Description, segmenter: Segmenter) -> Description:
    asked = [i for i, part in enumerate(description.objects) if _unmasked(part)]
    masks = segmenter.segment(image, [box for i in asked if (box := description.objects[i].box)])
    given = [part.pixels for part in description.objects if part.pixels is not None and part.pixels.any()]
    clean = [clean_mask(mask) for mask in masks]
    own = resolve_overlaps(clean, [description.objects[i].score for i in asked], given)
    parts, warnings = dict(enumerate(description.objects)), list[str]()
    for i, mask, pixels in zip(asked, clean, own, strict=True):
        if pixels.any():
            parts[i] = replace(parts[i], pixels=pixels)
        elif mask.any():  # an empty one stays without pixels: packing warns of it
            warnings.append(f"{parts.pop(i).name}: other objects have its pixels; it is left out")
    told = description.report.get("warnings", [])
    before = told if isinstance(told, list) else [told]
    report = {**description.report, "warnings": [*before, *warnings]} if warnings else description.report
    return replace(description, objects=tuple(parts.values()), report=report)


def _with_seconds(description: Description, stage: str, began: float) -> Description:
    """The report's seconds for each stage, those of the describer before ours."""
    told = description.report.get("seconds", {})
    seconds = {**(told if isinstance(told, dict) else {}), stage: round(time.perf_counter() - began, 3)}
    return replace(description, report={**description.report, "seconds": seconds})


def _unplaced(part: DescribedObject) -> bool:
    return not _masked(part) and part.box is None


def _unmasked(part: DescribedObject) -> bool:
    return not _masked(part) and part.box is not None


def _masked(part: DescribedObject) -> bool:
    return part.pixels is not None and bool(part.pixels.any())
