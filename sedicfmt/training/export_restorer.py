"""A restorer's checkpoint as the weights file that ships: `sedic-train export CHECKPOINT OUT`.

The running average, most of it at a byte a weight (`networks/small_weights.py`); the network's shape stands in the header.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from sedicfmt.networks.small_weights import pack
from sedicfmt.training.weights import load_checkpoint, part_of


def export(checkpoint: Path, out: Path) -> str:
    """Write the weights file; returns its SHA-256."""
    config, average = part_of(load_checkpoint(checkpoint), "restorer")
    tensors = pack({name: value.float().numpy() for name, value in sorted(average.items())})
    save_file(
        {name: np.ascontiguousarray(value) for name, value in tensors.items()},
        out,
        metadata={"config": json.dumps(config)},
    )
    return hashlib.sha256(out.read_bytes()).hexdigest()
