"""Make the conformance vectors: `python -m sedic_tools.vectors.make_vectors conformance`.

Valid and uncommon files come from the package's writer. Faulty ones are put together bit by bit from the specification, each
with one defect that its name tells, and a right check unless the check is the defect. The error that each must give is written
down beside it by hand. A file that is there already is frozen: it stays, and is told if it would be made otherwise now, or if
its line in the manifest changes. Files of a version that is a draft are made anew.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import sedicfmt
from sedic_tools.commands.vector_parts import Vector
from sedic_tools.vectors import (
    vectors_faulty,
    vectors_faulty_frame,
    vectors_faulty_latent,
    vectors_faulty_masks,
    vectors_faulty_words,
    vectors_later,
    vectors_nano_3,
    vectors_uncommon,
    vectors_valid,
)
from sedicfmt.errors import SedicError
from sedicfmt.latents.painting import decode_latent
from sedicfmt.model import SedicFile
from sedicfmt.pipeline.report import report_bytes

DRAFT = "1.1"
PAINTED = ("nano-3-smallest-size", "nano-3-odd-size")
EXPECTED = (
    "version", "width", "height", "pixels", "overhead_bytes", "seed", "latent_scale", "models", "texts", "masks", "segments",
    "extensions", "digests",
)  # fmt: skip


def vectors() -> dict[str, list[Vector]]:
    """All vectors by the folder that they stand in. Raises ValueError for two of one name."""
    faulty = (
        vectors_faulty, vectors_faulty_frame, vectors_faulty_words, vectors_faulty_masks, vectors_faulty_latent,
        vectors_later, vectors_nano_3,
    )  # fmt: skip
    found = {
        "valid": [*vectors_valid.valid(), *vectors_nano_3.valid()],
        "uncommon": [*vectors_uncommon.uncommon(), *vectors_later.uncommon(), *vectors_nano_3.uncommon()],
        "faulty": [vector for module in faulty for vector in module.faulty()],
    }
    for folder, those in found.items():
        names = [vector.name for vector in those]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"two vectors of one name in {folder}: {twice}")
    return found


def write_all(folder: Path) -> list[str]:
    """All vectors and manifest.json; a line for each frozen file that is made, or is read, otherwise now."""
    before = known(folder)
    manifest: dict[str, list[dict[str, Any]]] = {}
    changed = []
    for kind, those in vectors().items():
        (folder / kind).mkdir(parents=True, exist_ok=True)
        manifest[kind] = []
        for vector in those:
            path = folder / kind / f"{vector.name}.sedic"
            made = vector.content if isinstance(vector.content, bytes) else sedicfmt.write(vector.content)
            if not path.exists() or vector.since == DRAFT:
                path.write_bytes(made)
            data = path.read_bytes()
            line = {"file": f"{kind}/{path.name}", **entry(vector, data)}
            changed += [f"{path.name} is frozen and would be made otherwise now"] * (data != made)
            if vector.since == DRAFT:
                draw_reference(vector, folder / "reference")
            changed += [f"{path.name} was {before.get(line['file'])} in the manifest"] * (
                vector.since != DRAFT and before.get(line["file"], line) != line
            )
            if kind != "faulty":
                draw_masks(data, folder / "masks", vector.name)
            manifest[kind].append(line)
    lists = (f'"{kind}": [\n' + ",\n".join(json.dumps(e) for e in those) + "\n]" for kind, those in manifest.items())
    (folder / "manifest.json").write_text("{\n" + ",\n".join(lists) + "\n}\n")
    return changed


def known(folder: Path) -> dict[str, dict[str, Any]]:
    """The manifest's lines by file, as they are before; none where there is no manifest."""
    path = folder / "manifest.json"
    lists = json.loads(path.read_text()) if path.exists() else {}
    return {line["file"]: line for those in lists.values() for line in those}


def draw_masks(data: bytes, folder: Path, name: str) -> None:
    """A file's masks as PNGs of their cells, black and white, `name`-0.png for the first."""
    folder.mkdir(exist_ok=True)
    for i, part in enumerate(sedicfmt.read(data).objects):
        path = folder / f"{name}-{i}.png"
        if not path.exists():
            Image.fromarray(part.mask.cells * np.uint8(255)).convert("1").save(path, optimize=True)


def draw_reference(vector: Vector, folder: Path) -> None:
    """What the latent of a small one shows, before it is resampled (L-7)."""
    if isinstance(vector.content, SedicFile) and vector.name in PAINTED:
        folder.mkdir(exist_ok=True)
        Image.fromarray(decode_latent(vector.content).paint()).save(folder / f"{vector.name}.png", optimize=True)


def entry(vector: Vector, data: bytes) -> dict[str, Any]:
    """What the manifest says of a vector. Raises ValueError where the package gives another error than was written down."""
    sha256 = hashlib.sha256(data).hexdigest()
    common = {"clauses": vector.clauses.split(), "sha256": sha256} | ({"shows": vector.shows} if vector.shows else {})
    common |= {"since": vector.since} if vector.since else {}
    try:
        report = report_bytes(data, check=True)
    except SedicError as error:
        if (error.code, error.path) != (vector.code, vector.path):
            raise ValueError(f"{vector.name}: {error.code} at {error.path!r}: {error}") from error
        return common | {"code": error.code, "path": error.path}
    if vector.code:
        raise ValueError(f"{vector.name}: no error")
    return common | {"profile": report["profile"], "expected": {key: report[key] for key in EXPECTED}}


if __name__ == "__main__":
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("folder", type=Path)
    for line in write_all(p.parse_args().folder):
        print(line)
