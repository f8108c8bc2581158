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
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight)
        return F.conv2d(x, weight, bias, padding=weight.shape[-1] // 2, groups=len(weight))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        (x, weight), (g,) = ctx.saved_tensors, gradients
        pad, groups = weight.shape[-1] // 2, len(weight)
        g_x = F.conv2d(g, weight.flip(2, 3), None, padding=pad, groups=groups)
        shape = ([groups], [1, 1], [pad, pad], [1, 1], False, [0, 0], groups, [False, True, True])
        _, g_w, g_b = torch.ops.aten.convolution_backward(g.float(), x.float(), weight.float(), *shape)
        return g_x, g_w.to(weight.dtype), g_b.to(weight.dtype)


class Depthwise(nn.Conv2d):
    """nn.Conv2d(channels, channels, k, padding=k//2, groups=channels) with the same parameters; k odd."""

    def __init__(self, channels: int, kernel: int):
        super().__init__(channels, channels, kernel, padding=kernel // 2, groups=channels)

    def forward(self, x: Tensor) -> Tensor:
        if not (torch.is_grad_enabled() and x.device.type == "cpu" and torch.is_autocast_enabled("cpu")):
            return super().forward(x)
        low = torch.get_autocast_dtype("cpu")
        assert self.bias is not None
        return _Depthwise.apply(x.to(low), self.weight.to(low), self.bias.to(low))
