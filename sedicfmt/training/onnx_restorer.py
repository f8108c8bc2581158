"""The restorer's network as two ONNX graphs over its weights file: what reads words, and what paints.

    words      numbers (texts, 64) int64 -> text (texts, 64, width)
    restorer   z, control (batch, 192, h, w), alpha_bar (batch,), text (batch, 64, width) -> clean, of z's shape

h and w are whole multiples of 4. The layers are those of `decoders/nano/network.py` and `layers.py`, name by name; a test
holds the two against each other. The words' vectors are read where they ship, in `word_vectors.npy`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from onnx import TensorProto

from sedicfmt.decoders.nano.network import SIGMA_RESIDUAL
from sedicfmt.decoders.nano.patch_space import PATCH
from sedicfmt.decoders.nano.word_vectors import FILE, UNIT, load_vectors
from sedicfmt.decoders.nano.words import FIRST_WORD, PLACES
from sedicfmt.training.onnx_graph import Graph, Stored, shape

VECTORS = "vectors"
HEADS = 4
CHANNELS = 3 * PATCH**2


def restorer_graphs(stored: Mapping[str, Stored]) -> dict[str, bytes]:
    """The files by what they are: "words", "restorer"."""
    return {"words": words(Graph({**stored, VECTORS: stored_vectors()})), "restorer": restorer(Graph(stored))}


def stored_vectors() -> Stored:
    """The words' vectors in their file, (dimensions, words): numpy keeps them column by column."""
    count, dimensions = load_vectors().shape
    begin = FILE.stat().st_size - count * dimensions
    return Stored(FILE.name, begin, count * dimensions, TensorProto.INT8, (dimensions, count))


# -- words ----------------------------------------------------------------------------------------------------------------


def words(g: Graph) -> bytes:
    """`WordEncoder`."""
    known = g.node("Sub", "numbers", g.ints(FIRST_WORD))
    vectors = g.node("Gather", g.raw(VECTORS), g.node("Max", known, g.ints(0)), axis=1)
    vectors = g.node("Div", g.node("Transpose", g.floats(vectors), perm=[1, 2, 0]), g.constant(UNIT))
    is_word = last_axis(g, g.node("GreaterOrEqual", known, g.ints(0)))
    is_mark = last_axis(g, g.node("Less", known, g.ints(0)))
    marks = g.node("Gather", g.weight("words.special.weight"), g.node("Min", "numbers", g.ints(FIRST_WORD - 1)))
    meaning = g.linear(g.node("Mul", vectors, is_word), "words.meaning")
    x = g.add(meaning, g.node("Mul", marks, is_mark), g.weight("words.place.weight"))
    kernel: dict[str, Any] = {"kernel_shape": [3], "pads": [1, 1]}
    turned = g.node("Transpose", x, perm=[0, 2, 1])
    beside = g.node("Conv", turned, g.weight("words.beside.weight"), g.weight("words.beside.bias"), **kernel)
    width = g.stored["words.meaning.bias"].shape[0]
    text = normal(g, g.add(x, g.node("Transpose", beside, perm=[0, 2, 1])), width)
    given = {"numbers": shape(TensorProto.INT64, "texts", PLACES)}
    return g.file("words", given, {"text": (text, shape(TensorProto.FLOAT, "texts", PLACES, width))})


def last_axis(g: Graph, truth: str) -> str:
    """(n, m) of truth -> (n, m, 1) of 0 and 1."""
    return g.floats(g.node("Unsqueeze", truth, g.ints(-1)))


def normal(g: Graph, x: str, width: int) -> str:
    """The layer norm of the last axis, without a scale of its own."""
    return str(g.node("LayerNormalization", x, g.constant(np.ones(width)), axis=-1, epsilon=1e-5))


# -- the network ------------------------------------------------------------------------------------------------------------


def restorer(g: Graph) -> bytes:
    """`NanoRestorerNetwork`."""
    told, gain = precondition(g)
    level = noise_level(g)
    pixels = [g.shuffle(part, PATCH) for part in (g.node("Div", told, g.constant(SIGMA_RESIDUAL)), "control", "z")]
    seen = g.unshuffle(g.node("Concat", *pixels, axis=1), 4, 9)
    h4 = stage(g, g.convolution(seen, "enter", kernel=3), "down4", level)
    h8 = stage(g, g.convolution(h4, "to8", kernel=2, stride=2), "down8", level)
    h16 = stage(g, g.convolution(h8, "to16", kernel=2, stride=2), "down16", level)
    h32 = attended(g, stage(g, g.convolution(h16, "to32", kernel=2, stride=2), "down32", level), "mid")
    h = g.add(g.shuffle(g.convolution(stage(g, h32, "up32", level), "from32"), 2), h16)
    h = stage(g, attended(g, h, "read16"), "up16", level)
    h = stage(g, g.add(g.shuffle(g.convolution(h, "from16"), 2), h8), "up8", level)
    h = stage(g, g.add(g.shuffle(g.convolution(h, "from8"), 2), h4), "up4", level)
    clean = painted(g, h, pixels[1:], told, gain)
    width = g.stored["words.meaning.bias"].shape[0]
    latent = shape(TensorProto.FLOAT, "batch", CHANNELS, "rows", "columns")
    one_each, text = shape(TensorProto.FLOAT, "batch"), shape(TensorProto.FLOAT, "batch", PLACES, width)
    given = {"z": latent, "alpha_bar": one_each, "text": text, "control": latent}
    return g.file("restorer", given, {"clean": (clean, latent)})


def precondition(g: Graph) -> tuple[str, str]:
    """`network.precondition`: (told, gain)."""
    level = g.reshape("alpha_bar", -1, 1, 1, 1)
    alpha, variance = g.node("Sqrt", level), g.node("Sub", g.constant(1), level)
    square = g.constant(SIGMA_RESIDUAL**2)
    v = g.add(g.node("Mul", g.node("Mul", alpha, alpha), square), variance)
    off = g.node("Sub", "z", g.node("Mul", alpha, "control"))
    told = g.node("Mul", g.node("Div", g.node("Mul", alpha, square), v), off)
    return told, g.node("Mul", g.node("Sqrt", g.node("Div", variance, v)), g.constant(SIGMA_RESIDUAL))


def noise_level(g: Graph) -> str:
    """`level_features` and the two layers after it: (batch, LEVEL_WIDTH)."""
    least = g.constant(1e-6)
    noise = g.node("Max", g.node("Sub", g.constant(1), "alpha_bar"), least)
    ratio = g.node("Mul", g.node("Log", g.node("Div", noise, g.node("Max", "alpha_bar", least))), g.constant(0.5))
    angles = g.node("Mul", g.reshape(ratio, -1, 1), g.constant(np.logspace(-1, 1, 16)))
    x = g.node("Concat", g.node("Sin", angles), g.node("Cos", angles), axis=1)
    for layer in ("level.0", "level.2"):
        x = g.linear(x, layer)
        x = g.node("Mul", x, g.node("Sigmoid", x))
    return x


def stage(g: Graph, x: str, name: str, level: str) -> str:
    """`layers.Block`s in order."""
    count = 0
    while f"{name}.{count}.narrow.bias" in g.stored:
        x, count = block(g, x, f"{name}.{count}", level), count + 1
    return x


def block(g: Graph, x: str, name: str, level: str) -> str:
    """x + narrow(gelu(widen(norm(depthwise(x)) moved by the noise level)))."""
    width = g.stored[name + ".narrow.bias"].shape[0]
    h = g.node("Transpose", g.convolution(x, name + ".depthwise", kernel=5, groups=width), perm=[0, 2, 3, 1])
    moved = g.reshape(g.linear(level, name + ".move"), -1, 1, 1, 2 * width)
    scale, shift = g.node("Split", moved, outputs=2, axis=-1, num_outputs=2)
    h = g.add(g.node("Mul", normal(g, h, width), g.add(scale, g.constant(1))), shift)
    h = g.linear(g.node("Gelu", g.linear(h, name + ".widen"), approximate="tanh"), name + ".narrow")
    return g.add(x, g.node("Transpose", h, perm=[0, 3, 1, 2]))


def attended(g: Graph, x: str, name: str) -> str:
    """`layers.WordAttention`."""
    channels, width = g.stored[name + ".leave.bias"].shape[0], g.stored[name + ".query.bias"].shape[0]
    rows = g.node("Transpose", g.reshape(x, 0, channels, -1), perm=[0, 2, 1])
    query = heads(g, g.linear(normal(g, rows, channels), name + ".query"), width)
    key, value = (heads(g, g.linear("text", f"{name}.{of}"), width) for of in ("key", "value"))
    likeness = g.node("MatMul", query, g.node("Transpose", key, perm=[0, 1, 3, 2]))
    maps = g.node("Softmax", g.node("Div", likeness, g.constant(math.sqrt(width // HEADS))), axis=-1)
    taken = g.reshape(g.node("Transpose", g.node("MatMul", maps, value), perm=[0, 2, 1, 3]), 0, -1, width)
    read = g.node("Transpose", g.linear(taken, name + ".leave"), perm=[0, 2, 1])
    return g.add(x, g.node("Reshape", read, g.node("Shape", x)))


def heads(g: Graph, x: str, width: int) -> str:
    """(b, n, d) -> (b, heads, n, d / heads)."""
    return str(g.node("Transpose", g.reshape(x, 0, -1, HEADS, width // HEADS), perm=[0, 2, 1, 3]))


def painted(g: Graph, h: str, beside: list[str], told: str, gain: str) -> str:
    """The detail looked over at every pixel, and x^."""
    parts = g.node("Split", g.convolution(h, "leave", kernel=3), outputs=2, axis=1, num_outputs=2)
    detail, trust = (g.shuffle(part, 4) for part in parts)
    fine = g.convolution(g.node("Concat", detail, *beside, axis=1), "fine1", kernel=3)
    detail = g.add(detail, g.convolution(g.node("Gelu", fine, approximate="tanh"), "fine2", kernel=3))
    detail, trust = g.unshuffle(detail, PATCH, 3), g.node("Sigmoid", g.unshuffle(trust, PATCH, 3))
    trusted = g.node("Mul", g.node("Mul", trust, g.constant(2)), told)
    return g.add("control", trusted, g.node("Mul", gain, detail))
