"""How many looks the detector needs: what it finds of a COCO folder's objects, by when it looks at windows of a picture too.

    python -m sedic_tools.choices.measure_detector FOLDER [--large 0 0.1 0.2 inf] [--only val2017]

A look is one pass of the network, over the whole picture or a square window of it. Windows are looked at unless the whole
shows a box of `--large` of the picture: 0 means hardly ever, inf always. A true object is found where a detection of its
class has a box with IoU 0.5 or more with its own. "Wrong" are detections with IoU below 0.3 with every true object of their
class, crowds counted. CPU seconds are of the passes.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePath

import numpy as np
from PIL import Image

from sedicfmt.encoders.interfaces import Box, Detection
from sedicfmt.encoders.offline.detect_ssd import LARGE, SsdDetector, Window, intersection
from sedicfmt.picture import Picture

FOUND, NEAR = 0.5, 0.3  # IoU of boxes
LEAST_SHARE = 0.004  # of the picture: smaller objects get no mask
FIRST = 3  # objects of a photo that are sent
TrueBox = tuple[str, Box, bool]  # name, box, crowd


@dataclass
class Score:
    """Of each photo, or each of its largest objects."""

    looks: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    largest: list[bool] = field(default_factory=list)
    ious: list[float] = field(default_factory=list)
    wrong: int = 0


class Remembering(SsdDetector):
    """A detector that looks once through a window of a picture, however often it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: dict[Window, tuple[list[Detection], float]] = {}
        self.asked: list[Window] = []

    def _look_through(self, image: Picture, window: Window) -> Iterator[Detection]:
        self.asked.append(window)
        if window not in self.seen:
            began = time.process_time()
            found = list(super()._look_through(image, window))
            self.seen[window] = found, time.process_time() - began
        yield from self.seen[window][0]


def true_boxes(folder: Path) -> dict[str, list[TrueBox]]:
    """Of each annotated photo, the largest first."""
    told = json.loads((folder / "instances.json").read_text("utf-8"))
    names = {one["id"]: one["name"] for one in told["categories"]}
    files = {one["id"]: PurePath(one["file_name"]).name for one in told["images"]}
    boxes: dict[str, list[TrueBox]] = defaultdict(list)
    for one in told["annotations"]:
        x, y, width, height = one["bbox"]
        boxes[files[one["image_id"]]].append(
            (names[one["category_id"]], Box(x, y, x + width, y + height), bool(one.get("iscrowd")))
        )
    return {name: sorted(found, key=lambda one: -one[1].area) for name, found in boxes.items()}


def overlap(a: Box, b: Box) -> float:
    """Intersection over union."""
    common = intersection(a, b)
    return common / max(1e-9, a.area + b.area - common)


def best(true: TrueBox, found: tuple[Detection, ...]) -> float:
    """The IoU of a true object with the detection of its class that fits it best."""
    return max((overlap(true[1], d.box) for d in found if d.name == true[0]), default=0.0)


def add(score: Score, found: tuple[Detection, ...], true: list[TrueBox], pixels: int) -> None:
    """One photo's detections."""
    objects = [one for one in true if not one[2] and one[1].area >= LEAST_SHARE * pixels][:FIRST]
    score.ious += [best(one, found) for one in objects]
    score.largest += [best(one, found) >= FOUND for one in objects[:1]]
    score.wrong += sum(
        max((overlap(d.box, box) for name, box, _ in true if name == d.name), default=0.0) < NEAR for d in found
    )


def measure(folder: Path, shares: list[float], only: str) -> dict[float, Score]:
    """A score for each share."""
    scores, detector, truth = {share: Score() for share in shares}, Remembering(), true_boxes(folder)
    detector.open()
    for file in sorted(folder.glob("*.jpg")):
        if file.name not in truth or not file.name.startswith(only):
            continue
        image = np.asarray(Image.open(file).convert("RGB"))
        detector.seen.clear()
        for detector.large, score in scores.items():
            detector.asked.clear()
            found = detector.detect(image)
            add(score, found, truth[file.name], image.shape[0] * image.shape[1])
            score.looks.append(len(detector.asked))
            score.seconds.append(sum(detector.seen[window][1] for window in detector.asked))
    return scores


def table(scores: dict[float, Score]) -> str:
    """Markdown."""
    lines = [
        "| windows unless a box has | looks | largest found | first three found | mean IoU | wrong | CPU s |",
        "|---|---|---|---|---|---|---|",
    ]
    for share, s in scores.items():
        found = np.mean(np.array(s.ious) >= FOUND)
        lines.append(
            f"| {share:g} of the picture | {np.mean(s.looks):.2f} | {np.mean(s.largest):.1%} | {found:.1%} "
            f"| {np.mean(s.ious):.3f} | {s.wrong} | {np.mean(s.seconds):.3f} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--large", type=float, nargs="+", default=[0.0, LARGE, 0.2, float("inf")])
    parser.add_argument("--only", default="", metavar="START", help="photos whose names begin so")
    options = parser.parse_args()
    scores = measure(options.folder, options.large, options.only)
    print(f"{len(next(iter(scores.values())).looks)} photos\n{table(scores)}")


if __name__ == "__main__":
    main()
