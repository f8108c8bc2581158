"""Inverted residual blocks (Sandler et al., 2018) in numpy: what EfficientNet-Lite and MobileNet-v2 are made of.

Everything is (rows, columns, channels): a pointwise convolution is a matrix product, a depthwise one a sum of shifted
products. Batch norms are folded into the convolutions; the padding is TensorFlow's ("same").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sedicfmt.networks.efficientnet_lite import BlockShape

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Layer:
    """A convolution with its batch norm: weight (in, out), for a depthwise one (kernel, kernel, channels), for one with
    both (kernel, kernel, in, out); bias (out,)."""

    weight: Floats
    bias: Floats


def block(h: Floats, layers: Mapping[str, Layer], name: str, shape: BlockShape) -> Floats:
    """The block whose layers are called `name` and "expand", "depthwise", "project"."""
    inner = relu6(pointwise(h, layers[name + "expand"])) if shape.widens else h
    inner = relu6(depthwise(inner, layers[name + "depthwise"], shape.stride))
    inner = pointwise(inner, layers[name + "project"])
    return h + inner if shape.adds else inner


def relu6(h: Floats) -> Floats:
    """In place."""
    return np.clip(h, 0, 6, out=h)


def pointwise(h: Floats, layer: Layer) -> Floats:
    """(..., in) -> (..., out); as one product of matrices, which is far faster than one for each row of places."""
    out = h.reshape(-1, h.shape[-1]) @ layer.weight
    out += layer.bias
    return out.reshape(*h.shape[:-1], -1)


def depthwise(h: Floats, layer: Layer, stride: int) -> Floats:
    """(rows, columns, channels) -> (rows / stride, columns / stride, channels), rounded up."""
    parts = shifted(h, len(layer.weight), stride)
    total, product = np.empty_like(parts[0][2]), np.empty_like(parts[0][2])
    total[:] = layer.bias
    for y, x, part in parts:
        np.multiply(part, layer.weight[y, x], out=product)
        total += product
    return total


def convolution(h: Floats, layer: Layer, stride: int) -> Floats:
    """(rows, columns, in) -> (rows / stride, columns / stride, out), rounded up."""
    parts = shifted(h, len(layer.weight), stride)
    return np.asarray(sum(part @ layer.weight[y, x] for y, x, part in parts) + layer.bias)


def shifted(h: Floats, kernel: int, stride: int) -> list[tuple[int, int, Floats]]:
    """For each place of the kernel the input that it meets, (rows / stride, columns / stride, channels)."""
    rows, columns = (-(-side // stride) for side in h.shape[:2])
    h = _padded(h, kernel, stride)
    return [
        (y, x, h[y : y + (rows - 1) * stride + 1 : stride, x : x + (columns - 1) * stride + 1 : stride])
        for y in range(kernel)
        for x in range(kernel)
    ]


def _padded(h: Floats, kernel: int, stride: int) -> Floats:
    pads = [max(0, (-(-side // stride) - 1) * stride + kernel - side) for side in h.shape[:2]]
    return np.pad(h, [*((total // 2, total - total // 2) for total in pads), (0, 0)])
