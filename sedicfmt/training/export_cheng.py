"""A trained cheng2020-attn in CompressAI's own form: `sedic-train export RUN/checkpoint.pt OUT.pth.tar`.

The running average, with the tables of the entropy coder that fit it (CompressAI's `update`). `sedic-pack --model
compressai:cheng2020-attn@OUT.pth.tar` takes it, and so does whatever reads CompressAI's checkpoints.
"""

from __future__ import annotations

from pathlib import Path

from sedicfmt.latents.compressai.checkpoint import digest_of, network_of, save
from sedicfmt.training.train_cheng import ARCHITECTURE
from sedicfmt.training.weights import load_checkpoint, part_of


def export(checkpoint: Path, out: Path) -> str:
    """Write the weights; returns the digest that files made with them carry. Raises EncodeError, BackendFailed, OSError."""
    _, average = part_of(load_checkpoint(checkpoint), "codec")
    net = network_of(ARCHITECTURE, {name.removeprefix("net."): t for name, t in average.items()}, checkpoint.name)
    net.update(force=True)
    save(net, out)
    return digest_of(net).hex()


def made_by(config: dict[str, object]) -> bool:
    """Whether a run's configuration is one of cheng2020-attn."""
    return "quality" in config
