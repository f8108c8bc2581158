"""The networks that ship, by numpy or torch and by ONNX Runtime: CPU seconds of one thread, and how far the results differ.

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python -m sedic_tools.pages.measure_onnx [--size 768x512] [--runs 3] [--torch]

The least of some runs each, of a random picture: the time does not depend on what it shows. Prints a Markdown table for
docs/onnx.md.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from sedicfmt.decoders.nano.onnx_denoiser import open_onnx
from sedicfmt.decoders.nano.released import graph_file
from sedicfmt.latents.nano import weights
from sedicfmt.networks.onnx_runtime import Network
from sedicfmt.networks.threads import use_threads

MODEL = 6  # sedic-nano-3, which has a graph of each part
FILE = Path(weights.__file__).parent / weights.MODELS[MODEL].file


def least(runs: int, work: Callable[[], Any]) -> tuple[float, Any]:
    """(CPU seconds, the result)."""
    seconds = []
    for _ in range(runs):
        began = time.process_time()
        result = work()
        seconds.append(time.process_time() - began)
    return min(seconds), result


def tell(name: str, other: tuple[float, Any], onnx: tuple[float, Any], opened: float) -> None:
    """A row."""
    apart = np.abs(np.asarray(other[1], np.float64) - onnx[1])
    print(f"| {name} | {other[0]:.2f} | {onnx[0]:.2f} | {opened:.2f} | {apart.max():.2g} |", flush=True)


def transforms(width: int, height: int, runs: int) -> None:
    """g_a and g_s, by numpy and by ONNX Runtime."""
    model, data = weights.load_latent_model(MODEL), {FILE.name: FILE.read_bytes()}
    picture = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    opened, graph = least(runs, lambda: Network(graph_file(FILE, "g_a").read_bytes(), data))
    by_numpy = least(runs, lambda: model.analyse(picture))
    tell("g_a", by_numpy, least(runs, lambda: graph(picture=picture)[0]), opened)
    y = np.rint(by_numpy[1]).astype(np.int32)
    opened, graph = least(runs, lambda: Network(graph_file(FILE, "g_s").read_bytes(), data))
    by_numpy = least(runs, lambda: model.synthesise(y, np.zeros(y.shape), width, height))
    tell("g_s", by_numpy, least(runs, lambda: graph(y=y[None].astype(np.float32))), opened)


def restorer(width: int, height: int, runs: int) -> None:
    """One step of the restorer, by torch and by ONNX Runtime."""
    import torch

    from sedicfmt.decoders.nano.denoiser import open_nano

    torch.set_num_threads(1)
    opened, by_onnx = least(runs, open_onnx)
    by_torch, draws = open_nano(), np.random.default_rng(0)
    z, control = (draws.normal(size=(1, 192, height // 8, width // 8)).astype(np.float32) for _ in range(2))
    text = by_onnx.denoiser.encode_texts(["a red boat"]).embedding
    given = [torch.from_numpy(x) for x in (z, text, control)]
    with torch.no_grad():
        other = least(runs, lambda: by_torch.denoiser.predict(given[0], 999, *given[1:]).numpy())
    tell("restorer", other, least(runs, lambda: by_onnx.denoiser.predict(z, 999, text, control)), opened)


def main() -> int:
    """Prints the table."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--size", default="768x512", help="whole multiples of 32")
    p.add_argument("--runs", type=int, default=3)
    p.add_argument("--torch", action="store_true", help="the restorer as well")
    arguments = p.parse_args()
    width, height = map(int, arguments.size.split("x"))
    use_threads(1)
    print("| network | numpy or torch, s | ONNX Runtime, s | opening the graph, s | largest difference |")
    print("|---|---|---|---|---|")
    transforms(width, height, arguments.runs)
    if arguments.torch:
        restorer(width, height, arguments.runs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
