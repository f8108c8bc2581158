"""What the guided filter gives to the mask head: masks from the true boxes of a COCO folder, against the true masks.

    python -m sedic_tools.choices.measure_segments FOLDER [--sides 64 96 ...] [--limit N]

For the head's answer as it is, and for each side of the crop that the filter sees: mean IoU with the true masks, the share of
objects with less than a half, and CPU seconds for an object without the head's own. The objects are the largest three of each
annotated photo that fill a hundredth of it.
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
from sedicfmt.encoders.offline.mask_head import MaskHead
from sedicfmt.encoders.offline.segment_mask_head import SIDE, MaskHeadSegmenter
from sedicfmt.encoders.resized import Map
from sedicfmt.errors import EncodeError
from sedicfmt.picture import Picture, Pixels

LEAST_SHARE = 0.01
UNFILTERED = 0


class _OneAnswer(MaskHead):
    """The head's answer to one box, whatever box is asked for: it is the same for all sides."""

    def __init__(self, answer: Map):
        super().__init__()
        self.answer = answer

    def probabilities(self, image: Picture, box: Box) -> Map:
        return self.answer


@dataclass
class SideScore:
    """Sums over objects."""

    ious: list[float] = field(default_factory=list)
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
    """A score for each side; UNFILTERED: the head's answer, stretched."""
    scores, head = {side: SideScore() for side in sides}, MaskHead()
    for image, box, true in true_objects(folder, limit):
        answer = _OneAnswer(head.probabilities(image, box))
        for side, score in scores.items():
            segmenter = MaskHeadSegmenter(answer, side or SIDE, filtered=side != UNFILTERED)
            began = time.process_time()
            (mask,) = segmenter.segment(image, [box])
            score.seconds += time.process_time() - began
            score.ious.append(iou(mask, true))
    return scores


def table(scores: dict[int, SideScore]) -> str:
    """Markdown."""
    lines = ["| side | mean IoU | below a half | CPU s an object |", "|---|---|---|---|"]
    for side, s in scores.items():
        missed, seconds = np.mean(np.array(s.ious) < 0.5), s.seconds / max(1, len(s.ious))
        lines.append(f"| {side or 'without the filter'} | {np.mean(s.ious):.3f} | {missed:.1%} | {seconds:.3f} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sides", type=int, nargs="+", default=[UNFILTERED, 48, 64, SIDE, 128])
    parser.add_argument("--limit", type=int, help="only the first so many photos")
    options = parser.parse_args()
    scores = measure(options.folder, options.sides, options.limit)
    print(f"{len(next(iter(scores.values())).ious)} objects\n{table(scores)}")


if __name__ == "__main__":
    main()
