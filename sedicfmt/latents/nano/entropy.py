"""The networks that steer the entropy coder: h_s, the chequerboard context of y, the prior of z. Exact integers once exported.

int8 weights (trained with them), rectifiers, no normalisation. A value that was already decoded is an input like any other.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

INDEX_GAIN = 8  # a weight of one moves an index by eight steps: log-scales learn as fast as means
HIDDEN = 64
CROSS = ((0, 1), (1, 0), (1, 2), (2, 1))  # taps of a 3x3 kernel: above, left, right, below
CAUSAL = ((0, 0), (0, 1), (0, 2), (1, 0))  # those that precede the middle in reading order

Coder = Callable[[Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]  # y, mean, index -> values, bits


def round_through(x: Tensor) -> Tensor:
    """Rounding whose gradient is that of the identity."""
    return x + (torch.round(x) - x).detach()


def int8_through(weight: Tensor) -> Tensor:
    """Weights as int8 times one scale an output channel, with the identity's gradient."""
    scale = weight.detach().abs().flatten(1).amax(1).clamp(min=1e-8) / 127
    return round_through(weight / scale.view(-1, 1, 1, 1)) * scale.view(-1, 1, 1, 1)


class Int8Conv(nn.Conv2d):
    """A convolution with int8 weights; `taps`: the places of a 3x3 kernel that are not zero, all if None."""

    def __init__(self, inputs: int, outputs: int, kernel: int, taps: tuple[tuple[int, int], ...] | None = None):
        super().__init__(inputs, outputs, kernel, padding=kernel // 2)
        mask = torch.zeros(kernel, kernel) if taps else torch.ones(kernel, kernel)
        for row, column in taps or ():
            mask[row, column] = 1
        self.register_buffer("mask", mask, persistent=False)
        with torch.no_grad():
            self.weight.mul_(mask)

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, int8_through(self.weight * self.mask), self.bias, padding=self.padding)


def mean_and_index(out: Tensor) -> tuple[Tensor, Tensor]:
    """Split the last layer's output (B, 2C, h, w)."""
    mean, index = out.chunk(2, dim=1)
    return mean, index * INDEX_GAIN


def board(x: Tensor) -> Tensor:
    """1 at the odd positions (row + column) of a grid like x's, shape (h, w)."""
    rows, columns = (torch.arange(n, device=x.device) for n in x.shape[-2:])
    return ((rows[:, None] + columns) % 2).float()


class HyperSynthesis(nn.Module):
    """h_s and the context: z^ (B, Cz, h, w) -> mean and log-scale index of y (B, Cy, 2h, 2w); odd positions see the even."""

    def __init__(self, cy: int, cz: int, width: int = HIDDEN):
        super().__init__()
        self.grow = Int8Conv(cz, 4 * width, 3)
        self.leave = Int8Conv(width, 2 * cy, 1)  # even positions
        self.look = Int8Conv(width + cy, width, 3, (*CROSS, (1, 1)))  # the hidden values, and the values around
        self.leave_odd = Int8Conv(2 * width, 2 * cy, 1)
        with torch.no_grad():
            outer = torch.ones(3, 3)
            outer[1, 1] = 0
            self.look.weight[:, :width] *= 1 - outer  # hidden values count where they stand
            self.look.weight[:, width:] *= outer
            self.look_mask(width, outer)

    def look_mask(self, width: int, outer: Tensor) -> None:
        mask = torch.ones_like(self.look.weight[:1])
        mask[:, :width] = 1 - outer
        mask[:, width:] = self.look.mask * outer
        self.look.mask = mask

    def start(self, index: Tensor) -> None:
        """Begin with means of zero and log-scales (Cy,) that do not depend on z."""
        half = len(index)
        with torch.no_grad():
            for layer in (self.leave, self.leave_odd):
                nn.init.zeros_(layer.bias)
                layer.weight.mul_(0.3)
                layer.bias[half:] = index / INDEX_GAIN
            self.leave_odd.weight[:, HIDDEN:] = 0

    def hidden(self, z: Tensor) -> Tensor:
        """(B, Cz, h, w) -> (B, width, 2h, 2w)."""
        return F.relu(F.pixel_shuffle(self.grow(z), 2))

    def in_two_passes(self, y: Tensor, hidden: Tensor, code: Coder) -> tuple[Tensor, Tensor]:
        """Code y at the even positions, then at the odd: (y^, bits), both (B, Cy, H, W)."""
        hidden, odd = hidden[..., : y.shape[2], : y.shape[3]], board(y)
        mean, index = mean_and_index(self.leave(hidden))
        values, bits = code(y, mean, index)
        seen = F.relu(self.look(torch.cat([hidden, values * (1 - odd)], 1)))
        mean_odd, index_odd = mean_and_index(self.leave_odd(torch.cat([hidden, seen], 1)))
        values_odd, bits_odd = code(y, mean_odd, index_odd)
        return torch.where(odd > 0, values_odd + mean_odd, values + mean), torch.where(odd > 0, bits_odd, bits)


class PriorZ(nn.Module):
    """The distribution of z at each position, from the z before it in reading order that touch it."""

    def __init__(self, cz: int, width: int = HIDDEN):
        super().__init__()
        self.look = Int8Conv(cz, width, 3, CAUSAL)
        self.leave = Int8Conv(width, 2 * cz, 1)
        with torch.no_grad():
            self.leave.weight.mul_(0.3)
            self.leave.bias[:cz] = 0
            self.leave.bias[cz:] = 12 / INDEX_GAIN

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Rounded z (B, Cz, h, w) -> mean and log-scale index, both of z's shape."""
        return mean_and_index(self.leave(F.relu(self.look(z))))
