"""The ONNX graphs of a weights file that ships: `sedic-train graphs WEIGHTS.safetensors`; `sedic-train export` makes them too.

They are written beside it and called after it, `WEIGHTS-PART.onnx`; they name it, so it keeps its name from then on.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from sedicfmt.decoders.nano.released import graph_file
from sedicfmt.errors import EncodeError
from sedicfmt.networks.packages import package
from sedicfmt.networks.shipped_file import read_shipped


def export_graphs(weights: Path) -> dict[Path, str]:
    """Write them; returns their SHA-256. Raises BackendFailed for a file that cannot be read, EncodeError for another
    network's, MissingDependency without onnx."""
    package("onnx", "train", "making ONNX graphs needs")
    from sedicfmt.training.onnx_codec import codec_graphs
    from sedicfmt.training.onnx_graph import stored_tensors
    from sedicfmt.training.onnx_restorer import restorer_graphs

    data = read_shipped(weights, None)
    try:
        stored = stored_tensors(data, weights.name)
        graphs = restorer_graphs(stored) if "words.meaning.weight" in stored else codec_graphs(stored)
    except (KeyError, ValueError) as error:
        raise EncodeError(f"{weights} holds no weights of a model that ships ({error})") from error
    found = {graph_file(weights, part): graph for part, graph in graphs.items()}
    for path, graph in found.items():
        path.write_bytes(graph)
    return {path: hashlib.sha256(graph).hexdigest() for path, graph in found.items()}
