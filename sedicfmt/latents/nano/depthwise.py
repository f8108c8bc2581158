"""A depthwise convolution whose backward pass is fast on a CPU in bfloat16.

torch's own backward of grouped convolutions takes two thirds of a training step in bfloat16. The gradient of the input is a
depthwise convolution with the flipped kernel, which is fast; that of the weights is faster in float32.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class _Depthwise(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, pad: int) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.pad = pad
        return F.conv2d(x, weight, bias, padding=pad, groups=len(weight))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor | None, Tensor | None, None]:
        (x, weight), (g,), pad, groups = ctx.saved_tensors, gradients, ctx.pad, len(ctx.saved_tensors[1])
        g_x = F.conv2d(g, weight.flip(2, 3), None, padding=weight.shape[-1] - 1 - pad, groups=groups)
        if not ctx.needs_input_grad[1]:  # a frozen network's
            return g_x, None, None, None
        shape = ([groups], [1, 1], [pad, pad], [1, 1], False, [0, 0], groups, [False, True, True])
        _, g_w, g_b = torch.ops.aten.convolution_backward(g.float(), x.float(), weight.float(), *shape)
        return g_x, g_w.to(weight.dtype), g_b.to(weight.dtype), None


class Depthwise(nn.Conv2d):
    """nn.Conv2d(channels, channels, k, padding=k//2, groups=channels) with the same parameters; k odd."""

    def __init__(self, channels: int, kernel: int):
        super().__init__(channels, channels, kernel, padding=kernel // 2, groups=channels)

    def forward(self, x: Tensor) -> Tensor:
        if not (torch.is_grad_enabled() and x.device.type == "cpu" and torch.is_autocast_enabled("cpu")):
            return super().forward(x)
        low = torch.get_autocast_dtype("cpu")
        assert self.bias is not None and not isinstance(self.padding, str)
        return _Depthwise.apply(x.to(low), self.weight.to(low), self.bias.to(low), self.padding[0])


def use_depthwise(network: nn.Module) -> None:
    """Give all depthwise convolutions of stride 1 in a network this backward pass; nothing else changes."""
    for layer in network.modules():
        if type(layer) is nn.Conv2d and is_depthwise(layer):
            layer.__class__ = Depthwise


def is_depthwise(layer: nn.Conv2d) -> bool:
    """Of stride 1, with a bias."""
    alone = layer.groups == layer.in_channels == layer.out_channels > 1
    return alone and layer.stride == (1, 1) and layer.bias is not None
