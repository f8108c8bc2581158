"""sedic-nano-2 as it ships, from its weights file (R-1): `python -m sedic_tools.tables.shrink_nano_2`.

What reads its files, and paints them, stays bit by bit (the parts of R-5): `sedic-nano-2.safetensors`. What packs by it stays
behind: so two codecs and the restorer are within the 24 MB of the wheel. The weights file itself stands in `spec/weights/`.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from safetensors.numpy import load_file, save_file

from sedicfmt.training.export_graphs import export_graphs

ROOT = Path(__file__).resolve().parents[3]
WEIGHTS = ROOT / "spec/weights/sedic-nano-2.safetensors"
ROOM = ROOT / "sedicfmt/latents/nano"
ENCODER = ("g_a.", "h_a.")


def main() -> None:
    kept = {name: weight for name, weight in load_file(WEIGHTS).items() if not name.startswith(ENCODER)}
    shipped = ROOM / WEIGHTS.name
    save_file(kept, shipped)
    print(hashlib.sha256(shipped.read_bytes()).hexdigest(), shipped.name, shipped.stat().st_size)
    for path, sha256 in export_graphs(shipped).items():
        print(sha256, path.name)


if __name__ == "__main__":
    main()
