"""EfficientNet-Lite run by numpy: a classifier of ImageNet's 1000 classes that needs neither torch nor a GPU.

The network has no part that asks for one size, so it runs on any; its last features, one vector for 32x32 pixels, give the
classes of every place as their mean gives those of the whole (class activation map: Zhou et al. 2016).
"""

from __future__ import annotations

from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from sedicfmt.encoders.offline.inverted_residuals import Floats, Layer, block, convolution, pointwise, relu6
from sedicfmt.networks.efficientnet_lite import NORM_EPSILON, REPEATS, BlockShape, block_shapes, checkpoint
from sedicfmt.networks.read_checkpoint import read_checkpoint
from sedicfmt.picture import Picture


class EfficientNetLite:
    """The network of one size (0 or 1), its weights read at first use."""

    def __init__(self, size: int = 0):
        self.size = size

    def open(self) -> None:
        """Read the weights, where they were not read yet. Raises MissingDependency, BackendFailed."""
        _ = self._layers

    def features(self, picture: Picture) -> list[Floats]:
        """uint8 RGB (h, w, 3) -> the ends of the stages at strides 2, 4, 8, 16, 16, 32, 32, and the head's 1280 channels."""
        h = (picture.astype(np.float32) - np.float32(127)) / np.float32(128)
        h = relu6(convolution(h, self._layers["stem"], 2))
        ends, number = [], 0
        for count in REPEATS[self.size]:
            for _ in range(count):
                h = block(h, self._layers, f"_blocks.{number}.", self._shapes[number])
                number += 1
            ends.append(h)
        return [*ends, relu6(pointwise(h, self._layers["head"]))]

    def logits(self, features: Floats) -> Floats:
        """(..., 1280) -> (..., 1000); of the mean of all places for the whole picture, of each place for its map."""
        return pointwise(features, self._layers["classes"])

    @cached_property
    def _shapes(self) -> list[BlockShape]:
        return block_shapes(REPEATS[self.size])

    @property
    def _layers(self) -> dict[str, Layer]:
        return _layers_of(self.size)


@cache
def _layers_of(size: int) -> dict[str, Layer]:
    """Read once in a process: the classifier and the mask head run the same network."""
    state = read_checkpoint(checkpoint(size, NEEDED, "nano"))
    layers = {"stem": _folded(state, "_conv_stem", "_bn0"), "head": _folded(state, "_conv_head", "_bn1")}
    layers["classes"] = Layer(state["_fc.weight"].T, state["_fc.bias"])
    for i, shape in enumerate(block_shapes(REPEATS[size])):
        name = f"_blocks.{i}."
        if shape.widens:
            layers[name + "expand"] = _folded(state, name + "_expand_conv", name + "_bn0")
        layers[name + "depthwise"] = _folded(state, name + "_depthwise_conv", name + "_bn1")
        layers[name + "project"] = _folded(state, name + "_project_conv", name + "_bn2")
    return layers


def _folded(state: dict[str, NDArray[np.float32]], conv: str, norm: str) -> Layer:
    """torch's (out, in, rows, columns) with the batch norm multiplied in, and the axes in the order that is used here."""
    gain = state[norm + ".weight"] / np.sqrt(state[norm + ".running_var"] + NORM_EPSILON)
    weight = state[conv + ".weight"] * gain[:, None, None, None]
    bias = state[norm + ".bias"] - state[norm + ".running_mean"] * gain
    if weight.shape[2:] == (1, 1):
        return Layer(np.ascontiguousarray(weight[:, :, 0, 0].T), bias)
    if weight.shape[1] == 1:
        return Layer(np.ascontiguousarray(weight[:, 0].transpose(1, 2, 0)), bias)
    return Layer(np.ascontiguousarray(weight.transpose(2, 3, 1, 0)), bias)


NEEDED = "the offline describer and the segmenter 'mask-head' need the package"
