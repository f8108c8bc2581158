"""Decode the same .sedic files in many ways and compare the symbols: `python -m sedic_tools.latent_repro FILE ...`.

Each way is a process of its own: 1 and 2 threads, numpy and torch (with oneDNN on and off), float32 and float64 synthesis. The
digests of z and y must be one; the reference picture may differ by rounding, and how much is printed as well.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

THREADS, DTYPES, WAYS = (1, 2), ("float32", "float64"), ("numpy", "torch", "torch-no-mkldnn")


def decode_once(path: str, dtype: str, way: str, threads: int) -> dict[str, Any]:
    """Digests of one file's symbols, and its reference picture, in this process."""
    import sedicfmt
    from sedicfmt.decoders.reference import paint_reference
    from sedicfmt.decoders.reference_nano import decode_symbols
    from sedicfmt.models.nano_latent import NanoLatent
    from sedicfmt.models.registry import load_latent_model

    file = sedicfmt.read(path)
    model = NanoLatent(load_latent_model(file.model_id).weights, np.dtype(dtype).type)
    if way != "numpy":
        use_torch(way == "torch", threads)
    latent = decode_symbols(file, model)
    picture = np.asarray(paint_reference(file, latent))
    return {**latent.digests(), "mean_sample": float(picture.mean()), "picture": picture}


def use_torch(mkldnn: bool, threads: int) -> None:
    """Let torch's float64 convolutions do all sums that steer the entropy decoder (spec clauses H-2, H-5, H-7, H-10)."""
    import torch
    import torch.nn.functional as F

    from sedicfmt.models import context
    from sedicfmt.models import hyper_synthesis as h

    torch.set_num_threads(threads)
    torch.backends.mkldnn.enabled = mkldnn

    def convolve(x: Any, weight: Any, bias: Any) -> Any:
        """x (rows, columns, inputs); weight (outputs, inputs, k, k)."""
        kernel = torch.from_numpy(weight.astype(np.float64))
        rows = torch.from_numpy(x.astype(np.float64).transpose(2, 0, 1).copy())[None]
        return (
            F.conv2d(rows, kernel, padding=kernel.shape[2] // 2)[0].numpy().transpose(1, 2, 0).astype(np.int64) + bias
        )

    def convolve3x3(x: Any, weights: Any) -> Any:
        return convolve(x, weights["h_s.grow.weight"], weights["h_s.grow.bias"])

    def dense(x: Any, weights: Any, name: str, low: int, high: int) -> Any:
        grid = x if x.ndim == 3 else x[None, None]
        total = convolve(grid, weights[name + ".weight"][:, :, None, None], weights[name + ".bias"])
        return h.requantise(total if x.ndim == 3 else total[0, 0], weights, name, low, high)

    for module, name, put in ((h, "_convolve3x3", convolve3x3), (h, "dense", dense), (context, "dense", dense)):
        assert hasattr(module, name)
        setattr(module, name, put)


def in_process(files: list[str], dtype: str, way: str, threads: int, keep: Path) -> list[dict[str, Any]]:
    """`decode_once` for all files in a process with that many threads; pictures are left in `keep`."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    command = [sys.executable, "-m", "sedic_tools.latent_repro", "--one", dtype, way, str(threads), str(keep), *files]
    done = subprocess.run(
        command, env=os.environ | dict.fromkeys(names, str(threads)), check=True, capture_output=True, text=True
    )
    return json.loads(done.stdout)


def one(dtype: str, way: str, threads: str, keep: str, *files: str) -> None:
    """The child's side."""
    results = []
    for i, path in enumerate(files):
        result = decode_once(path, dtype, way, int(threads))
        np.save(Path(keep) / f"{i}.npy", result.pop("picture"))
        results.append(result)
    print(json.dumps(results))


def main() -> int:
    """Entry point: 0 if all ways give the same symbols, 1 otherwise."""
    import tempfile

    if sys.argv[1:2] == ["--one"]:
        one(*sys.argv[2:])
        return 0
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("files", nargs="+")
    p.add_argument("--without-torch", action="store_true")
    arguments = p.parse_args()
    ways = WAYS[:1] if arguments.without_torch else WAYS
    digests, first = set(), None
    for way, threads, dtype in product(ways, THREADS, DTYPES):
        with tempfile.TemporaryDirectory() as keep:
            results = in_process(arguments.files, dtype, way, threads, Path(keep))
            pictures = [np.load(Path(keep) / f"{i}.npy").astype(int) for i in range(len(results))]
        first = first or pictures
        apart = max(int(abs(a - b).max()) for a, b in zip(first, pictures, strict=True))
        digest = "+".join(r["z"][:12] + "/" + r["y"][:12] for r in results)
        digests.add(tuple((r["z"], r["y"]) for r in results))
        print(f"{way:<16} {threads} threads  {dtype}  symbols {digest[:60]}  samples differ by at most {apart}")
    print("one digest" if len(digests) == 1 else f"{len(digests)} DIFFERENT digests")
    return 0 if len(digests) == 1 else 1


if __name__ == "__main__":
    sys.exit(main())
