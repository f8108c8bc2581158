"""BPG (HEVC intra) by its own programs, `bpgenc` and `bpgdec`, where they are on PATH. No package index has them."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from ..errors import BackendFailed
from .programs import find_program, run_program

WHOSE = "BPG"


def encode(image: Image.Image, quality: float, options: Mapping[str, Any]) -> bytes:
    """The file of an RGB picture at quantiser `quality` (0 … 51, finest first). `options`: "chroma", such as "444"."""
    encoder = find_program(["bpgenc"], WHOSE)
    with tempfile.TemporaryDirectory() as folder:
        source, made = Path(folder) / "picture.png", Path(folder) / "picture.bpg"
        image.save(source)
        run_program([encoder, "-q", int(quality), "-f", options["chroma"], "-o", made, source], WHOSE)
        return _read(made)


def decode(data: bytes, options: Mapping[str, Any]) -> Image.Image:
    """The picture in a file."""
    decoder = find_program(["bpgdec"], WHOSE)
    with tempfile.TemporaryDirectory() as folder:
        source, made = Path(folder) / "picture.bpg", Path(folder) / "picture.png"
        source.write_bytes(data)
        run_program([decoder, "-o", made, source], WHOSE)
        _read(made)
        with Image.open(made) as picture:
            return picture.convert("RGB")


def version() -> str:
    """`bpgenc` tells its version in its help, with an exit code that differs between builds; its file says which it is."""
    import hashlib

    program = Path(find_program(["bpgenc"], WHOSE))
    return f"bpgenc {hashlib.sha256(program.read_bytes()).hexdigest()[:12]}"


def _read(path: Path) -> bytes:
    if not path.is_file():
        raise BackendFailed(f"{WHOSE} wrote no {path.name}")
    return path.read_bytes()
