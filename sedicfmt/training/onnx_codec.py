"""g_a, h_a and g_s of a learned latent model as ONNX graphs over its weights file (the layers: `latents/nano/network.py`).

    g_a   picture (rows, columns, 3) uint8, sides whole multiples of 32 -> y (1, C_y, rows / 32, columns / 32)
    h_a   y, sides even -> z, whole numbers as int32
    g_s   y^ -> picture uint8, rounded and clipped (G-6)

What steers the entropy decoder has no graph: it is exact integers (H-1 to H-10), and floats are not.
"""

from __future__ import annotations

from collections.abc import Mapping

from onnx import TensorProto

from sedicfmt.training.onnx_graph import Graph, Stored, shape

STRIDE = 32
BATCH = 1  # one picture


def codec_graphs(stored: Mapping[str, Stored]) -> dict[str, bytes]:
    """The files by what they are: "g_a", "h_a", "g_s"; "g_s" alone where the encoder is elsewhere. Raises KeyError."""
    encoder = {"g_a": analysis, "h_a": hyper_analysis} if "g_a.leave.bias" in stored else {}
    return {part: build(Graph(stored)) for part, build in {**encoder, "g_s": synthesis}.items()}


def blocks(g: Graph, x: str, name: str) -> str:
    """All residual blocks of a body (G-4), in order."""
    count = 0
    while f"{name}.{count}.narrow.bias" in g.stored:
        part, width = f"{name}.{count}", g.stored[f"{name}.{count}.narrow.bias"].shape[0]
        h = g.convolution(x, part + ".depthwise", kernel=5, groups=width)
        h = g.node("Relu", g.convolution(h, part + ".widen"))
        x, count = g.add(x, g.convolution(h, part + ".narrow")), count + 1
    return x


def analysis(g: Graph) -> bytes:
    """g_a."""
    x = g.node("Unsqueeze", g.floats(g.node("Transpose", "picture", perm=[2, 0, 1])), g.ints(0))
    x = g.node("Sub", g.node("Div", x, g.constant(255)), g.constant(0.5))
    h = blocks(g, g.convolution(x, "g_a.enter8", kernel=8, stride=8), "g_a.body8")
    for grid in (16, 32):
        h = blocks(g, g.convolution(h, f"g_a.enter{grid}", kernel=2, stride=2), f"g_a.body{grid}")
    y = g.add(g.convolution(x, "g_a.linear", kernel=STRIDE, stride=STRIDE), g.convolution(h, "g_a.leave"))
    gives = shape(TensorProto.FLOAT, BATCH, g.stored["g_a.leave.bias"].shape[0], "rows", "columns")
    return g.file("g_a", {"picture": shape(TensorProto.UINT8, "height", "width", 3)}, {"y": (y, gives)})


def hyper_analysis(g: Graph) -> bytes:
    """h_a."""
    h = blocks(g, g.node("Relu", g.convolution("y", "h_a.enter")), "h_a.body")
    h = blocks(g, g.node("Relu", g.convolution(h, "h_a.shrink", kernel=2, stride=2)), "h_a.body2")
    rounded = g.node("Round", g.convolution(h, "h_a.leave"))
    z = g.node("Cast", g.node("Clip", rounded, g.constant(-32767), g.constant(32767)), to=TensorProto.INT32)
    cy, cz = (g.stored[name].shape[0] for name in ("g_a.leave.bias", "h_a.leave.bias"))
    gives = shape(TensorProto.INT32, BATCH, cz, "rows_of_z", "columns_of_z")
    return g.file("h_a", {"y": shape(TensorProto.FLOAT, BATCH, cy, "rows", "columns")}, {"z": (z, gives)})


def synthesis(g: Graph) -> bytes:
    """g_s (G-1 to G-6)."""
    h = blocks(g, g.convolution("y", "g_s.enter32"), "g_s.body32")
    for grid in (16, 8):
        h = blocks(g, g.shuffle(g.convolution(h, f"g_s.enter{grid}"), 2), f"g_s.body{grid}")
    x = g.add(g.shuffle(g.convolution("y", "g_s.linear"), STRIDE), g.shuffle(g.convolution(h, "g_s.leave"), 8))
    if "g_s.enter4.weight" in g.stored:  # a model whose patches overlap
        h = blocks(g, g.shuffle(g.convolution(h, "g_s.enter4"), 2), "g_s.body4")
        x = g.add(x, g.shuffle(g.convolution(h, "g_s.leave4", kernel=3), 4))
    samples = g.node("Mul", g.add(x, g.constant(0.5)), g.constant(255))
    samples = g.node("Clip", g.node("Round", samples), g.constant(0), g.constant(255))
    rows = g.node("Transpose", g.node("Cast", samples, to=TensorProto.UINT8), perm=[0, 2, 3, 1])
    cy = g.stored["g_s.linear.weight"].shape[1]
    given = {"y": shape(TensorProto.FLOAT, BATCH, cy, "rows", "columns")}
    gives = shape(TensorProto.UINT8, "height", "width", 3)
    return g.file("g_s", given, {"picture": (g.node("Squeeze", rows, g.ints(0)), gives)})
