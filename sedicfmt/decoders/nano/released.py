"""The bundled restorer as it ships: its numbers, and the graphs that are run over them. Nothing here needs torch.

`sedic-train export CHECKPOINT sedic-nano-restorer-3.safetensors` makes the three files and prints their SHA-256.
"""

from __future__ import annotations

from pathlib import Path

NAME = "sedic-nano-restorer-3"
WEIGHTS = Path(__file__).parent / f"{NAME}.safetensors"
SHA256 = "e795b35a8c355b49d06c1b9318e6be7750d0eecc3490f35a61f12d4ea5cabb36"
GRAPHS = {  # the files NAME-PART.onnx -> their SHA-256
    "words": "d8df243871a43d81dc5b7bba7c3bd56cf2237c1b19d0f428df77166268c6fc0d",
    "restorer": "ac285135401861b52df1f8de69f960af7ad040d8c86105ad2f58037015e51c12",
}
REACH = 128  # pixels: what is further away changes nothing by more than one level, (tests/backends/test_tiles.py)


def graph_file(weights: Path, part: str) -> Path:
    """Where the ONNX file of a part stands: beside the weights that it is for, and called after them."""
    return weights.with_name(f"{weights.stem}-{part}.onnx")
