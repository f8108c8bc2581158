"""Two files held against each other, part by part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import numpy as np

from sedicfmt.latents.allocated import name_of
from sedicfmt.latents.painting import decode_latent, paint_reference
from sedicfmt.model import Mask, SedicFile


@dataclass(frozen=True)
class Difference:
    """One part that differs: its path in the file, what it is on either side (None: not there), and for masks of one grid
    their overlap, intersection over union."""

    path: str
    left: Any
    right: Any
    overlap: float | None = None

    def as_json(self) -> dict[str, Any]:
        """Without what does not apply."""
        found = {"path": self.path, "left": self.left, "right": self.right}
        return found if self.overlap is None else {**found, "overlap": self.overlap}


def differences(left: SedicFile, right: SedicFile) -> list[Difference]:
    """All parts that differ, in the file's order. None: the files have one content, and so the same bytes (C-13)."""
    pairs = [*_header(left, right), ("z", left.z, right.z), ("y", left.y, right.y), ("text", left.text, right.text)]
    found = [Difference(path, _told(a), _told(b)) for path, a, b in pairs if a != b]
    found += _objects(left, right)
    kinds = [{e.type: e for e in file.extensions} for file in (left, right)]
    for kind in sorted(kinds[0].keys() | kinds[1].keys()):
        a, b = kinds[0].get(kind), kinds[1].get(kind)
        if a != b:
            found.append(Difference(f"extension {kind}", a and _told(a.payload), b and _told(b.payload)))
    return found


def _header(left: SedicFile, right: SedicFile) -> Iterator[tuple[str, Any, Any]]:
    for path, of in HEADER.items():
        yield path, of(left), of(right)


def _objects(left: SedicFile, right: SedicFile) -> Iterator[Difference]:
    for j, (a, b) in enumerate(zip_longest(left.objects, right.objects)):
        old, new = (part.text if part else None for part in (a, b))
        if old != new:
            yield Difference(f"objects[{j}].text", old, new)
        before, after = (part.mask if part else None for part in (a, b))
        if before != after:
            yield Difference(f"objects[{j}].mask", _mask(before), _mask(after), overlap(before, after))


def overlap(left: Mask | None, right: Mask | None) -> float | None:
    """Intersection over union, 0 to 1; None for masks of different grids. Two empty ones overlap wholly."""
    if left is None or right is None or left.cells.shape != right.cells.shape:
        return None
    a, b = left.cells.astype(bool), right.cells.astype(bool)
    union = int((a | b).sum())
    return float((a & b).sum() / union) if union else 1.0


def reference_psnr(left: SedicFile, right: SedicFile) -> float | None:
    """dB between both reference pictures, infinite for equal ones; None where the sizes differ. Raises SedicError."""
    if (left.width, left.height) != (right.width, right.height):
        return None
    a, b = (np.asarray(paint_reference(file, decode_latent(file)), np.float64) for file in (left, right))
    error = float(((a - b) ** 2).mean())
    return float(10 * np.log10(255**2 / error)) if error else float("inf")


def _told(value: Any) -> Any:
    return f"{len(value)} bytes" if isinstance(value, bytes) else value


def _mask(mask: Mask | None) -> str | None:
    if mask is None:
        return None
    rows, columns = mask.cells.shape
    return f"{mask.cells.mean():.1%} of {columns}x{rows} cells of {mask.scale} pixels"


HEADER = {
    "version": lambda file: file.version, "size": lambda file: f"{file.width}x{file.height}",
    "model": lambda file: name_of(file.model_id) or f"model {file.model_id}", "latent_scale": lambda file: file.latent_scale,
    "seed": lambda file: file.seed,
}  # fmt: skip
