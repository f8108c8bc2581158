"""Paint the reference picture of a file by section 3 of `spec/sedic.md` alone: `python spec/paint.py FILE -o PICTURE.ppm`.

Part of the second decoder: Python's standard library, and the clauses G-1 to G-8 in their order. It shows that the text is
enough, and takes about a second for a position of y, 32x32 pixels; the picture is the latent's, before it is resampled (L-7).
"""

from __future__ import annotations

import argparse
import sys
from operator import mul
from pathlib import Path

import decoder
from other_standards import read_safetensors

Map = list[list[list[float]]]  # [row][column][channel]


class Synthesis:
    """g_s, with the tensors `g_s.*` of the weights file."""

    def __init__(self, weights: bytes):
        stored = read_safetensors(weights, "g_s.")
        self.tensors = {name: in_units(values, stored.get(f"{name}.unit")) for name, values in stored.items()}

    def paint(self, y: Map) -> Map:  # G-1, G-5: y^ -> samples, 32 times as many rows and columns, not yet rounded
        h = self.blocks(self.point(y, "enter32"), "body32")
        h = self.blocks(shuffle(self.point(h, "enter16"), 2), "body16")
        h = self.blocks(shuffle(self.point(h, "enter8"), 2), "body8")
        x = added(shuffle(self.point(y, "linear"), 32), shuffle(self.point(h, "leave"), 8))
        if "g_s.enter4.weight" in self.tensors:  # G-7
            d = self.blocks(shuffle(self.point(h, "enter4"), 2), "body4")
            x = added(x, shuffle(self.point(nine(d), "leave4"), 4))
        return [[[255 * (v + 0.5) for v in place] for place in row] for row in x]

    def point(self, x: Map, name: str) -> Map:  # G-2
        weight, bias = (self.tensors[f"g_s.{name}.{kind}"] for kind in ("weight", "bias"))
        n = len(weight) // len(bias)
        rows = [weight[o * n : o * n + n] for o in range(len(bias))]
        return [[[b + sum(map(mul, w, v)) for w, b in zip(rows, bias, strict=True)] for v in row] for row in x]

    def depth(self, x: Map, name: str) -> Map:  # G-3
        weight, bias = (self.tensors[f"g_s.{name}.{kind}"] for kind in ("weight", "bias"))
        taps = [weight[n::25] for n in range(25)]
        out = [[list(bias) for _ in row] for row in x]
        for i, row in enumerate(out):
            for j, total in enumerate(row):
                for n, tap in enumerate(taps):
                    p, q = i + n // 5 - 2, j + n % 5 - 2
                    if 0 <= p < len(x) and 0 <= q < len(row):
                        total[:] = [t + w * v for t, w, v in zip(total, tap, x[p][q], strict=True)]
        return out

    def blocks(self, x: Map, name: str) -> Map:  # G-4: all blocks that there are, in order
        k = 0
        while f"g_s.{name}.{k}.narrow.bias" in self.tensors:
            h = self.point(self.depth(x, f"{name}.{k}.depthwise"), f"{name}.{k}.widen")
            h = self.point([[[max(v, 0.0) for v in place] for place in row] for row in h], f"{name}.{k}.narrow")
            x = added(x, h)
            k += 1
        return x


def in_units(values: list[float], units: list[float] | None) -> list[float]:  # G-8
    if units is None:
        return values
    each = len(values) // len(units)
    return [value * units[k // each] for k, value in enumerate(values)]


def added(x: Map, other: Map) -> Map:
    return [
        [[a + b for a, b in zip(*both, strict=True)] for both in zip(*rows, strict=True)]
        for rows in zip(x, other, strict=True)
    ]


def nine(x: Map) -> Map:  # G-7: a place's values and those of the eight around it, in the order n, p, q
    nothing = [0.0] * len(x[0][0])
    filled = [[nothing] * (len(x[0]) + 2), *([nothing, *row, nothing] for row in x), [nothing] * (len(x[0]) + 2)]
    return [
        [
            [v for n in zip(*(filled[i + p][j + q] for p in range(3) for q in range(3)), strict=True) for v in n]
            for j in range(len(row))
        ]
        for i, row in enumerate(x)
    ]


def shuffle(x: Map, r: int) -> Map:  # G-1
    size = r * r
    return [[place[(i % r) * r + j % r :: size] for place in x[i // r] for j in range(r)] for i in range(r * len(x))]


def paint(data: bytes, weights: Path | None = None) -> tuple[int, int, bytes]:
    """Width and height of the latent, and its samples R, G, B row by row. Raises Refused, for model av1 too."""
    file = decoder.read_container(data)
    name, coder, own, _ = decoder.MODELS.get(file.model, ("", "", "", None))
    if coder != "range":
        told = "only pictures of a learned model are painted here (A-6 says how those of av1 are)"
        raise decoder.Refused(told, "unsupported", "header.model_id")
    weights = weights or decoder.WEIGHTS / own
    content = decoder.read_weights(name, weights)
    decoder.read_weights(name, weights, "painter")
    width, height = file.latent_size
    z, y = (segment.payload for segment in file.segments[:2])
    _, values, means = decoder.NanoLatent(192, 24, content).values(z, y, width, height)
    latent: Map = [
        [[v + m / 64 for v, m in zip(*both, strict=True)] for both in zip(*rows, strict=True)]
        for rows in zip(values, means, strict=True)
    ]  # L-7
    samples = Synthesis(content).paint(latent)
    return width, height, bytes(rounded(v) for row in samples[:height] for place in row[:width] for v in place)


def rounded(sample: float) -> int:  # G-6
    return min(max(round(sample), 0), 255)


def main() -> int:
    parser = argparse.ArgumentParser(description="Paint what a file's latent shows, by the specification alone.")
    parser.add_argument("file", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True, help="a picture in PPM")
    parser.add_argument("--weights", type=Path, help="the model's weights file")
    options = parser.parse_args()
    try:
        width, height, samples = paint(options.file.read_bytes(), options.weights)
    except decoder.Refused as error:
        print(f"paint: {error.code}: {error} ({error.path})", file=sys.stderr)
        return decoder.EXIT_CODES[error.code]
    options.out.write_bytes(b"P6 %d %d 255\n" % (width, height) + samples)
    return 0


if __name__ == "__main__":
    sys.exit(main())
