"""How good the offline describer is: its masks against the true ones of a COCO folder (photos and instances.json).

    python -m sedic_tools.pages.measure_offline FOLDER [--limit N]

For each offline object the IoU with the best matching true mask, whatever its name; the share of objects whose name agrees
with that mask's (a kind agrees with what it is a kind of: "macaw" with "bird"); the share of photos whose largest true
object is found (an offline mask with IoU 0.5 or more; and the same with the right name); CPU seconds a photo; and how many
right and wrong detections the second opinion drops. Detector and mask head were trained on COCO's train2017 photos, so the
photos called val2017_... are reported by themselves as well.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from sedicfmt.encoders.annotations.describe_annotations import AnnotationsDescriber
from sedicfmt.encoders.interfaces import Box, DescribedObject, DescribeRequest
from sedicfmt.encoders.offline.check_detections import MAY_BE, checked
from sedicfmt.encoders.offline.describe_offline import OfflineDescriber
from sedicfmt.encoders.offline.detect_ssd import intersection
from sedicfmt.encoders.offline.name_pictures import class_names, general_words
from sedicfmt.encoders.registry import find_describer
from sedicfmt.errors import EncodeError
from sedicfmt.picture import Picture, Pixels

FOUND = 0.5  # IoU from which an object counts as found
SAME_PLACE = 0.3  # IoU of boxes from which a detection is of a true object
EVERY_OBJECT = 1000


@dataclass(frozen=True)
class PhotoScore:
    """What one photo contributes."""

    ious: list[float]
    names_right: list[bool]
    largest_found: bool
    largest_named: bool
    seconds: float
    dropped_right: int
    dropped_wrong: int


def iou(a: Pixels | None, b: Pixels | None) -> float:
    """Intersection over union of two masks of the same shape, 0 where one is missing."""
    if a is None or b is None:
        return 0.0
    return float(np.count_nonzero(a & b)) / max(1, int(np.count_nonzero(a | b)))


def agrees(said: str, true: str) -> bool:
    """Whether a name is COCO's, or one of the ImageNet classes that COCO's may be."""
    kinds = {class_names()[number] for word in MAY_BE.get(true, ()) for number in general_words()[word]}
    return said == true or said in kinds or said in MAY_BE.get(true, ())


def score_photo(
    found: tuple[DescribedObject, ...], true: tuple[DescribedObject, ...], seconds: float, gone: tuple[int, int]
) -> PhotoScore:
    """`true` is ordered largest first; `gone` are the right and the wrong detections that were dropped."""
    table = np.array([[iou(f.pixels, t.pixels) for t in true] for f in found]).reshape(len(found), len(true))
    named = [
        agrees(f.name, true[int(row.argmax())].name) and row.max() > 0 for f, row in zip(found, table, strict=True)
    ]
    hits = [f for f, row in zip(found, table, strict=True) if row[0] >= FOUND]
    right = any(agrees(f.name, true[0].name) for f in hits)
    return PhotoScore([float(row.max()) for row in table], named, bool(hits), right, seconds, *gone)


def dropped(image: Picture, true: tuple[DescribedObject, ...], describer: OfflineDescriber) -> tuple[int, int]:
    """Right and wrong detections that the second opinion drops: right ones have a true object of their name there."""
    found = describer.detector.detect(image)
    kept = {(d.box, d.score) for d in checked(image, found, describer.namer)}
    gone = [d for d in found if (d.box, d.score) not in kept]
    right = sum(any(t.name == d.name and overlap(d.box, t.pixels) > SAME_PLACE for t in true) for d in gone)
    return right, len(gone) - right


def overlap(box: Box, pixels: Pixels | None) -> float:
    """Intersection over union of a box and the box of a mask, 0 for an empty one."""
    if pixels is None or not pixels.any():
        return 0.0
    rows, columns = np.nonzero(pixels)
    other = Box(float(columns.min()), float(rows.min()), float(columns.max() + 1), float(rows.max() + 1))
    common = intersection(box, other)
    return common / (box.area + other.area - common)


def score_folder(folder: Path, limit: int | None) -> dict[str, PhotoScore]:
    """A score for each photo of `folder` that has annotated objects."""
    scores: dict[str, PhotoScore] = {}
    describer = find_describer("offline")
    assert isinstance(describer, OfflineDescriber)
    for file in sorted(folder.glob("*.jpg")):
        image = np.asarray(Image.open(file).convert("RGB"))
        try:
            truth = AnnotationsDescriber(folder / "instances.json")
            true = truth.describe(image, DescribeRequest(objects=EVERY_OBJECT, image_name=file.name)).objects
        except EncodeError:  # not among the annotated ones
            continue
        start = time.process_time()
        found = describer.describe(image, DescribeRequest()).objects
        seconds = time.process_time() - start
        if true:
            scores[file.name] = score_photo(found, true, seconds, dropped(image, true, describer))
        if limit and len(scores) == limit:
            break
    return scores


def summary(scores: list[PhotoScore]) -> str:
    """One line of means."""
    ious = [value for score in scores for value in score.ious]
    names = [right for score in scores for right in score.names_right]
    largest = [score.largest_found for score in scores]
    named = [score.largest_named for score in scores]
    seconds = np.median([score.seconds for score in scores])
    return (
        f"{len(scores)} photos, {len(ious)} masks: mean IoU {np.mean(ious):.3f}, name right {np.mean(names):.1%}, "
        f"largest object found {np.mean(largest):.1%}, and named {np.mean(named):.1%}, median CPU {seconds:.2f} s; "
        f"dropped {sum(s.dropped_wrong for s in scores)} wrong and {sum(s.dropped_right for s in scores)} right detections"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limit", type=int, help="only the first so many photos")
    options = parser.parse_args()
    scores = score_folder(options.folder, options.limit)
    print("all     ", summary(list(scores.values())))
    unseen = [score for name, score in scores.items() if name.startswith("val2017")]
    if unseen:
        print("val2017 ", summary(unseen))


if __name__ == "__main__":
    main()
