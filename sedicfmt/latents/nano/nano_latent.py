"""The bundled latent model: g_a, h_a, h_s, g_s of equation 1 in numpy (trained as `training.network.NanoCodec`).

    picture -analyse-> y (float) -hyper_analyse-> z (int) -scan-> mean, index;  y^ -synthesise-> picture

Only context.py decides what the entropy decoder reads, and it is exact; the transforms may differ by rounding.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sedicfmt.latents.nano import context
from sedicfmt.latents.nano.hyper_synthesis import MEAN_UNIT
from sedicfmt.latents.nano.layers import Array, Weights, blocks, convolution, in_bands, pointwise, shuffle, unshuffle
from sedicfmt.networks.small_weights import unpack
from sedicfmt.segments.latent import Symbols

STRIDE = 32  # pixels a side of one position of y; z has one for 2x2 of them
EXACT = ("h_s.", "prior_z.")  # how the names of the integers begin
BAND, HALO = 64, 16  # rows of y worked on at a time, and how far g_a and g_s see (blocks of 5x5: under 15 rows)


class NanoLatent:
    """A set of weights, as they are stored (G-8), with its transforms.

    `dtype` is float32 or float64 (for comparing; symbols do not depend on it).
    """

    def __init__(self, weights: Weights, dtype: type[np.floating[Any]] = np.float32):
        stored = {name: weight for name, weight in weights.items() if not name.startswith(EXACT)}
        transforms: Weights = {name: weight.astype(dtype) for name, weight in unpack(stored).items()}
        self.weights = {name: weight for name, weight in weights.items() if name not in stored} | transforms
        self.dtype = dtype

    def grids(self, width: int, height: int) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
        """Shapes of y and z, (channels, rows, columns), for a picture of that many pixels (L-1)."""
        rows, columns = -(-height // STRIDE), -(-width // STRIDE)
        cy = len(self.weights["h_s.leave.bias"]) // 2
        return (cy, rows, columns), (len(self.weights["prior_z.leave.bias"]) // 2, -(-rows // 2), -(-columns // 2))

    def analyse(self, picture: NDArray[np.uint8]) -> Array:
        """g_a: uint8 RGB (height, width, 3), edges repeated to whole positions -> y (Cy, rows, columns)."""
        height, width, _ = picture.shape
        padded = np.pad(picture, ((0, -height % STRIDE), (0, -width % STRIDE), (0, 0)), mode="edge")
        return in_bands(self._analyse, padded, 1 / STRIDE, BAND * STRIDE, HALO * STRIDE).transpose(2, 0, 1)

    def _analyse(self, picture: NDArray[np.uint8]) -> Array:
        w, x = self.weights, picture.astype(self.dtype) / 255 - self.dtype(0.5)
        h = blocks(pointwise(unshuffle(x, 8), w, "g_a.enter8"), w, "g_a.body8")
        h = blocks(pointwise(unshuffle(h, 2), w, "g_a.enter16"), w, "g_a.body16")
        h = blocks(pointwise(unshuffle(h, 2), w, "g_a.enter32"), w, "g_a.body32")
        return pointwise(unshuffle(x, STRIDE), w, "g_a.linear") + pointwise(h, w, "g_a.leave")

    def hyper_analyse(self, y: Array) -> Symbols:
        """h_a: y (Cy, rows, columns), edges repeated to even numbers -> z rounded to integers (Cz, ...)."""
        w, (_, rows, columns) = self.weights, y.shape
        padded = np.pad(y, ((0, 0), (0, rows % 2), (0, columns % 2)), mode="edge").transpose(1, 2, 0)
        h = blocks(np.maximum(pointwise(padded, w, "h_a.enter"), 0), w, "h_a.body")
        h = blocks(np.maximum(pointwise(unshuffle(h, 2), w, "h_a.shrink"), 0), w, "h_a.body2")
        z = np.rint(pointwise(h, w, "h_a.leave")).transpose(2, 0, 1)
        return np.clip(z, -32767, 32767).astype(np.int32)

    def encode_z(self, z: Symbols) -> bytes:
        """z (Cz, rows, columns) -> payload (H-7, H-8)."""
        return context.encode_z(z, self.weights)

    def decode_z(self, payload: bytes, shape: tuple[int, int, int]) -> Symbols:
        """Payload -> z. Raises Malformed, LimitExceeded."""
        return context.decode_z(payload, shape, self.weights)

    def scan(self, z: Symbols, rows: int, columns: int) -> context.TwoPasses:
        """The passes over y's grid, each with the distributions of its values (H-9, H-10)."""
        return context.TwoPasses(z, rows, columns, self.weights)

    def synthesise(self, symbols: NDArray[np.int32], mean: Array, width: int, height: int) -> NDArray[np.uint8]:
        """g_s: y^ = symbols + mean / 64 -> uint8 RGB (height, width, 3)."""
        y: Array = (symbols + mean / MEAN_UNIT).astype(self.dtype).transpose(1, 2, 0)
        return in_bands(self._synthesise, y, STRIDE, BAND, HALO)[:height, :width]

    def _synthesise(self, y: Array) -> NDArray[np.uint8]:
        w = self.weights
        h = blocks(pointwise(y, w, "g_s.enter32"), w, "g_s.body32")
        h = blocks(shuffle(pointwise(h, w, "g_s.enter16"), 2), w, "g_s.body16")
        h = blocks(shuffle(pointwise(h, w, "g_s.enter8"), 2), w, "g_s.body8")
        x = shuffle(pointwise(y, w, "g_s.linear"), STRIDE) + shuffle(pointwise(h, w, "g_s.leave"), 8)
        if "g_s.enter4.weight" in w:  # sedic-nano-3: patches that overlap
            h = blocks(shuffle(pointwise(h, w, "g_s.enter4"), 2), w, "g_s.body4")
            x = x + shuffle(convolution(h, w, "g_s.leave4"), 4)
        painted: NDArray[np.uint8] = np.clip(np.rint((x + self.dtype(0.5)) * 255), 0, 255).astype(np.uint8)
        return painted
