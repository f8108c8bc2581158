"""Packs pictures into files that say something untrue: what true words and masks are worth shows beside them.

    python -m sedic_tools.pages.untrue_files words|masks PICTURES FILES [OPTIONS OF sedic-pack]

PICTURES and FILES are folders. `words`: each file has the words of the next one, the last those of the first; `masks`: each
mask covers what it did not cover. An external codec of `sedic-eval` (experiments/restoring.toml).
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from sedicfmt.api import read, write
from sedicfmt.harness.measured_process import BESIDE
from sedicfmt.model import SedicFile


def main() -> int:
    """Entry point; returns the exit code, sedic-pack's where it fails."""
    if len(sys.argv) < 4 or sys.argv[1] not in UNTRUE:
        print((__doc__ or "").split("\n\n")[1], file=sys.stderr)
        return 2
    change, pictures, folder = UNTRUE[sys.argv[1]], sys.argv[2], Path(sys.argv[3])
    packed = subprocess.run([BESIDE / "sedic-pack", pictures, "-o", folder, *sys.argv[4:]], stdout=sys.stderr)
    if packed.returncode:
        return packed.returncode
    paths = sorted(folder.glob("*.sedic"))
    files = [read(path) for path in paths]
    for path, file, other in zip(paths, files, [*files[1:], *files[:1]], strict=True):
        path.write_bytes(write(change(file, other)))
    return 0


def with_words_of(file: SedicFile, other: SedicFile) -> SedicFile:
    """All texts are the other file's; where it has fewer objects, they come again."""
    theirs = [o.text for o in other.objects] or [other.text]
    objects = [replace(o, text=theirs[i % len(theirs)]) for i, o in enumerate(file.objects)]
    return replace(file, text=other.text, objects=tuple(objects))


def with_masks_inverted(file: SedicFile, other: SedicFile) -> SedicFile:
    """Each mask covers what it did not cover."""
    objects = [replace(o, mask=replace(o.mask, cells=1 - o.mask.cells)) for o in file.objects]
    return replace(file, objects=tuple(objects))


UNTRUE: dict[str, Callable[[SedicFile, SedicFile], SedicFile]] = {"words": with_words_of, "masks": with_masks_inverted}

if __name__ == "__main__":
    sys.exit(main())
