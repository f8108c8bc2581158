"""SSD-MobileNet-v2 (Liu et al., 2016; Sandler et al., 2018) run by numpy, from the graph that TensorFlow froze.

    picture -MobileNet-v2-> maps of 19x19 to 1x1 places -two 3x3 convolutions a map-> at each place, for some boxes
    of other sizes and shapes ("anchors"): how to move and stretch the box, and how likely each class is in it

Boxes of one class that overlap much show one thing: only the likeliest is an answer. OpenCV's answers are the same
(`tests/backends/test_mobilenet_ssd.py`), but to read the graph takes it half a second (docs/starts.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from mmap import ACCESS_READ, mmap
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sedicfmt.encoders.offline.inverted_residuals import (
    Floats,
    Layer,
    block,
    convolution,
    depthwise,
    pointwise,
    relu6,
    shifted,
)
from sedicfmt.networks.efficientnet_lite import NORM_EPSILON, BlockShape
from sedicfmt.networks.read_graph import stored_weights
from sedicfmt.picture import Picture

SIDE = 300  # pixels a side of what is looked at
SAME_THING = 0.6  # boxes of one class that overlap this much, intersection over union
MOST = 100  # answers for one class


class MobileNetSsd:
    """The network of a frozen graph's file, which must be the known one."""

    def __init__(self, graph: Path):
        with graph.open("rb") as file:
            data = memoryview(mmap(file.fileno(), 0, access=ACCESS_READ))
        self._layers = _layers_of(stored_weights(data, _is_weight))
        self._anchors = anchors()

    def find(self, picture: Picture, threshold: float) -> Iterator[tuple[int, float, Floats]]:
        """In uint8 RGB (SIDE, SIDE, 3): COCO's number of a class, its probability, and left, top, right and bottom as shares
        of the picture, which may reach out of it; for each of at least `threshold`."""
        codes, logits = self._answers(picture)
        boxes, scores = _boxes(codes, self._anchors), 1 / (1 + np.exp(-logits))
        for label in range(1, CLASSES):
            for place in _apart(boxes, scores[:, label], threshold):
                yield label, float(scores[place, label]), boxes[place]

    def features(self, picture: Picture) -> list[Floats]:
        """uint8 RGB (h, w, 3) of any size -> the last blocks' maps at strides 2, 4, 8 and 16, (h / stride, w / stride, c)."""
        ends, _ = self._backbone(picture)
        return [ends[stage] for stage in (0, 1, 2, 4)]

    def _backbone(self, picture: Picture) -> tuple[list[Floats], Floats]:
        """The ends of the seven stages; and of the sixth stage's first block the widened map, which is a map for boxes."""
        layers, ends, number = self._layers, list[Floats](), 0
        h = relu6(convolution(picture.astype(np.float32) * np.float32(2 / 255) - 1, layers["Conv"], 2))
        for count, stride in zip(REPEATS, STRIDES, strict=True):
            for i in range(count):
                name = f"expanded_conv_{number}/" if number else "expanded_conv/"
                if number == WIDENED:
                    widened = relu6(pointwise(h, layers[name + "expand"]))
                h = block(h, layers, name, BlockShape(3, 1 if i else stride, number > 0, i > 0))
                number += 1
            ends.append(h)
        return ends, widened

    def _maps(self, picture: Picture) -> list[Floats]:
        """The six maps of places, the finest first."""
        layers, (ends, widened) = self._layers, self._backbone(picture)
        maps = [widened, relu6(pointwise(ends[-1], layers["Conv_1"]))]
        for i, (inner, outer) in enumerate(COARSER, 2):
            small = relu6(pointwise(maps[-1], layers[f"layer_19_1_Conv2d_{i}_1x1_{inner}"]))
            name = f"layer_19_2_Conv2d_{i}_3x3_s2_{outer}"
            maps.append(relu6(pointwise(relu6(depthwise(small, layers[name + "_depthwise"], 2)), layers[name])))
        return maps

    def _answers(self, picture: Picture) -> tuple[Floats, Floats]:
        """For every anchor the code of its box (anchors, 4) and the logits of its classes (anchors, CLASSES)."""
        codes, logits = list[Floats](), list[Floats]()
        for i, h in enumerate(self._maps(picture)):
            around = np.concatenate([part for _, _, part in shifted(h, 3, 1)], -1)
            for found, name, size in ((codes, "BoxEncodingPredictor", 4), (logits, "ClassPredictor", CLASSES)):
                found.append(pointwise(around, self._layers[f"BoxPredictor_{i}/{name}"]).reshape(-1, size))
        return np.concatenate(codes), np.concatenate(logits)


def anchors() -> Floats:
    """Middle (y, x) and size (height, width) of every anchor, in shares of the picture: (anchors, 4)."""
    scales = [*np.linspace(0.2, 0.95, len(GRIDS)), 1.0]
    found = []
    for i, side in enumerate(GRIDS):
        wide = [(scales[i], ratio) for ratio in (1.0, 2.0, 0.5, 3.0, 0.333)] + [
            (np.sqrt(scales[i] * scales[i + 1]), 1.0)
        ]
        shapes = wide if i else [(0.1, 1.0), (0.2, 2.0), (0.2, 0.5)]
        sizes = [(scale / np.sqrt(ratio), scale * np.sqrt(ratio)) for scale, ratio in shapes]
        middles = (np.arange(side) + 0.5) / side
        found += [(y, x, *size) for y in middles for x in middles for size in sizes]
    return np.array(found, np.float32)


def _boxes(codes: Floats, anchors: Floats) -> Floats:
    """(anchors, 4): left, top, right, bottom; a code moves the middle by tenths of the anchor and stretches by powers of e."""
    middle = codes[:, :2] * np.float32(0.1) * anchors[:, 2:] + anchors[:, :2]
    half = np.exp(codes[:, 2:] * np.float32(0.2)) * anchors[:, 2:] / 2
    return np.concatenate([(middle - half)[:, ::-1], (middle + half)[:, ::-1]], 1)


def _apart(boxes: Floats, scores: NDArray[np.floating], threshold: float) -> list[int]:
    """Numbers of the boxes of at least `threshold`, the likeliest first, without those that overlap a likelier one."""
    kept = list[int]()
    likely = np.flatnonzero(scores >= threshold)
    for place in likely[np.argsort(-scores[likely], kind="stable")][:MOST]:
        if all(_overlap(boxes[place], boxes[better]) <= SAME_THING for better in kept):
            kept.append(int(place))
    return kept


def _overlap(a: Floats, b: Floats) -> float:
    """Intersection over union."""
    common = np.prod(np.maximum(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0))
    return float(common / (np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - common))


def _is_weight(name: str) -> bool:
    return name.startswith((BACKBONE, "BoxPredictor_")) and name.endswith(WEIGHTS)


def _layers_of(weights: dict[str, Floats]) -> dict[str, Layer]:
    """By the names of TensorFlow's scopes, without the backbone's own, the batch norms multiplied in."""
    layers = {}
    for name, weight in weights.items():
        scope, _, kind = name.rpartition("/")
        if kind == "weights" and scope.startswith("BoxPredictor_"):
            layers[scope] = Layer(weight.reshape(-1, weight.shape[-1]), weights[scope + "/biases"])
        elif kind in ("weights", "depthwise_weights"):
            norm = {
                of: weights[f"{scope}/BatchNorm/{of}"] for of in ("gamma", "beta", "moving_mean", "moving_variance")
            }
            gain = norm["gamma"] / np.sqrt(norm["moving_variance"] + np.float32(NORM_EPSILON))
            folded = (weight[..., 0] if kind == "depthwise_weights" else weight) * gain
            layers[scope.removeprefix(BACKBONE)] = Layer(
                folded[0, 0] if folded.shape[:2] == (1, 1) else folded, norm["beta"] - norm["moving_mean"] * gain
            )
    return layers


BACKBONE = "FeatureExtractor/MobilenetV2/"
WEIGHTS = ("weights", "/biases", "/gamma", "/beta", "/moving_mean", "/moving_variance")
CLASSES = 91  # numbers of COCO's classes, 0 for none
REPEATS, STRIDES = (1, 2, 3, 4, 3, 3, 1), (1, 2, 2, 2, 1, 2, 1)  # blocks of each stage, strides of their first
WIDENED = 13  # the block whose widened map is one for boxes
COARSER = ((256, 512), (128, 256), (128, 256), (64, 128))  # channels of the four maps that follow the backbone
GRIDS = (19, 10, 5, 3, 2, 1)  # places a side of each map
