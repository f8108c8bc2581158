"""Other weights for sedic-nano-3, as long as 1.1 is a draft: `python -m sedic_tools.vectors.release_nano_3 RUN/checkpoint.pt`.

Run in the checkout. It exports the checkpoint's codec and its graphs into the package, puts the new SHA-256 where the old ones
stand (R-1, R-5, the registry, the page, the card), makes the vectors and pictures of the draft anew, and the specification's
samples of them. What it cannot know stays to be written: the training and the figures, in the card and in the training log.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image
from safetensors.numpy import load_file

from sedicfmt.decoders.nano.released import graph_file

ROOT = Path(__file__).resolve().parents[3]
WEIGHTS = ROOT / "sedicfmt/latents/nano/sedic-nano-3.safetensors"
TOLD_IN = (
    "sedicfmt/latents/nano/weights.py",
    "spec/sedic.md",
    "web/decoder/tables.js",
    "docs/model-cards/sedic-nano-3.md",
)
PARTS = {"entropy": ("h_s.", "prior_z."), "painter": ("g_s.",)}


def digests(weights: Path) -> dict[str, str]:
    """SHA-256 of a weights file, its graphs and its parts, by name."""
    graphs = {part: graph_file(weights, part) for part in ("g_a", "h_a", "g_s")}
    whole = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in {"file": weights, **graphs}.items()}
    return whole | {name: part_digest(weights, begins) for name, begins in PARTS.items()}


def part_digest(weights: Path, begins: tuple[str, ...]) -> str:
    """R-5."""
    tensors = {name: value for name, value in load_file(weights).items() if name.startswith(begins)}
    told = b"".join(name.encode() + b"\0" + tensors[name].tobytes() for name in sorted(tensors))
    return hashlib.sha256(told).hexdigest()


def replaced(text: str, before: dict[str, str], now: dict[str, str]) -> str:
    """`text` with the new digests for the old ones."""
    for name, digest in before.items():
        text = text.replace(digest, now[name])
    return text


def with_samples(spec: str, pictures: Path) -> str:
    """The specification with the samples (G-6) of the draft's pictures."""

    def row(found: re.Match[str]) -> str:
        samples = np.asarray(Image.open(pictures / f"{found[1]}.png"))
        places = (*samples[0, :3], samples[-1, -1])
        return "  ".join([found[1].ljust(20), *(" ".join(map(str, place)).ljust(11) for place in places)]).rstrip()

    return re.sub(r"^(nano-3-[\w-]+)  +\d.*$", row, spec, flags=re.M)


def run_module(*command: str) -> None:
    """In a process of its own. Raises CalledProcessError."""
    subprocess.run([sys.executable, "-m", *command], check=True)


def main() -> None:
    p = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    p.add_argument("checkpoint", type=Path)
    checkpoint, before = p.parse_args().checkpoint, digests(WEIGHTS)
    run_module("sedic_tools.commands.train", "export", str(checkpoint), str(WEIGHTS), "--part", "codec")
    WEIGHTS.chmod(0o644)
    for path in (ROOT / name for name in TOLD_IN):
        path.write_text(replaced(path.read_text("utf-8"), before, digests(WEIGHTS)), "utf-8")
    run_module("sedic_tools.vectors.make_vectors", str(ROOT / "conformance"))  # a new process knows the new digests
    spec = ROOT / "spec/sedic.md"
    spec.write_text(with_samples(spec.read_text("utf-8"), ROOT / "conformance/reference"), "utf-8")


if __name__ == "__main__":
    main()
