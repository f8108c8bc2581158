"""A restorer's checkpoint as the weights file that ships: `sedic-train export CHECKPOINT OUT`.

float16 tensors of the running average; the network's shape and its vocabulary stand in the file's header.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from safetensors.torch import save_file

from sedicfmt.training.weights import load_checkpoint


def export(checkpoint: Path, out: Path) -> str:
    """Write the weights file; returns its SHA-256."""
    state = load_checkpoint(checkpoint)
    tensors = {k: v.half().contiguous() for k, v in sorted(state["average"].items())}
    told = {"config": json.dumps(state["config"]), "vocabulary": json.dumps(state["vocabulary"])}
    save_file(tensors, out, metadata=told)
    return hashlib.sha256(out.read_bytes()).hexdigest()
