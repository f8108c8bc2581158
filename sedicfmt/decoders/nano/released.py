"""The bundled restorer as it ships: its numbers, and the graphs that are run over them. Nothing here needs torch.

`sedic-train export CHECKPOINT sedic-nano-restorer-3.safetensors` makes the three files and prints their SHA-256.
"""

from __future__ import annotations

from pathlib import Path

NAME = "sedic-nano-restorer-3"
WEIGHTS = Path(__file__).parent / f"{NAME}.safetensors"
SHA256 = "af986bf0bfbbe2e3071ad7ac9ba0bbdcb9584a3a03bc9c24359514937cf80c26"
GRAPHS = {  # the files NAME-PART.onnx -> their SHA-256
    "words": "443786cda64948a453036fd18a05372fe803c7a9876d3d960c6e768f4d83da74",
    "restorer": "247b0051a0a890f2861a16aee9e19f61ecba238f8f0e109f8816c03172b2a665",
}
REACH = (
    192  # pixels: from 160 on nothing changes by more than a tenth of a level, with four stages by one (docs/starts.md)
)


def graph_file(weights: Path, part: str) -> Path:
    """Where the ONNX file of a part stands: beside the weights that it is for, and called after them."""
    return weights.with_name(f"{weights.stem}-{part}.onnx")
