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
    from sedicfmt.decoders.reference import decode_latent, paint_reference
    from sedicfmt.models.nano_latent import NanoLatent
    from sedicfmt.models.registry import load_latent_model

    file = sedicfmt.read(path)
    model = NanoLatent(load_latent_model(file.model_id).weights, np.dtype(dtype).type)
    if way != "numpy":
        use_torch(model, way == "torch", threads)
    latent = decode_latent(file, model)
    picture = np.asarray(paint_reference(file, latent, model))
    return {**latent.digests(), "mean_sample": float(picture.mean()), "picture": picture}


def use_torch(model: Any, mkldnn: bool, threads: int) -> None:
    """Let torch's float64 convolutions do the sums of the hyper-synthesis (spec clauses H-2 and H-5)."""
    import torch
    import torch.nn.functional as F

    from sedicfmt.models import hyper_synthesis as h

    torch.set_num_threads(threads)
    torch.backends.mkldnn.enabled = mkldnn
    weights = {k: torch.from_numpy(v.astype(np.float64)) for k, v in model.weights.items() if k.startswith("h_s.")}

    def convolve(z: Any, layer: str) -> Any:
        weight = weights[layer + ".weight"]
        weight = weight if weight.ndim == 4 else weight[:, :, None, None]
        total = F.conv2d(torch.from_numpy(z.astype(np.float64))[None], weight, padding=weight.shape[2] // 2)[0]
        return total.numpy().transpose(1, 2, 0).astype(np.int64) + model.weights[layer + ".bias"]

    def hyper_synthesis(z: Any, rows: int, columns: int) -> Any:
        hidden = h.requantise(convolve(z, "h_s.grow"), model.weights, "h_s.grow", 0, 32767)
        hidden = h.shuffle(hidden, 2).transpose(2, 0, 1)
        out = h.requantise(convolve(hidden, "h_s.leave"), model.weights, "h_s.leave", -32767, 32767).transpose(2, 0, 1)
        mean, index = np.split(out, 2)
        return mean[:, :rows, :columns], np.clip(index, 0, h.LAST_INDEX)[:, :rows, :columns]

    model.hyper_synthesis = hyper_synthesis


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
