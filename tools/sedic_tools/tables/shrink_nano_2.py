"""sedic-nano-2 as it ships, from its weights file (R-1): `python -m sedic_tools.tables.shrink_nano_2`.

What reads its files, and paints them, stays bit by bit (the parts of R-5): `sedic-nano-2.safetensors`. What packs by it is the
encoder's choice alone: it becomes integers of seven bits with a unit for each output (`networks/small_weights.py`), deflated,
in `sedic-nano-2-encoder.npz`. So two codecs and the restorer stay within the 24 MB of the wheel. The weights file itself
stands in `spec/weights/`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from sedicfmt.networks.small_weights import Arrays, pack
from sedicfmt.training.export_graphs import export_graphs

ROOT = Path(__file__).resolve().parents[3]
WEIGHTS = ROOT / "spec/weights/sedic-nano-2.safetensors"
ROOM = ROOT / "sedicfmt/latents/nano"
ENCODER = ("g_a.", "h_a.")
STEPS = 63


def split(weights: Arrays) -> tuple[Arrays, Arrays]:
    """(what decodes and paints, as it is; the encoder, made small)."""
    encoder = {name: weight.astype(np.float32) for name, weight in weights.items() if name.startswith(ENCODER)}
    return {name: weight for name, weight in weights.items() if name not in encoder}, pack(encoder, STEPS)


def main() -> None:
    decoder, encoder = split(load_file(WEIGHTS))
    shipped = ROOM / WEIGHTS.name, ROOM / f"{WEIGHTS.stem}-encoder.npz"
    save_file(decoder, shipped[0])
    save_arrays: Callable[..., None] = np.savez_compressed  # its stubs know no names of arrays
    save_arrays(shipped[1], **encoder)
    for path in shipped:
        print(hashlib.sha256(path.read_bytes()).hexdigest(), path.name, path.stat().st_size)
    for path, sha256 in export_graphs(shipped[0]).items():
        print(sha256, path.name)


if __name__ == "__main__":
    main()
