"""How small a picture GrabCut may see: masks from the true boxes of a COCO folder, against the true masks and each other.

    python -m sedic_tools.choices.measure_segments FOLDER [--sides 200 128 ...] [--limit N]

For each side of the crop that GrabCut sees: mean IoU with the true masks, of its own masks and of the whole segmenter's (with
the mask head); the IoU of the latter with those of the first side; and CPU seconds of GrabCut for an object. The objects are
the largest three of each annotated photo that fill a hundredth of it.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from sedic_tools.pages.measure_offline import iou
from sedicfmt.encoders.annotations.describe_annotations import AnnotationsDescriber
from sedicfmt.encoders.interfaces import Box, DescribeRequest
from sedicfmt.encoders.objects.segment_grabcut import SIDE, GrabCutSegmenter
from sedicfmt.encoders.offline.efficientnet_numpy import Floats
from sedicfmt.encoders.offline.mask_head import MaskHead
from sedicfmt.encoders.offline.segment_lite import LiteSegmenter
from sedicfmt.errors import EncodeError
from sedicfmt.picture import Picture, Pixels

LEAST_SHARE = 0.01


class _OneAnswer(MaskHead):
    """The head's answer to one box, whatever box is asked for: it is the same for all sides."""

    def __init__(self, answer: Floats):
        super().__init__()
        self.answer = answer

    def probabilities(self, image: Picture, box: Box) -> Floats:
        return self.answer


@dataclass
class SideScore:
    """Sums over objects."""

    alone: list[float] = field(default_factory=list)
    with_head: list[float] = field(default_factory=list)
    like_first: list[float] = field(default_factory=list)
    seconds: float = 0.0


def true_objects(folder: Path, limit: int | None) -> Iterator[tuple[Picture, Box, Pixels]]:
    """(picture, box, mask) of each object that is looked at."""
    for file in sorted(folder.glob("*.jpg"))[:limit]:
        image = np.asarray(Image.open(file).convert("RGB"))
        try:
            told = AnnotationsDescriber(folder / "instances.json").describe(
                image, DescribeRequest(image_name=file.name)
            )
        except EncodeError:  # not among the annotated ones
            continue
        for part in told.objects:
            if part.pixels is not None and part.pixels.mean() >= LEAST_SHARE:
                yield image, box_of(part.pixels), part.pixels


def box_of(pixels: Pixels) -> Box:
    """The smallest box around the ones."""
    rows, columns = np.flatnonzero(pixels.any(1)), np.flatnonzero(pixels.any(0))
    return Box(float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1))


def measure(folder: Path, sides: list[int], limit: int | None) -> dict[int, SideScore]:
    """A score for each side."""
    scores, head = {side: SideScore() for side in sides}, MaskHead()
    for image, box, true in true_objects(folder, limit):
        answer, first = _OneAnswer(head.probabilities(image, box)), None
        for side, score in scores.items():
            cut = GrabCutSegmenter(side)
            began = time.process_time()
            (alone,) = cut.segment(image, [box])
            score.seconds += time.process_time() - began
            (mask,) = LiteSegmenter(answer, cut).segment(image, [box])
            first = mask if first is None else first
            score.alone.append(iou(alone, true))
            score.with_head.append(iou(mask, true))
            score.like_first.append(iou(mask, first))
    return scores


def table(scores: dict[int, SideScore]) -> str:
    """Markdown."""
    lines = ["| side | GrabCut alone | with the head | like the first | CPU s an object |", "|---|---|---|---|---|"]
    for side, s in scores.items():
        means = " | ".join(f"{np.mean(values):.3f}" for values in (s.alone, s.with_head, s.like_first))
        lines.append(f"| {side} | {means} | {s.seconds / max(1, len(s.alone)):.3f} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sides", type=int, nargs="+", default=[200, 160, SIDE, 96, 64])
    parser.add_argument("--limit", type=int, help="only the first so many photos")
    options = parser.parse_args()
    scores = measure(options.folder, options.sides, options.limit)
    print(f"{len(next(iter(scores.values())).alone)} objects\n{table(scores)}")


if __name__ == "__main__":
    main()
