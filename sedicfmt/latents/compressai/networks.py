"""CompressAI's networks as a codec needs them: picture -> y and z; z -> what is expected of y, place by place; y^ -> picture.

    bmshj2018-factorized                       no z; every channel of y has a table of its own
    bmshj2018-hyperprior, mbt2018-mean         z -> h_s -> scales (and means) of all of y at once
    mbt2018, cheng2020-anchor, cheng2020-attn  z -> h_s, and y itself, as far as it is read -> those of the next place

All that the entropy coder hangs on is computed in float64 on the CPU. CompressAI does it in float32: there rounding moves a
scale across the border of two tables now and then, and another processor, library or number of threads reads garbage (its
issues 279 and 309). In float64 rounding is 10^8 times finer, and that so much rarer; it is no promise (docs/compressai.md).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sedicfmt.bitcoding.rans import Tables
from sedicfmt.errors import BackendFailed, LimitExceeded
from sedicfmt.picture import Picture

Exact = NDArray[np.float64]
Values = NDArray[np.int32]
# (place in y, index of a table for each value there, mean of each) -> the values
Code = Callable[[Any, NDArray[np.int64], Exact], Values]
SLOPE = 0.01  # of LeakyReLU
MOST_PIXELS = 1 << 24  # of the coded picture: the widest of the networks take some 800 bytes a pixel, 13 GB then


@dataclass(frozen=True)
class Analysed:
    """What the encoder's half makes of a picture: z's values and y as it is, float64."""

    z: Values
    y: Exact


def check_pixels(width: int, height: int) -> None:
    """Raises LimitExceeded for a coded picture that takes more memory than there mostly is."""
    if width * height > MOST_PIXELS:
        told = f"compressai's networks are run on {MOST_PIXELS} pixels at most, not on {width}x{height}"
        raise LimitExceeded(f"{told}; a budget (--max-bytes) scales the picture down", "header.latent_scale")


def require_tables(tables: Tables, count: int, each: str) -> None:
    """Raises BackendFailed for fewer or more than one for each: CompressAI's coder, compiled, does not look."""
    if len(tables.rows) != count:
        raise BackendFailed(f"the checkpoint has {len(tables.rows)} tables, not one for each {each} of {count}")


class Network:
    """One of CompressAI's image networks, in the shape of its kind. Raises BackendFailed for tables that are none."""

    exact = False  # whether integers alone decide what y says
    tables: Tables  # of y

    def __init__(self, net: Any):
        self.net = net
        self.stride = int(net.downsampling_factor)
        self.prior, self.medians = tables_of(net.entropy_bottleneck), net.entropy_bottleneck.quantiles[:, 0, 1]
        self.middle: Exact = self.medians.double().numpy()[:, None, None]
        require_tables(self.prior, len(self.middle), "channel")

    def grid(self, width: int, height: int) -> tuple[int, int]:
        """Rows and columns of what is coded by the channels' own tables, for a picture of that size."""
        return -(-height // self.stride), -(-width // self.stride)

    def analyse(self, picture: Picture) -> Analysed:
        """z and y of uint8 RGB (height, width, 3), which is continued to the right and below to whole strides."""
        rows, columns = self.grid(picture.shape[1], picture.shape[0])
        more = (rows * self.stride - picture.shape[0], columns * self.stride - picture.shape[1])
        whole = np.pad(picture, ((0, more[0]), (0, more[1]), (0, 0)), mode="edge")
        y = self.net.g_a(torch.from_numpy(whole).permute(2, 0, 1)[None].float() / 255)
        return Analysed(self.hyper(y), y[0].double().numpy())

    def hyper(self, y: Tensor) -> Values:
        """z's values: h_a(y), less the medians, rounded."""
        return rounded(self.net.h_a(y)[0].double().numpy() - self.middle)

    def walk(self, z: Values, code: Code) -> tuple[Values, Exact]:
        """Goes through y in the order in which it is coded: its values as `code` gives them, and y^."""
        raise NotImplementedError

    def paint(self, y_hat: Exact, width: int, height: int) -> Picture:
        """g_s(y^), uint8 RGB (height, width, 3)."""
        samples = self.net.g_s(torch.from_numpy(y_hat).float()[None])[0, :, :height, :width]
        if not torch.isfinite(samples).all():
            raise BackendFailed("the network gave samples that are no numbers")
        painted: Picture = (samples.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).contiguous().numpy()
        return painted


class Factorized(Network):
    """No z: y is coded by tables of its channels."""

    exact = True

    def __init__(self, net: Any):
        super().__init__(net)
        self.tables = self.prior

    def hyper(self, y: Tensor) -> Values:
        return np.zeros((0, *y.shape[2:]), np.int32)

    def walk(self, z: Values, code: Code) -> tuple[Values, Exact]:
        shape = (len(self.middle), *z.shape[1:])
        mean = np.broadcast_to(self.middle, shape)
        values = code(..., channel_indexes(shape), mean)
        return values, values + mean


class Hyperprior(Network):
    """z -> scales of y, means 0 (bmshj2018-hyperprior)."""

    def __init__(self, net: Any):
        super().__init__(net)
        self.tables = tables_of(net.gaussian_conditional)
        self.borders = net.gaussian_conditional.scale_table[:-1].double().numpy()
        require_tables(self.tables, len(self.borders) + 1, "scale")

    def hyper(self, y: Tensor) -> Values:
        return super().hyper(y.abs())

    @cached_property
    def h_s(self) -> Any:
        """h_s in float64: a copy, g_a and g_s stay as they are."""
        from copy import deepcopy

        return deepcopy(self.net.h_s).double()

    def expected(self, z: Values) -> Exact:
        """h_s(z^), (channels, rows, columns) on y's grid."""
        told: Exact = self.h_s(torch.from_numpy(z + self.middle)[None])[0].numpy()
        return told

    def index(self, scale: Exact) -> NDArray[np.int64]:
        """The table of each scale: how many of the borders lie below it."""
        if not np.isfinite(scale).all():
            raise BackendFailed("the network gave scales that are no numbers")
        return np.searchsorted(self.borders, scale, side="left")

    def walk(self, z: Values, code: Code) -> tuple[Values, Exact]:
        scale, mean = self.split(self.expected(z))
        values = code(..., self.index(scale), mean)
        return values, values + mean

    def split(self, told: Exact) -> tuple[Exact, Exact]:
        """Scales and means."""
        return told, np.zeros_like(told)


class MeanScale(Hyperprior):
    """z -> scales and means of y (mbt2018-mean)."""

    def hyper(self, y: Tensor) -> Values:
        return Network.hyper(self, y)

    def split(self, told: Exact) -> tuple[Exact, Exact]:
        scale, mean = np.split(told, 2)
        return scale, mean


class Autoregressive(MeanScale):
    """And the twelve places around that are read already, in a window of 5x5 (mbt2018, cheng2020)."""

    def __init__(self, net: Any):
        super().__init__(net)
        look = net.context_prediction
        weight = look.weight.double().numpy()
        above, left = weight[:, :, :2, :].reshape(len(weight), -1), weight[:, :, 2, :2].reshape(len(weight), -1)
        self.look, self.look_bias = np.concatenate([above, left], 1), look.bias.double().numpy()
        layers = [layer for layer in net.entropy_parameters if hasattr(layer, "weight")]
        self.layers = [(la.weight[:, :, 0, 0].double().numpy(), la.bias.double().numpy()) for la in layers]

    def walk(self, z: Values, code: Code) -> tuple[Values, Exact]:
        told = self.expected(z)
        _, rows, columns = told.shape
        channels = int(self.net.M)
        values = np.zeros((channels, rows, columns), np.int32)
        around = np.zeros((channels, rows + 2, columns + 4))  # y^ with two places of zeros above, left and right
        for i in range(rows):
            for j in range(columns):
                seen = np.concatenate([around[:, i : i + 2, j : j + 5].ravel(), around[:, i + 2, j : j + 2].ravel()])
                scale, mean = np.split(self._parameters(told[:, i, j], self.look @ seen + self.look_bias), 2)
                values[:, i, j] = code((slice(None), i, j), self.index(scale), mean)
                around[:, i + 2, j + 2] = values[:, i, j] + mean
        return values, around[:, 2:, 2:-2].copy()

    def _parameters(self, told: Exact, context: Exact) -> Exact:
        x = np.concatenate([told, context])
        for number, (weight, bias) in enumerate(self.layers):
            x = np.where(x > 0, x, SLOPE * x) if number else x
            x = weight @ x + bias
        return x


def rounded(values: Exact) -> Values:
    """To the nearest integers; of NaN and infinities raises BackendFailed."""
    if not np.isfinite(values).all():
        raise BackendFailed("the network gave values that are no numbers")
    return np.rint(np.clip(values, -(1 << 30), 1 << 30)).astype(np.int32)


def channel_indexes(shape: tuple[int, ...]) -> NDArray[np.int64]:
    """(channels, rows, columns) of the channel's number."""
    return np.broadcast_to(np.arange(shape[0])[:, None, None], shape)


def tables_of(model: Any) -> Tables:
    """The tables of one of CompressAI's entropy models. Raises BackendFailed for what are none."""
    lengths = model._cdf_length.reshape(-1).tolist()
    rows = [row[:length] for row, length in zip(model._quantized_cdf.tolist(), lengths, strict=True)]
    try:
        return Tables(rows, model._offset.reshape(-1).tolist())
    except ValueError as error:
        raise BackendFailed(f"the checkpoint's tables are wrong: {error}") from error


KINDS: dict[str, type[Network]] = {
    "bmshj2018-factorized": Factorized,
    "bmshj2018-hyperprior": Hyperprior,
    "mbt2018-mean": MeanScale,
    "mbt2018": Autoregressive,
    "cheng2020-anchor": Autoregressive,
    "cheng2020-attn": Autoregressive,
}
