"""Neural layers in numpy, for pictures of shape (rows, columns, channels), float32 or float64.

The bundled models decode without torch: importing torch alone takes longer than a whole decode is allowed to.
Weights have torch's shapes; results equal torch's up to rounding.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Weights = dict[str, Array]
TAPS = [(dy, dx) for dy in range(3) for dx in range(3)]
STRIP = 2**17  # numbers of a block's input that are worked on at once


def unshuffle(x: Array, r: int) -> Array:
    """(h, w, c) -> (h/r, w/r, c*r*r), channel order c, row, column."""
    h, w, c = x.shape
    return x.reshape(h // r, r, w // r, r, c).transpose(0, 2, 4, 1, 3).reshape(h // r, w // r, c * r * r)


def shuffle(x: Array, r: int) -> Array:
    """(h, w, c*r*r) -> (h*r, w*r, c), the inverse of `unshuffle`."""
    h, w, c = x.shape
    return x.reshape(h, w, c // r // r, r, r).transpose(0, 3, 1, 4, 2).reshape(h * r, w * r, c // r // r)


def pointwise(x: Array, weights: Weights, name: str) -> Array:
    """1x1 convolution with `name`.weight (out, in, 1, 1) and `name`.bias (out,)."""
    weight = weights[name + ".weight"]
    return x @ weight.reshape(len(weight), -1).T + weights[name + ".bias"]


def convolution(x: Array, weights: Weights, name: str) -> Array:
    """3x3 convolution with zeros around; `name`.weight (out, in, 3, 3), `name`.bias (out,)."""
    weight, (h, w, _) = weights[name + ".weight"], x.shape
    padded = np.pad(x, ((1, 1), (1, 1), (0, 0)))
    out = padded[:h, :w] @ weight[:, :, 0, 0].T
    for dy, dx in TAPS[1:]:
        out += padded[dy : dy + h, dx : dx + w] @ weight[:, :, dy, dx].T
    out += weights[name + ".bias"]
    return out


def depthwise(x: Array, weights: Weights, name: str) -> Array:
    """Depthwise convolution with zeros around; `name`.weight (c, 1, k, k), k odd, `name`.bias (c,)."""
    weight, (h, w, c) = weights[name + ".weight"], x.shape
    k = weight.shape[2]
    padded = np.pad(x, ((k // 2, k // 2), (k // 2, k // 2), (0, 0)))
    out = np.empty_like(x)
    taps = np.ascontiguousarray(weight[:, 0].transpose(1, 2, 0))
    rows = max(1, 65536 // (w * c))  # strips that stay in the processor's cache
    for top in range(0, h, rows):
        strip = out[top : top + rows]
        strip[:] = weights[name + ".bias"]
        product = np.empty_like(strip)
        for dy in range(k):
            for dx in range(k):
                np.multiply(padded[top + dy : top + dy + len(strip), dx : dx + w], taps[dy, dx], out=product)
                strip += product
    return out


def block(x: Array, weights: Weights, name: str) -> Array:
    """x + narrow(relu(widen(depthwise(x)))): the residual block of `training.network.Block`."""
    deep, out = depthwise(x, weights, name + ".depthwise"), np.empty_like(x)
    rows = max(1, STRIP // deep[0].size)  # what is widened is the largest of all
    for top in range(0, len(x), rows):
        h = pointwise(deep[top : top + rows], weights, name + ".widen")
        np.maximum(h, 0, out=h)
        np.add(x[top : top + rows], pointwise(h, weights, name + ".narrow"), out=out[top : top + rows])
    return out


def blocks(x: Array, weights: Weights, name: str) -> Array:
    """All blocks `name`.0, `name`.1 ... that the weights hold, in order."""
    count = 0
    while f"{name}.{count}.narrow.bias" in weights:
        x = block(x, weights, f"{name}.{count}")
        count += 1
    return x


def in_bands(run: Callable[[Array], Array], x: Array, grow: float, band: int, halo: int) -> Array:
    """`run` over bands of `band` rows with `halo` rows of context each side, so that memory stays bounded.

    `grow`: output rows for one input row (32, or 1/32 with band and halo in multiples of 32). The halo must reach as far
    as `run` sees; then the result equals run(x) up to rounding.
    """
    if len(x) <= band + 2 * halo:
        return run(x)
    parts = []
    for top in range(0, len(x), band):
        above = min(top, halo)
        part = run(x[top - above : top + band + halo])
        parts.append(part[round(above * grow) : round((above + min(band, len(x) - top)) * grow)])
    return np.concatenate(parts)
