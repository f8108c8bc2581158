"""Decode the same .sedic files in many ways and compare the symbols: `python -m sedic_tools.pages.latent_repro PATH ...`.

Each way is a process of its own: 1, 2 and 4 threads, numpy and torch (with oneDNN on and off, on a GPU if there is one),
float32 and float64. The digests of z and y (L-8) must be one a file; the reference picture may differ by rounding, and
how much is printed as well. PATH is a file or a folder; files whose model is not learned have no symbols to decode and are
left out, as are those with the latent of one before.
`--also COMMAND` asks another decoder for its digests, such as "python3.13 spec/decoder.py"; `--page` writes a page of it all.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from sedic_tools.pages.latent_repro_page import Digests, page

THREADS, DTYPES = (1, 2, 4), ("float32", "float64")


def decode_once(path: str, dtype: str, way: str, threads: int) -> dict[str, Any]:
    """Digests of one file's symbols, and its reference picture, in this process."""
    import sedicfmt
    from sedicfmt.latents.nano.decode import decode_payloads
    from sedicfmt.latents.nano.nano_latent import NanoLatent
    from sedicfmt.latents.nano.weights import load_latent_model
    from sedicfmt.latents.painting import paint_reference

    file = sedicfmt.read(path)
    model = NanoLatent(load_latent_model(file.model_id).weights, np.dtype(dtype).type)
    if way != "numpy":
        use_torch(way != "torch-no-mkldnn", threads, "cuda" if way == "torch-cuda" else "cpu")
    latent = decode_payloads(file, model)
    picture = np.asarray(paint_reference(file, latent))
    return {**latent.digests(), "mean_sample": float(picture.mean()), "picture": picture}


def use_torch(mkldnn: bool, threads: int, device: str) -> None:
    """Let torch's float64 convolutions do all sums that steer the entropy decoder (spec clauses H-2, H-5, H-7, H-10)."""
    import torch
    import torch.nn.functional as F

    from sedicfmt.latents.nano import context
    from sedicfmt.latents.nano import hyper_synthesis as h

    torch.set_num_threads(threads)
    torch.backends.mkldnn.enabled = mkldnn

    def convolve(x: Any, weight: Any, bias: Any) -> Any:
        """x (rows, columns, inputs); weight (outputs, inputs, k, k)."""
        kernel = torch.from_numpy(weight.astype(np.float64)).to(device)
        rows = torch.from_numpy(x.astype(np.float64).transpose(2, 0, 1).copy()).to(device)[None]
        total = F.conv2d(rows, kernel, padding=kernel.shape[2] // 2)[0].cpu().numpy()
        return total.transpose(1, 2, 0).astype(np.int64) + bias

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
    command = [
        sys.executable,
        "-m",
        "sedic_tools.pages.latent_repro",
        "--one",
        dtype,
        way,
        str(threads),
        str(keep),
        *files,
    ]
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


def ways_here(without_torch: bool) -> list[str]:
    """numpy, and torch in the ways that this machine has."""
    if without_torch:
        return ["numpy"]
    import torch

    return ["numpy", "torch", "torch-no-mkldnn", *["torch-cuda"] * torch.cuda.is_available()]


def learned(paths: list[str]) -> list[str]:
    """The files, and those in the folders, whose latent is a learned model's and not that of one before."""
    from sedicfmt import read
    from sedicfmt.latents.allocated import ALLOCATED

    files = [f for p in map(Path, paths) for f in (sorted(p.rglob("*.sedic")) if p.is_dir() else [p])]
    first: dict[tuple[Any, ...], str] = {}
    for path in files:
        file = read(path)
        if ALLOCATED[file.model_id].coder == "range":
            first.setdefault((file.z, file.y, file.coded_size), str(path))
    return list(first.values())


def by_command(command: str, files: list[str]) -> Digests:
    """What another decoder prints as `digests`. Raises CalledProcessError where it refuses a file."""
    found = []
    for file in files:
        done = subprocess.run([*shlex.split(command), file], check=True, capture_output=True, text=True)
        digests = json.loads(done.stdout)["digests"]
        found.append((digests["z"], digests["y"]))
    return found


def compare(files: list[str], ways: list[str], commands: list[str]) -> tuple[list[list[str]], Digests, bool]:
    """A row for each way (name, threads, float type, files with other digests, samples apart); the first digests; all one."""
    rows, first, pictures = [], Digests(), list[Any]()
    for way, threads, dtype in product(ways, THREADS, DTYPES):
        with tempfile.TemporaryDirectory() as keep:
            results = in_process(files, dtype, way, threads, Path(keep))
            painted = [np.load(Path(keep) / f"{i}.npy").astype(int) for i in range(len(results))]
        digests = [(r["z"], r["y"]) for r in results]
        first, pictures = first or digests, pictures or painted
        apart = max(int(abs(a - b).max()) for a, b in zip(pictures, painted, strict=True))
        rows.append([way, str(threads), dtype, str(others(first, digests)), str(apart)])
        print("  ".join(rows[-1]), flush=True)
    for command in commands:
        rows.append([command, "", "", str(others(first, by_command(command, files))), ""])
        print("  ".join(rows[-1]), flush=True)
    return rows, first, all(row[3] == "0" for row in rows)


def others(first: Digests, digests: Digests) -> int:
    """How many files have other digests."""
    return sum(a != b for a, b in zip(first, digests, strict=True))


def main() -> int:
    """Entry point: 0 if all ways give the same symbols, 1 otherwise."""
    if sys.argv[1:2] == ["--one"]:
        one(*sys.argv[2:])
        return 0
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("paths", nargs="+")
    p.add_argument("--without-torch", action="store_true")
    p.add_argument("--also", action="append", default=[], metavar="COMMAND")
    p.add_argument("--page", type=Path)
    arguments = p.parse_args()
    files = learned(arguments.paths)
    rows, first, same = compare(files, ways_here(arguments.without_torch), arguments.also)
    if arguments.page:
        command = "python -m sedic_tools.pages.latent_repro " + " ".join(map(shlex.quote, sys.argv[1:]))
        arguments.page.write_text(page(command, files, rows, first))
    print("one digest" if same else "DIFFERENT digests")
    return int(not same)


if __name__ == "__main__":
    sys.exit(main())
