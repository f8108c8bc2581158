"""Build the frozen tree of the masks' context coder from COCO objects, or measure the one that ships.

    python -m sedic_tools.tables.build_mask_contexts FOLDER --out spec/tables   writes mask_contexts.txt and mask_contexts.json
    python -m sedic_tools.tables.build_mask_contexts FOLDER --check   prints mean bytes on the held-out objects

FOLDER holds `train/coco/instances.json`. The build takes some minutes and gives the same bytes again. A table that files in
the wild were written with must never be replaced; a new one needs a new coder id.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path

import numpy as np

from sedic_tools.pages.measure_masks import files, large_objects, relative_bytes
from sedic_tools.tables import mask_samples, mask_tree
from sedic_tools.tables.mask_samples import Photo
from sedicfmt.bitcoding import context_tree
from sedicfmt.bitcoding.bitmap import cells_of
from sedicfmt.segments.mask import encode_cells

TIMES = 12  # drawings of each object
SCALES = (4, 8, 16)
COMMENT = (
    "Tree of the .sedic mask contexts, clause M-20. Frozen: a test holds its SHA-256. Made by build_mask_contexts."
)
SPLIT = (
    f"held out: photos whose file name's SHA-256 begins with a byte below {mask_samples.HELD_OUT}; fit: the others, "
    f"objects from {mask_samples.SMALLEST_AREA} pixels"
)


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="build_mask_contexts", description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="data folder that holds train/coco/instances.json")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--out", type=Path, help="folder that gets the table and its record")
    what.add_argument("--check", action="store_true", help="measure the table that ships on the held-out objects")
    options = parser.parse_args(arguments)
    photos = mask_samples.photos(options.folder)
    held_out = [photo for photo in photos if photo.held_out]
    if options.check:
        print(json.dumps(measure(held_out), indent=2))
        return 0
    fit = [photo for photo in photos if not photo.held_out]
    packed, counts = gathered(fit)
    lines = mask_tree.grow(packed, counts, mask_samples.TESTS)
    options.out.mkdir(parents=True, exist_ok=True)
    table = "\n".join([f"# {COMMENT}", *lines]) + "\n"
    (options.out / context_tree.FILE).write_text(table, encoding="ascii", newline="\n")
    record = recorded(options.folder, table, fit, held_out, int(counts.sum()))
    text = json.dumps(record, indent=2) + "\n"
    (options.out / "mask_contexts.json").write_text(text, encoding="ascii", newline="\n")
    return 0


def gathered(photos: list[Photo]) -> tuple[np.ndarray, np.ndarray]:
    """Samples of all photos: rows of answers and values, and how often each occurs."""
    parts = []
    for photo in photos:
        drawn = [mask_samples.samples(*pair, mask_samples.TESTS) for pair in mask_samples.bitmaps(photo, TIMES)]
        parts += [_joined(drawn)] if drawn else []
    return _joined(parts)


def _joined(parts: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    return mask_samples.unique(np.concatenate([p for p, _ in parts]), np.concatenate([c for _, c in parts]))


def recorded(folder: Path, table: str, fit: list[Photo], held_out: list[Photo], cells: int) -> dict[str, object]:
    """The record that stands beside the table."""
    source = folder / "train" / "coco" / "instances.json"
    questions = [line for line in table.split("\n") if line[:1] in (*context_tree.KINDS,)]
    return {
        "table": {
            "file": context_tree.FILE,
            "sha256": hashlib.sha256(table.encode()).hexdigest(),
            "leaves": len(questions) + 1,
            "questions": {kind: sum(line[0] == kind for line in questions) for kind in context_tree.KINDS},
        },
        "command": "python -m sedic_tools.tables.build_mask_contexts FOLDER --out spec/tables",
        "split": SPLIT,
        "source": {"file": "train/coco/instances.json", "sha256": hashlib.sha256(source.read_bytes()).hexdigest()},
        "fit": {
            "photos": len(fit),
            "objects": sum(area >= mask_samples.SMALLEST_AREA for p in fit for area, _ in p.objects),
            "drawings_each": TIMES,
            "cells": cells,
            "bits_saved_by_a_question": mask_tree.ENOUGH,
        },
        "held_out": {"photos": len(held_out), "large_objects": len(large_objects(held_out, 8))},
    }


def measure(held_out: list[Photo]) -> dict[str, object]:
    """Mean bytes of the coder's data over the held-out objects of more than 96x96 pixels, by grid."""
    result: dict[str, object] = {"photos": len(held_out)}
    for scale in SCALES:
        grids = [cells_of(grid) for grid in large_objects(held_out, scale)]
        coders = ("run-length", "contexts")
        means = {coder: round(float(np.mean([len(encode_cells(g, coder)[1]) for g in grids])), 2) for coder in coders}
        alone, relative, smaller = relative_bytes(files(held_out, scale))
        later = {"objects": len(alone), "alone": alone, "relative": relative, "smaller": smaller}
        later = {k: round(float(np.mean(v)), 2) if isinstance(v, list) else v for k, v in later.items()}
        result[f"1/{scale}"] = {"objects": len(grids), **means, "later_objects": later}
    return result


if __name__ == "__main__":
    sys.exit(main())
